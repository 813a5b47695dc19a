"""Requests exactly as they are written: nothing between the test and the server normalises a path or a cookie."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import orjson
from yarl import URL

from artel.gateway.cookies import SESSION_COOKIE

_VARIES = frozenset({"date", "x-request-id"})
_SILENCE_S = 0.15
"""A stream replays what was missed at once; after so long without a byte, what is there is all."""


@dataclass(frozen=True)
class Reply:
    """An answer; of an event stream, what it said until it fell silent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def whole(self) -> bytes:
        """Headers and body, for a search."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return head.encode() + b"\n\n" + self.body

    @property
    def lasting(self) -> tuple[object, ...]:
        """All of it but for what differs from one request to the next."""
        return (self.status, tuple(pair for pair in self.headers if pair[0] not in _VARIES), self.body)

    def without(self, words: Any) -> tuple[object, ...]:
        """As `lasting`, where the answer repeats what was sent: a text, or a list of such."""
        headers = tuple(pair for pair in self.headers if pair[0] not in {*_VARIES, "content-length"})
        body = self.body.decode()
        for word in cast(list[str], words) if isinstance(words, list) else [str(words)]:
            body = body.replace(word, "")
        return (self.status, headers, body)

    def header(self, name: str) -> str:
        """A header's value, "" when it is missing."""
        return next((value for each, value in self.headers if each == name), "")

    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)


class Wire:
    """A way to one server. model_url: where that server's scripted model listens; mcp_url: an MCP server there."""

    def __init__(self, session: aiohttp.ClientSession, port: int, model_url: str, mcp_url: str) -> None:
        self.port = port
        self.model_url = model_url
        self.mcp_url = mcp_url
        self._session = session
        self._base = f"http://127.0.0.1:{port}"

    async def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """target: path and query, already encoded."""
        url = URL(self._base + target, encoded=True)
        async with self._session.request(method, url, headers=headers, data=body, allow_redirects=False) as answer:
            pairs = tuple((name.lower(), value) for name, value in answer.headers.items())
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return Reply(answer.status, pairs, await _until_silence(answer.content))
            return Reply(answer.status, pairs, await answer.read())


@asynccontextmanager
async def http_session() -> AsyncGenerator[aiohttp.ClientSession]:
    """A client that keeps no cookies of its own, so that it can be many people."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=30),
        connector=aiohttp.TCPConnector(limit=0),
    ) as session:
        yield session


@dataclass(frozen=True)
class Form:
    """A form with one file."""

    name: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "multipart/form-data; boundary=b0und"})

    @property
    def body(self) -> bytes:
        """As it is sent."""
        head = f'--b0und\r\nContent-Disposition: form-data; name="file"; filename="{self.name}"\r\n\r\n'
        return head.encode() + self.content + b"\r\n--b0und--\r\n"


@dataclass(frozen=True)
class Caller:
    """Somebody who sends requests, and what they prove themselves with."""

    name: str
    wire: Wire
    headers: Mapping[str, str]
    user_id: int = 0
    """0: nobody."""
    email: str = ""

    async def send(self, method: str, target: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Sends a request; with `json` even `null` has a body, so leave it out for none. A `Form` is sent as one."""
        if isinstance(json, Form):
            return await self.wire.send(method, target, {**json.headers, **self.headers, **(headers or {})}, json.body)
        body = None if json is None else orjson.dumps(json)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        return await self.wire.send(method, target, {**kind, **self.headers, **(headers or {})}, body)

    async def ok(self, method: str, target: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """As `send`, for a request that must succeed; answers the content."""
        reply = await self.send(method, target, json, headers)
        assert 200 <= reply.status < 300, f"{self.name}: {method} {target}: {reply.status} {reply.body.decode()}"
        return reply.json() if reply.body else None


def with_cookie(token: str) -> dict[str, str]:
    """The headers of a browser."""
    return {"Cookie": f"{SESSION_COOKIE}={token}"}


def with_key(key: str) -> dict[str, str]:
    """The headers of a program."""
    return {"Authorization": f"Bearer {key}"}


async def _until_silence(content: aiohttp.StreamReader) -> bytes:
    chunks: list[bytes] = []
    try:
        while True:
            async with asyncio.timeout(_SILENCE_S if chunks else None):
                chunk = await content.readany()
            if not chunk:
                break
            chunks.append(chunk)
    except TimeoutError:
        pass
    return b"".join(chunks)
