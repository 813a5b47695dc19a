"""A real uvicorn in the test's own loop, and a client that reads an endless stream chunk by chunk."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.types import ASGIApp

_PATIENCE_S = 20.0


class _QuietServer(uvicorn.Server):
    """Leaves the signals of the test process alone; `before_shutdown` is where the application ends its streams."""

    before_shutdown: Callable[[], None] = staticmethod(lambda: None)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.before_shutdown()
        await super().shutdown(sockets)


@asynccontextmanager
async def live_server(app: ASGIApp, before_shutdown: Callable[[], None] = lambda: None) -> AsyncGenerator[int]:
    """Serves `app` on a free port of 127.0.0.1, which is yielded; the end of the context is a graceful shutdown."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", http="httptools", ws="none")
    server = _QuietServer(config)
    server.before_shutdown = before_shutdown
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        async with asyncio.timeout(_PATIENCE_S):
            await serving


@dataclass
class StreamClient:
    """One open event stream."""

    status: int
    headers: dict[str, str]
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    ended: bool = False
    """The server closed the response in order."""
    last_event_id: str | None = None
    chunks: list[bytes] = field(default_factory=list[bytes])
    _text: bytes = b""

    async def block(self) -> list[str]:
        """The lines of the next block; empty when the stream has ended."""
        async with asyncio.timeout(_PATIENCE_S):
            while b"\n\n" not in self._text and not self.ended:
                await self._read_chunk()
        block, _, self._text = self._text.partition(b"\n\n")
        lines = block.decode().splitlines()
        for line in lines:
            if line.startswith("id: "):
                self.last_event_id = line.removeprefix("id: ")
        return lines

    async def event(self) -> dict[str, Any]:
        """The next event's JSON; comments and bare ids are passed over. Fails when the stream ends first."""
        while lines := await self.block():
            data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
            if data:
                return orjson.loads("\n".join(data))
        raise AssertionError("the stream ended")

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next `count` events."""
        return [await self.event() for _ in range(count)]

    async def rest(self) -> list[list[str]]:
        """All blocks until the server ends the stream."""
        blocks: list[list[str]] = []
        while lines := await self.block():
            blocks.append(lines)
        return blocks

    def leave(self) -> None:
        """Breaks the connection off."""
        self._writer.transport.abort()

    async def _read_chunk(self) -> None:
        size = int(await self._reader.readline() or b"0", 16)
        chunk = await self._reader.readexactly(size)
        await self._reader.readline()
        if size:
            self.chunks.append(chunk)
            self._text += chunk
        else:
            self.ended = True


@asynccontextmanager
async def open_stream(
    port: int, path: str, headers: dict[str, str] | None = None, receive_buffer: int | None = None
) -> AsyncGenerator[StreamClient]:
    """GETs an event stream. receive_buffer: bytes of the socket's buffer, for a client that soon blocks its server."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=connection, limit=2**20 if not receive_buffer else 1_024)
    except BaseException:
        connection.close()
        raise
    lines = [f"GET {path} HTTP/1.1", "Host: test", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            status = int((await reader.readline()).split()[1])
            received: dict[str, str] = {}
            while (line := (await reader.readline()).decode().strip()) != "":
                name, _, value = line.partition(": ")
                received[name.lower()] = value
        yield StreamClient(status, received, reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
