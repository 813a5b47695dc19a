"""Bodies of a bounded size that arrive in a bounded time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artel.gateway.problems import problem
from artel.kit.errors import ArtelError, BadRequest, TooLarge

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_SILENCE_SECONDS: Final = 30.0


class BodyCutOff(BadRequest):
    """The body was cut off."""


class TooSlow(BadRequest):
    """The body took too long to arrive."""

    status = 408
    slug = "request-timeout"


@dataclass(frozen=True, slots=True)
class BodyRule:
    """What one address takes."""

    max_bytes: int
    seconds: float = 30.0
    """In which all of it must be here."""
    streams: bool = False
    """It goes to the application as it arrives, piece by piece, instead of being gathered first."""
    error: Callable[[], ArtelError] | None = None
    """Says that there is too much of it, where there is something better to say than how many bytes."""

    def too_large(self) -> ArtelError:
        """The answer to more than `max_bytes`."""
        if self.error is not None:
            return self.error()
        return TooLarge(
            f"The body is larger than {self.max_bytes} bytes, which is the limit.",
            reason="body-above-limit",
            figures={"limit_bytes": self.max_bytes},
        )


class BodyLimit:
    """Reads a request's body before anything looks at it, so that too much of it, or half of it, goes no further.

    others: addresses (method and path, as one text) that have a rule of their own.
    """

    def __init__(self, app: ASGIApp, rule: BodyRule, others: Mapping[re.Pattern[str], BodyRule] | None = None) -> None:
        self._app = app
        self._rule = rule
        self._others = dict(others or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] in _BODILESS and not _announces_body(scope)):
            await self._app(scope, receive, send)
            return
        rule = self._rule_for(scope)
        try:
            _check_announced(scope, rule)
            body = None if rule.streams else await _read(receive, rule)
        except ArtelError as error:
            await _refuse(error, scope, receive, send)
            return
        if body is None:
            passing = _Passing(receive, send, rule)
            await self._app(scope, passing.receive, passing.send)
        else:
            await self._app(scope, _Replay(body, receive), send)

    def _rule_for(self, scope: Scope) -> BodyRule:
        address = f"{scope['method']} {scope['path']}"
        return next((rule for pattern, rule in self._others.items() if pattern.fullmatch(address)), self._rule)


async def _refuse(error: ArtelError, scope: Scope, receive: Receive, send: Send) -> None:
    # What is still on its way is not worth reading: the connection ends with this answer.
    answer = problem(error)
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)


def _check_announced(scope: Scope, rule: BodyRule) -> None:
    announced = Headers(scope=scope).get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > rule.max_bytes:
        raise rule.too_large()


async def _read(receive: Receive, rule: BodyRule) -> bytes:
    try:
        async with asyncio.timeout(rule.seconds):
            return await _collect(receive, rule)
    except TimeoutError as error:
        raise TooSlow from error


async def _collect(receive: Receive, rule: BodyRule) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyCutOff
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > rule.max_bytes:
            raise rule.too_large()
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


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


class _Passing:
    """Counts a body on its way to the application."""

    def __init__(self, receive: Receive, send: Send, rule: BodyRule) -> None:
        self._receive = receive
        self._send = send
        self._rule = rule
        self._size = 0
        self._until = time.monotonic() + rule.seconds
        self._is_whole = False

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            ArtelError: it is too much, or comes too slowly.
        """
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(min(_SILENCE_SECONDS, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError as error:
            raise TooSlow from error
        self._size += len(message.get("body", b""))
        if self._size > self._rule.max_bytes:
            raise self._rule.too_large()
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """The answer; when it comes before the whole body did, the connection ends with it."""
        if message["type"] == "http.response.start" and not self._is_whole:
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await self._send(message)


def _announces_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
