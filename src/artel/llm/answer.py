"""The hot path: one answer of a model, streamed, without tools and without Pydantic AI's agent loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse

from artel.llm.answer_stream import AnswerStream
from artel.llm.deltas import Delta, TextDelta, ThinkingDelta
from artel.llm.fallback import FallbackModel
from artel.llm.pooled import PooledModel
from artel.llm.refs import AnswerSettings


class Answer:
    """An answer being written. Iterate over it once; deltas that arrived together come as one."""

    def __init__(self, stream: AnswerStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[Delta]:
        while (deltas := await self._stream.next()) is not None:
            for delta in deltas:
                yield delta

    @property
    def response(self) -> ModelResponse:
        """The answer so far, with usage once it is complete (`state` tells); also after an error or a cancel."""
        return self._stream.response()


@asynccontextmanager
async def stream_answer(
    model: Model, messages: Sequence[ModelMessage], settings: AnswerSettings | None = None
) -> AsyncGenerator[Answer]:
    """Asks the model once. Leaving the block early closes the connection, so that writing and billing stop.

    ```python
    async with stream_answer(model, messages) as answer:
        async for delta in answer:
            if isinstance(delta, TextDelta): ...
        usage = answer.response.usage
    ```

    Raises:
        ModelError: there is no answer, or it broke off.
    """
    wanted = (settings or AnswerSettings()).as_model_settings()
    if isinstance(model, PooledModel | FallbackModel) and model.answers_directly:
        async with model.open_answer(messages, wanted) as stream:
            yield Answer(stream)
        return
    parameters = ModelRequestParameters()
    history = model.prepare_messages(list(messages), parameters)
    async with model.request_stream(history, wanted, parameters) as response:
        yield Answer(EventStream(response))


class EventStream(AnswerStream):
    """Pydantic AI's stream of events as an AnswerStream; whoever opened the response closes it."""

    def __init__(self, response: StreamedResponse) -> None:
        self._response = response
        self._events = aiter(response)

    async def start(self) -> None:
        """The response was opened with its first piece."""

    async def next(self) -> list[Delta] | None:
        async for event in self._events:
            if isinstance(event, PartStartEvent):
                text, thinking = _begun(event)
            elif isinstance(event, PartDeltaEvent):
                text, thinking = _continued(event)
            else:
                continue
            if text:
                return [TextDelta(text)]
            if thinking:
                return [ThinkingDelta(thinking, "")]
        return None

    async def aclose(self) -> None:
        """Nothing: the context of the response does."""

    def response(self) -> ModelResponse:
        return self._response.get()


def _begun(event: PartStartEvent) -> tuple[str, str]:
    # The first text arrives in the start of a part, not in its first delta.
    if isinstance(event.part, TextPart):
        return event.part.content, ""
    if isinstance(event.part, ThinkingPart):
        return "", event.part.content
    return "", ""


def _continued(event: PartDeltaEvent) -> tuple[str, str]:
    if isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta, ""
    if isinstance(event.delta, ThinkingPartDelta):
        return "", event.delta.content_delta or ""
    return "", ""
