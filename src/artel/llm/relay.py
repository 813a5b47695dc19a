"""The stream of one of Pydantic AI's own models, watched: begun before it is handed on, timed, its errors ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from pydantic_ai._parts_manager import ModelResponsePartsManager
from pydantic_ai.messages import (
    FinalResultEvent,
    ModelResponse,
    ModelResponseStreamEvent,
    PartEndEvent,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models import ModelRequestParameters, StreamedResponse
from pydantic_ai.usage import RequestUsage

from artel.llm.callee import Callee, Deadlines
from artel.llm.errors import ModelBadAnswer, ModelTimeout
from artel.llm.sdk_errors import SDK_ERRORS, from_sdk_error


@dataclass
class RelayedStream(StreamedResponse):
    """Another StreamedResponse whose first event has been waited for."""

    inner: StreamedResponse
    callee: Callee
    deadlines: Deadlines

    def __post_init__(self) -> None:
        self._events: AsyncIterator[ModelResponseStreamEvent] = aiter(self.inner)
        self._first: ModelResponseStreamEvent | None = None

    @classmethod
    async def begin(
        cls, inner: StreamedResponse, parameters: ModelRequestParameters, callee: Callee, deadlines: Deadlines
    ) -> RelayedStream:
        """Waits for the first event.

        Raises:
            ModelError: it does not come.
        """
        stream = cls(parameters, inner, callee, deadlines)
        stream._first = await stream._pull(deadlines.first, None)
        if stream._first is None:
            stream._check_end()
        return stream

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        event, self._first = self._first, None
        while event is not None:
            # The base class adds these two kinds by itself.
            if not isinstance(event, FinalResultEvent | PartEndEvent):
                yield event
            deadline = self.deadlines.next_piece()
            event = await self._pull(deadline, "total" if deadline == self.deadlines.total else "idle")
        self._check_end()
        whole = self.inner.get()
        self.finish_reason = whole.finish_reason
        self.provider_response_id = whole.provider_response_id
        self.provider_details = whole.provider_details

    async def _pull(self, deadline: float, variant: str | None) -> ModelResponseStreamEvent | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(self._events, None)
        except TimeoutError as error:
            raise self.callee.error(ModelTimeout, variant) from error
        except SDK_ERRORS as error:
            raise from_sdk_error(error, self.callee) from None  # its text may hold a user's words

    def _check_end(self) -> None:
        for part in self.inner.get().parts:
            if isinstance(part, ToolCallPart) or (isinstance(part, TextPart) and part.content.strip()):
                return
        raise self.callee.error(ModelBadAnswer, "empty", retryable=True)

    # The rest is the inner stream's.

    @property
    def _parts_manager(self) -> ModelResponsePartsManager:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.inner._parts_manager  # pyright: ignore[reportPrivateUsage]

    def get(self) -> ModelResponse:
        return self.inner.get()

    @property
    def usage(self) -> RequestUsage:
        return self.inner.usage

    async def close_stream(self) -> None:
        await self.inner.cancel()

    def get_stream_cancel_errors(self) -> tuple[type[BaseException], ...]:
        return self.inner.get_stream_cancel_errors()

    @property
    def model_name(self) -> str:
        return self.inner.model_name

    @property
    def provider_name(self) -> str | None:
        return self.inner.provider_name

    @property
    def provider_url(self) -> str | None:
        return self.inner.provider_url

    @property
    def timestamp(self) -> datetime:
        return self.inner.timestamp
