"""A scripted model: a server that speaks OpenAI's chat completions and does what the request asks for.

For tests (`async with ModelServer() as server`) and on its own for benchmarks and the browser:

    python -m tests.support.model_server --port 9099        # prints READY and the address

What it does is chosen by the first directive in the last user message, `[[behaviour key=value ...]]`, or else by the
name of the model, `behaviour` or `behaviour:key=value,key=value`. Anything else is answered by repeating the message:
"You said: ..." or, to Cyrillic, "Вы сказали: ...". The behaviours are in `model_scripts.py`.

    GET  /v1/models     the models it pretends to have
    POST /v1/embeddings vectors of any model it is asked for
    GET  /calls         {"calls": n, "open": n, "cancelled": n, "models": {name: n}}
    GET  /requests      the bodies of the last requests, newest last
    POST /reset         forgets both

A stream of tokens costs one write per token, or one for the whole answer without a delay, of bytes made beforehand.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections import Counter, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, cast

import orjson
import uvloop

from tests.support.model_embeddings import embeddings
from tests.support.model_scripts import MODELS, SCRIPTS, Exchange, Request, choose_script
from tests.support.tool_scripts import CALLS

SCRIPTS.update(CALLS)

_MAX_RECORDED = 1000


@dataclass
class ServerLog:
    """What was asked of the server."""

    requests: deque[Request] = field(default_factory=lambda: deque[Request](maxlen=_MAX_RECORDED))
    models: Counter[str] = field(default_factory=Counter[str])
    attempts: Counter[str] = field(default_factory=Counter[str])
    lists: bool = True
    """Whether it tells which models it has."""
    connections: int = 0
    calls: int = 0
    open: int = 0
    cancelled: int = 0
    """Calls whose client hung up before the answer was complete."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self) -> None:
        """Forgets everything but the calls that are open."""
        self.requests.clear()
        self.models.clear()
        self.attempts.clear()
        self.calls = self.cancelled = self.connections = 0

    def notify(self) -> None:
        """Wakes whoever waits for a change."""
        self.changed.set()
        self.changed = asyncio.Event()

    def summary(self) -> dict[str, Any]:
        """As GET /calls answers."""
        return {"calls": self.calls, "open": self.open, "cancelled": self.cancelled, "models": dict(self.models)}


class _Connection(asyncio.Protocol):
    """One HTTP/1.1 connection; just enough of the protocol for honest clients."""

    def __init__(self, log: ServerLog) -> None:
        self._log = log
        self._buffer = bytearray()
        self._exchange: Exchange | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)
        self._log.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if self._exchange is not None:
            self._exchange.hang_up()
            self._finish(cancelled=True)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while self._exchange is None:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            body = bytes(rest[:length])
            self._buffer = bytearray(rest[length:])
            method, path, _ = lines[0].split(" ", 2)
            self._answer(method, path, headers, body)

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        assert self._transport is not None
        if path.endswith("/chat/completions") and method == "POST":
            self._complete(headers, body)
            return
        exchange = Exchange(self._transport, lambda: None)
        if path.endswith("/models") and self._log.lists:
            exchange.send_json(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})
        elif path.endswith("/embeddings") and method == "POST":
            exchange.send_json(200, embeddings(orjson.loads(body)))
        elif path == "/calls":
            exchange.send_json(200, self._log.summary())
        elif path == "/requests":
            exchange.send_json(200, [request.body for request in self._log.requests])
        elif path == "/reset":
            self._log.reset()
            exchange.send_json(200, {})
        else:
            exchange.send_json(404, {"detail": "Not Found"})

    def _complete(self, headers: dict[str, str], body: bytes) -> None:
        assert self._transport is not None
        log = self._log
        try:
            request = Request(orjson.loads(body), headers)
            name, options = choose_script(request)
        except (ValueError, KeyError, TypeError, AttributeError):
            Exchange(self._transport, lambda: None).send_json(400, {"error": {"message": "not a completion request"}})
            return
        log.calls += 1
        log.open += 1
        log.models[request.model] += 1
        log.requests.append(request)
        attempt_key = f"{request.model} {options.get('id', '')} {name}"
        log.attempts[attempt_key] += 1
        self._exchange = exchange = Exchange(self._transport, self._finish)
        exchange.run(name, request, options, log.attempts[attempt_key])
        log.notify()

    def _finish(self, *, cancelled: bool = False) -> None:
        if self._exchange is None:
            return
        self._exchange = None
        self._log.open -= 1
        self._log.cancelled += cancelled
        self._log.notify()
        if not cancelled and self._buffer:
            asyncio.get_running_loop().call_soon(self._serve)


class ModelServer:
    """The server inside the running loop. port 0 picks a free one."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self.log = ServerLog()

    @property
    def address(self) -> str:
        """As http://127.0.0.1:9099."""
        return f"http://{self._host}:{self._port}"

    @property
    def base_url(self) -> str:
        """What a client is given as OPENAI_BASE_URL."""
        return f"{self.address}/v1"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self.log), self._host, self._port, backlog=4096)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def wait_until(self, condition: str, value: int) -> None:
        """Waits until a number of the log, "calls" or "cancelled", has reached the value; "open" must equal it."""
        while True:
            number: int = getattr(self.log, condition)
            if number == value or (condition != "open" and number > value):
                return
            await self.log.changed.wait()


async def _serve_forever(host: str, port: int) -> None:
    async with ModelServer(port, host) as server:
        print(f"READY {server.base_url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Runs until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve_forever(options.host, options.port))


if __name__ == "__main__":
    main()
