"""A streamed chat completion over HTTP: bytes in, deltas out, every failure as one of our errors."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import orjson
from pydantic_ai.messages import ModelResponse

from artel.kit.guard import ForbiddenAddress
from artel.llm.answer_stream import AnswerParts, AnswerStream
from artel.llm.callee import Callee, Deadlines
from artel.llm.chat_body import AnswerTooLarge, ChatBody, PageInstead
from artel.llm.chat_chunks import BadChunk, ErrorChunk
from artel.llm.deltas import Delta
from artel.llm.errors import ModelBadAnswer, ModelError, ModelRefused, ModelTimeout, ModelUnreachable
from artel.llm.http_errors import MAX_ERROR_BODY, error_from_chunk, error_from_response
from artel.llm.sse import EventTooLarge
from artel.llm.watchdog import Watchdog

_LARGE_BODY: Final = 512 * 1024
_GRACE: Final = 0.1
"""Seconds to wait for the end of the response after [DONE], so that the connection can serve the next call."""


async def post(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any],
    callee: Callee,
    deadlines: Deadlines,
) -> aiohttp.ClientResponse:
    """Sends the request and waits for the status; redirects are not followed.

    Raises:
        ModelError: no connection, no answer in time, or a status other than 200.
    """
    encoded = orjson.dumps(body)
    # aiohttp warns of large bytes, which it would send in one piece.
    data = encoded if len(encoded) < _LARGE_BODY else io.BytesIO(encoded)
    timeout = aiohttp.ClientTimeout(sock_connect=deadlines.connect)
    try:
        async with asyncio.timeout_at(deadlines.first):
            response = await session.post(url, data=data, headers=headers, timeout=timeout, allow_redirects=False)
            if response.status == 200:
                return response
            async with response:
                refusal = await response.content.read(MAX_ERROR_BODY)
            raise error_from_response(response.status, response.headers, refusal, callee)
    except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        raise connection_error(error, callee) from error


def connection_error(error: aiohttp.ClientError | OSError, callee: Callee) -> ModelError:
    """What went wrong before there was an answer."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, ForbiddenAddress):
        return callee.error(ModelUnreachable, "address", retryable=False)
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
        return callee.error(ModelTimeout)
    return callee.error(ModelUnreachable, retryable=not isinstance(error, aiohttp.InvalidURL))


class ChatStream(AnswerStream):
    """The answer of one chat completion request that the server has accepted."""

    def __init__(self, response: aiohttp.ClientResponse, callee: Callee, base_url: str, deadlines: Deadlines) -> None:
        self._response = response
        self._callee = callee
        self._base_url = base_url
        # Closing the response wakes whoever waits for its next byte.
        self._watchdog = Watchdog(deadlines, response.close)
        self._body = ChatBody()
        self._parts = AnswerParts()
        self._pending: list[Delta] = []
        self._begun = False
        self._ended = False

    async def start(self) -> None:
        if not self._begun:
            self._pending = await self._more() or []

    async def next(self) -> list[Delta] | None:
        if self._pending:
            deltas, self._pending = self._pending, []
            return deltas
        return await self._more()

    async def aclose(self) -> None:
        self._watchdog.cancel()
        if self._ended and not self._response.content.at_eof():
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(_GRACE):
                    await self._response.content.readany()
        self._response.close()  # a connection whose response has ended is already back in the pool

    def response(self) -> ModelResponse:
        reader = self._body.reader
        return self._parts.build(
            model_name=reader.model_name or self._callee.model,
            provider_name=self._callee.provider,
            provider_url=self._base_url,
            usage=reader.usage,
            finish_reason=reader.finish_reason,
            response_id=reader.response_id,
            complete=self._ended,
        )

    async def _more(self) -> list[Delta] | None:
        """Reads until there are deltas; None at the end of a good answer."""
        while not self._ended:
            chunk = await self._read()
            deltas = self._decode(chunk)
            self._parts.add(deltas)
            if self._body.reader.done or not chunk:
                self._check_end()
                self._ended = True
            if deltas:
                if not self._begun:
                    self._begun = True  # comments and empty chunks before this do not buy a late server more time
                    self._watchdog.touch()
                return deltas
        return None

    async def _read(self) -> bytes:
        """All bytes that have arrived, or the next that do; empty at the end."""
        try:
            chunk = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            if (late := self._watchdog.verdict) is not None:
                raise self._callee.error(ModelTimeout, None if late == "first" else late) from error
            raise self._callee.error(ModelUnreachable, "lost") from error
        if self._begun:
            self._watchdog.touch()
        return chunk

    def _decode(self, chunk: bytes) -> list[Delta]:
        try:
            return self._body.feed(chunk) if chunk else self._body.finish()
        except ErrorChunk as error:
            raise error_from_chunk(error.body, self._callee) from error
        except PageInstead as error:
            raise self._callee.error(ModelBadAnswer, "page") from error
        except (EventTooLarge, AnswerTooLarge) as error:
            raise self._callee.error(ModelBadAnswer, "huge") from error
        except BadChunk as error:
            # After the last byte, half a chunk means that the stream broke off.
            cut_off = not chunk
            raise self._callee.error(ModelBadAnswer, "cut_off" if cut_off else None, retryable=cut_off) from error

    def _check_end(self) -> None:
        """The stream is over: was that an answer?"""
        reader = self._body.reader
        if not reader.complete:
            raise self._callee.error(ModelBadAnswer, "cut_off", retryable=True)
        if self._parts.has_answer:
            return
        if reader.refusal or reader.finish_reason == "content_filter":
            raise self._callee.error(ModelRefused, says=reader.refusal)
        if reader.finish_reason == "length":
            raise self._callee.error(ModelBadAnswer, "length")
        raise self._callee.error(ModelBadAnswer, "empty", retryable=True)
