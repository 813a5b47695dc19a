"""The cheapest honest HTTP client: the load must not cost what it measures. Bytes in, bytes out, nothing is parsed
that is not looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self, cast

import orjson

OnBlock = Callable[[bytes], None]


class RequestFailed(Exception):
    """The server answered with an error, or hung up."""


class _Wire(asyncio.Protocol):
    """A connection to one server."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, host: str, port: int) -> Self:
        """An open connection."""
        _, protocol = await asyncio.get_running_loop().create_connection(cls, host, port)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio.Transport.
        self.transport = cast("asyncio.Transport", transport)

    def write(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def close(self) -> None:
        """Hangs up."""
        if self.transport is not None:
            self.transport.abort()


class Connection(_Wire):
    """A keep-alive connection for one request after another."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def request(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        """Sends `head` ("POST /path HTTP/1.1" and header lines) with the body; answers status and content.

        Raises:
            RequestFailed: the connection broke.
        """
        self._answer = self.loop.create_future()
        self.write(b"%s\r\nHost: bench\r\nContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body))
        return await self._answer

    async def expect(self, status: int, head: str, body: bytes = b"") -> bytes:
        """The content of an answer that must have this status.

        Raises:
            RequestFailed: it has another.
        """
        got, content = await self.request(head, body)
        if got != status:
            raise RequestFailed(f"{head.splitlines()[0]}: {got} {content[:300].decode(errors='replace')}")
        return content

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, content = self._buffer.partition(b"\r\n\r\n")
        if not found or len(content) < _content_length(head):
            return
        self._buffer = b""
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((int(head[9:12]), content))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(RequestFailed(f"the connection was lost: {exc}"))


class EventStream(_Wire):
    """A long-lived `text/event-stream`; hands each block (what stands between blank lines) to a callback."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = b""
        self._on_block: OnBlock = lambda block: None
        self._begun: asyncio.Future[None] = self.loop.create_future()

    async def listen(self, path: str, headers: str, on_block: OnBlock) -> None:
        """Returns with the first block: from then on everything is heard.

        Raises:
            RequestFailed: there is no stream.
        """
        self._on_block = on_block
        self.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n\r\n".encode())
        await self._begun

    def data_received(self, data: bytes) -> None:
        blocks = (self._rest + data).split(b"\n\n")
        self._rest = blocks.pop()
        for block in blocks:
            self._on_block(block)
        if blocks and not self._begun.done():
            self._begun.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._begun.done():
            self._begun.set_exception(RequestFailed(f"no event stream: {self._rest[:300].decode(errors='replace')}"))


class Account:
    """Somebody with an API key: a connection for requests, and one that hears all their events."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._auth = f"Authorization: Bearer {key}"

    async def connect(self, on_block: OnBlock) -> None:
        """Opens both connections."""
        host, _, port = self._address.removeprefix("http://").partition(":")
        self._requests = await Connection.connect(host, int(port))
        self._events = await EventStream.connect(host, int(port))
        await self._events.listen("/my/events/", self._auth, on_block)

    async def send(self, status: int, method: str, path: str, body: Any = None) -> bytes:
        """The content of an answer that must have this status; the body, if there is one, goes as JSON.

        Raises:
            RequestFailed: it has another.
        """
        head = f"{method} {path} HTTP/1.1\r\n{self._auth}\r\nContent-Type: application/json"
        return await self._requests.expect(status, head, b"" if body is None else orjson.dumps(body))


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0
