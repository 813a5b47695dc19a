"""Floors of the event stream: what the same broadcast costs without a log, replay, users or a framework.

    python -m bench.sse_floor protocol|starlette REDIS_URL

`protocol` writes to the transports of a bare asyncio server; `starlette` is a StreamingResponse and a queue a client.
Both take their events from a Redis channel, as Artel does, and send each to everyone.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Callable
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from artel.events.client import redis_client
from artel.events.subscriber import Subscriber

CHANNEL = "sse-floor"
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_BACKLOG = 4096


class _Stream(asyncio.Protocol):
    """Answers any request with an endless stream."""

    everyone: set[asyncio.Transport]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(_HEAD)
        self.everyone.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.everyone.discard(self._transport)


async def _protocol(listener: socket.socket) -> tuple[Callable[[bytes], None], asyncio.Task[None]]:
    everyone = _Stream.everyone = set()
    server = await asyncio.get_running_loop().create_server(_Stream, sock=listener, backlog=_BACKLOG)

    def broadcast(block: bytes) -> None:
        chunk = b"%x\r\n%s\r\n" % (len(block), block)
        for transport in everyone:
            transport.write(chunk)

    return broadcast, asyncio.create_task(server.serve_forever())


async def _starlette(listener: socket.socket) -> tuple[Callable[[bytes], None], asyncio.Task[None]]:
    queues: set[asyncio.Queue[bytes]] = set()

    async def blocks() -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        queues.add(queue)
        try:
            yield b": hello\n\n"
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    async def events(request: Request) -> Response:
        return StreamingResponse(blocks(), media_type="text/event-stream")

    def broadcast(block: bytes) -> None:
        for queue in queues:
            queue.put_nowait(block)

    app = Starlette(routes=[Route("/my/events/", events)])
    config = uvicorn.Config(
        app, http="httptools", log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    return broadcast, asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))


async def _serve(kind: str, redis_url: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    broadcast, serving = await {"protocol": _protocol, "starlette": _starlette}[kind](listener)
    subscriber = Subscriber(redis_client(redis_url))
    subscriber.start()
    await subscriber.subscribe(CHANNEL, broadcast)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as Artel's server does
    print(f"The floor is ready on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serving


def main() -> None:
    """Runs until it is told to stop."""
    with asyncio.Runner(loop_factory=uvicorn.Config("", loop="uvloop").get_loop_factory()) as runner:
        runner.run(_serve(*sys.argv[1:]))


if __name__ == "__main__":
    main()
