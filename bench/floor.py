"""The floor: the least that stores a question and its answer and streams it over a separate event stream.

Starlette, a bare client to the model, asyncpg. No users, no isolation, no tasks, no events that survive; what Artel
takes beyond this is the price of what it promises.

    python -m bench.floor DATABASE_URL MODEL_URL
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_TABLE = """
create table if not exists said (id bigint primary key, chat bigint not null, role text not null, content text not null)
"""
_INSERT = "insert into said (id, chat, role, content) values ($1, $2, $3, $4)"
_CONNECTIONS = 20
_CHUNK = 2**16


class Model:
    """Streams chat completions over kept connections."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._head = f"POST {parts.path}/chat/completions HTTP/1.1\r\nHost: model\r\n".encode()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def stream(self, content: str) -> AsyncIterator[str]:
        """The text as it comes; what arrived together comes together."""
        body = orjson.dumps({"model": "floor", "stream": True, "messages": [{"role": "user", "content": content}]})
        if self._idle:
            connection = self._idle.pop()
        else:
            connection = await asyncio.open_connection(self._host, self._port)
        reader, writer = connection
        writer.write(b"%sContent-Length: %d\r\n\r\n%s" % (self._head, len(body), body))
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            lines = (rest + await reader.read(_CHUNK)).split(b"\n\n")
            rest = lines.pop()
            texts = [_text(line) for line in lines]
            if text := "".join(texts):
                yield text
        self._idle.append(connection)


class Floor:
    """The server."""

    def __init__(self, pool: asyncpg.Pool, model: Model) -> None:
        self._pool = pool
        self._model = model
        self._ids = itertools.count(1)
        self._queues: defaultdict[str, asyncio.Queue[bytes]] = defaultdict(asyncio.Queue)
        self._tasks: set[asyncio.Task[None]] = set()

    async def message(self, request: Request) -> Response:
        """Stores the question and begins the answer."""
        chat, person = request.path_params["chat"], request.headers["authorization"]
        content: str = orjson.loads(await request.body())["content"]
        question, answer = next(self._ids), next(self._ids)
        await self._pool.execute(_INSERT, question, chat, "user", content)
        task = asyncio.create_task(self._answer(self._queues[person], chat, answer, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        sent = orjson.dumps({"message_id": question, "answer_id": answer})
        return Response(sent, 202, media_type="application/json")

    async def _answer(self, queue: asyncio.Queue[bytes], chat: int, answer: int, content: str) -> None:
        whole: list[str] = []
        async for text in self._model.stream(content):
            whole.append(text)
            queue.put_nowait(_event({"type": "message_delta", "message_id": answer, "text": text}))
        text = "".join(whole)
        await self._pool.execute(_INSERT, answer, chat, "assistant", text)
        queue.put_nowait(_event({"type": "message_completed", "message_id": answer, "content": text}))

    async def events(self, request: Request) -> Response:
        """The person's event stream."""
        return StreamingResponse(
            _blocks(self._queues[request.headers["authorization"]]), media_type="text/event-stream"
        )


async def _blocks(queue: asyncio.Queue[bytes]) -> AsyncIterator[bytes]:
    yield b": hello\n\n"
    while True:
        blocks = [await queue.get()]
        while not queue.empty():
            blocks.append(queue.get_nowait())
        yield b"".join(blocks)


def _event(event: dict[str, object]) -> bytes:
    return b"data: %s\n\n" % orjson.dumps(event)


def _text(block: bytes) -> str:
    """The text of one event of the model; its chunk's size may stand before it."""
    payload = block.partition(b"data: ")[2]
    if not payload.startswith(b"{"):
        return ""
    choices = orjson.loads(payload)["choices"]
    return choices[0]["delta"].get("content", "") if choices else ""


async def _serve(database_url: str, model_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=_CONNECTIONS, max_size=_CONNECTIONS) as pool:
        await pool.execute(_TABLE)
        await pool.execute("truncate said")
        floor = Floor(pool, Model(model_url))

        @contextlib.asynccontextmanager
        async def ready(app: Starlette) -> AsyncGenerator[None]:
            print(f"The floor is ready on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
            yield

        routes = [
            Route("/my/chat/{chat:int}/message/", floor.message, methods=["POST"]),
            Route("/my/events/", floor.events),
        ]
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        config = uvicorn.Config(
            Starlette(routes=routes, lifespan=ready),
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Runs until it is told to stop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(*sys.argv[1:]))


if __name__ == "__main__":
    main()
