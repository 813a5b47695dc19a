"""Our own answer streams as Pydantic AI's, for the agent loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic_ai.messages import ModelResponseStreamEvent
from pydantic_ai.models import StreamedResponse

from artel.llm.answer_stream import AnswerStream
from artel.llm.deltas import Delta, TextDelta, ThinkingDelta
from artel.llm.errors import ModelError


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class DeltaResponse(StreamedResponse):
    """Pydantic AI's view of an AnswerStream; whoever opened the stream closes it."""

    answer: AnswerStream
    provider: str
    model: str
    _began: datetime = field(default_factory=_now)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        while (deltas := await self.answer.next()) is not None:
            for delta in deltas:
                for event in self._events(delta):
                    yield event
        self._take_facts()

    def _events(self, delta: Delta) -> Iterator[ModelResponseStreamEvent]:
        if isinstance(delta, TextDelta):
            return self._parts_manager.handle_text_delta(vendor_part_id=None, content=delta.text)
        if isinstance(delta, ThinkingDelta):
            return self._parts_manager.handle_thinking_delta(
                vendor_part_id=None, content=delta.text, id=delta.field, provider_name=self.provider
            )
        return self._parts_manager.handle_tool_call_delta_events(
            vendor_part_id=delta.key, tool_name=delta.name, args=delta.arguments, tool_call_id=delta.call_id
        )

    def _take_facts(self) -> None:
        whole = self.answer.response()
        self._usage = whole.usage
        self.finish_reason = whole.finish_reason
        self.provider_response_id = whole.provider_response_id

    def get_stream_cancel_errors(self) -> tuple[type[BaseException], ...]:
        """A stream closed by `cancel` ends with one of our own errors."""
        return (ModelError,)

    async def close_stream(self) -> None:
        await self.answer.aclose()

    @property
    def model_name(self) -> str:
        return self.model

    @property
    def provider_name(self) -> str:
        return self.provider

    @property
    def provider_url(self) -> str | None:
        return self.answer.response().provider_url

    @property
    def timestamp(self) -> datetime:
        return self._began
