"""A small web on this machine: scripted pages, and a guard to whom 127.0.0.1 is public and all else is what it is."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from artel.kit.guard import OutgoingGuard
from artel.tools.builtin.web.fetching import Fetcher

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

OUTSIDE = "127.0.0.1"
"""Stands for a public address in these tests."""
INSIDE = "127.0.0.2"
"""The same server under an address that is as private as it looks."""


class OpenGuard(OutgoingGuard):
    """To whom one loopback address is public."""

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        return address == ip_address(OUTSIDE) or super().allows(address)

    def check_own(self, host: str, port: int) -> None:
        if host != OUTSIDE:
            super().check_own(host, port)


@dataclass
class Names(AbstractResolver):
    """Answers names by a table; the answers of one name are given one after the other, the last for ever."""

    table: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    asked: list[str] = field(default_factory=list[str])

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.table.get(host)
        if not answers:
            raise OSError("no such name")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        kind = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
            for address in found.split()
        ]

    async def close(self) -> None:
        """Nothing is open."""


class Web:
    """The server: handlers by path; whatever was asked of it."""

    def __init__(self) -> None:
        self.port = 0
        self.handlers: dict[str, Handler] = {}
        self.asked: list[web.BaseRequest] = []
        self.names = Names({"page.example": [OUTSIDE], "other.example": [OUTSIDE], "inner.example": [INSIDE]})

    @property
    def base(self) -> str:
        """Where it is, by name."""
        return f"http://page.example:{self.port}"

    def page(self, path: str, body: bytes | str, media_type: str | None = "text/html", status: int = 200) -> str:
        """Puts a page there; answers its address."""
        content = body.encode() if isinstance(body, str) else body

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            del request
            response = web.Response(body=content, status=status)
            response.headers.pop("Content-Type", None)
            if media_type is not None:
                response.headers["Content-Type"] = media_type
            return response

        return self.handle(path, handler)

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        """Puts a redirect there; answers its address."""

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            del request
            return web.Response(status=status, headers={"Location": target}, text="moved")

        return self.handle(path, handler)

    def handle(self, path: str, handler: Handler) -> str:
        """Puts a handler there; answers its address."""
        self.handlers[path] = handler
        return self.base + path

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """By the handler of its path."""
        self.asked.append(request)
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404)


@asynccontextmanager
async def running_web() -> AsyncGenerator[Web]:
    """A web of its own, on one port of all of this machine's loopback addresses."""
    pages = Web()
    runner = web.ServerRunner(web.Server(pages.answer, access_log=None))
    await runner.setup()
    listening = socket.create_server(("0.0.0.0", 0))
    site = web.SockSite(runner, listening)
    await site.start()
    pages.port = listening.getsockname()[1]
    try:
        yield pages
    finally:
        await runner.cleanup()


@pytest.fixture
async def pages() -> AsyncGenerator[Web]:
    """An empty web."""
    async with running_web() as made:
        yield made


@pytest.fixture
async def fetcher(pages: Web) -> AsyncGenerator[Fetcher]:
    """A reader of that web, whose guard is as strict as ever but for one address."""
    made = Fetcher(OpenGuard(), resolver=pages.names)
    yield made
    await made.aclose()
