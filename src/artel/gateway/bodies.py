"""Bodies of a bounded size that arrive in a bounded time."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artel.gateway.problems import problem
from artel.kit.errors import ArtelError, BadRequest, TooLarge

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class TooSlow(BadRequest):
    """The body took too long to arrive."""

    status = 408
    slug = "request-timeout"


class BodyLimit:
    """Reads a request's body before anything looks at it, so that too much of it, or half of it, goes no further."""

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float = 30.0) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] in _BODILESS and not _announces_body(scope)):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except ArtelError as error:
            # What is still on its way is not worth reading: the connection ends with this answer.
            answer = problem(error)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > self._max_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._collect(receive)
        except TimeoutError as error:
            raise TooSlow from error

    async def _collect(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("The body was cut off.")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_bytes:
                raise self._too_large()
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is larger than {self._max_bytes} bytes, which is the limit.")


class _Replay:
    """Gives the body at the first call, then whatever else the server has to say."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _announces_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
