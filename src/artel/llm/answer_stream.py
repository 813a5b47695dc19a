"""One answer while it is being written, without the agent loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic_ai.messages import (
    FinishReason,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.usage import RequestUsage

from artel.llm.deltas import Delta, TextDelta, ThinkingDelta


class AnswerStream(ABC):
    """An open answer. `start` waits for its first piece, so that up to there a call can be repeated unseen.

    Whoever opened it closes it; closing before the end tells the provider to stop writing.
    """

    @abstractmethod
    async def start(self) -> None:
        """Waits for the first piece.

        Raises:
            ModelError: there will be none.
        """

    @abstractmethod
    async def next(self) -> list[Delta] | None:
        """Everything that arrived since the last call, at least one delta; None when the answer is complete.

        Raises:
            ModelError: the answer broke off.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Lets go of the connection. May be called twice."""

    @abstractmethod
    def response(self) -> ModelResponse:
        """The answer so far; its `state` is "complete" once `next` answered None."""


@dataclass(slots=True)
class _Draft:
    """A part that is still being written."""

    kind: Literal["text", "thinking", "call"]
    origin: str = ""
    pieces: list[str] = field(default_factory=list[str])
    call_id: str | None = None
    name: str | None = None


class AnswerParts:
    """Deltas gathered into the parts of a response, in the order in which they began."""

    def __init__(self) -> None:
        self._drafts: list[_Draft] = []
        self._calls: dict[int, _Draft] = {}
        self._has_text = False

    @property
    def has_answer(self) -> bool:
        """Whether there is a word for the reader, or a tool to call."""
        return self._has_text or bool(self._calls)

    def add(self, deltas: list[Delta]) -> None:
        """Appends each to the last part of its kind, or begins a new one."""
        for delta in deltas:
            if isinstance(delta, TextDelta):
                self._last("text").pieces.append(delta.text)
                self._has_text = self._has_text or not delta.text.isspace()
            elif isinstance(delta, ThinkingDelta):
                self._last("thinking", delta.field).pieces.append(delta.text)
            else:
                call = self._call(delta.key)
                call.call_id = call.call_id or delta.call_id
                call.name = call.name or delta.name
                call.pieces.append(delta.arguments)

    def _last(self, kind: Literal["text", "thinking"], origin: str = "") -> _Draft:
        last = self._drafts[-1] if self._drafts else None
        if last is None or last.kind != kind or last.origin != origin:
            last = _Draft(kind, origin)
            self._drafts.append(last)
        return last

    def _call(self, key: int) -> _Draft:
        if (call := self._calls.get(key)) is None:
            call = self._calls[key] = _Draft("call")
            self._drafts.append(call)
        return call

    def build(
        self,
        *,
        model_name: str,
        provider_name: str,
        provider_url: str | None,
        usage: RequestUsage | None,
        finish_reason: FinishReason | None,
        response_id: str | None,
        complete: bool,
    ) -> ModelResponse:
        """The response as it stands; without usage from the provider it says that it is unmeasured."""
        return ModelResponse(
            parts=[part for draft in self._drafts if (part := _part(draft, provider_name))],
            usage=usage or RequestUsage(unmeasured_requests=1),
            model_name=model_name,
            timestamp=datetime.now(UTC),
            provider_name=provider_name,
            provider_url=provider_url,
            provider_response_id=response_id,
            finish_reason=finish_reason,
            state="complete" if complete else "incomplete",
        )


def _part(draft: _Draft, provider_name: str) -> ModelResponsePart | None:
    text = "".join(draft.pieces)
    if draft.kind == "text":
        return TextPart(text)
    if draft.kind == "thinking":
        return ThinkingPart(text, id=draft.origin, provider_name=provider_name)
    if draft.name is None:
        return None  # the stream was cut before the call said whom it calls
    if draft.call_id is None:
        return ToolCallPart(draft.name, text)
    return ToolCallPart(draft.name, text, tool_call_id=draft.call_id)
