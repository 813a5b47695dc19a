"""A model on its lane: every call takes a seat, is repeated after passing faults, and is reported."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, runtime_checkable

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from artel.llm.answer_stream import AnswerStream
from artel.llm.callee import Callee, Deadlines, Timeouts
from artel.llm.calling import Call, Lane
from artel.llm.relay import RelayedStream
from artel.llm.sdk_errors import SDK_ERRORS, from_sdk_error


@runtime_checkable
class Answering(Protocol):
    """A model that can answer without the agent loop. Its streams begin with a piece of the answer in hand."""

    async def open_answer(self, messages: Sequence[ModelMessage], settings: ModelSettings) -> AnswerStream: ...


class _OpenStream:
    """A StreamedResponse inside the context that keeps it open."""

    def __init__(self, stack: AsyncExitStack, stream: StreamedResponse) -> None:
        self.stream = stream
        self._stack = stack

    async def aclose(self) -> None:
        await self._stack.aclose()


class PooledModel(WrapperModel):
    """What the pool hands out: any model, failing with `ModelError` only.

    owner: who shares the lane's seats in turns, usually the user's id.
    """

    def __init__(
        self, wrapped: Model, lane: Lane, callee: Callee, *, timeouts: Timeouts, owner: Hashable = None
    ) -> None:
        super().__init__(wrapped)
        self._lane = lane
        self._callee = callee
        self._timeouts = timeouts
        self._owner = owner
        # Found once: to look whether something has a protocol's members takes 5 µs, and every call would.
        self._answering = wrapped if isinstance(wrapped, Answering) else None

    @property
    def callee(self) -> Callee:
        """Whom this model calls."""
        return self._callee

    @property
    def answers_directly(self) -> bool:
        """Whether `open_answer` may be used."""
        return self._answering is not None

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer in one piece, streamed underneath so that a silent provider is noticed in time."""
        async with self.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for _ in stream:
                pass
            return stream.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Yields once the first piece of the answer is here; until then the call may have been repeated."""

        async def open_once() -> _OpenStream:
            deadlines = Deadlines(self._timeouts)
            async with AsyncExitStack() as stack:
                context = self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
                try:
                    stream = await stack.enter_async_context(context)
                except SDK_ERRORS as error:
                    raise from_sdk_error(error, self._callee) from None  # its text may hold a user's words
                if self._answering is None:
                    stream = await RelayedStream.begin(stream, model_request_parameters, self._callee, deadlines)
                return _OpenStream(stack.pop_all(), stream)

        async with self._calling(open_once) as (call, opened):
            yield opened.stream
            if opened.stream.get().state == "complete":
                await call.close(usage=opened.stream.usage)

    @asynccontextmanager
    async def open_answer(
        self, messages: Sequence[ModelMessage], settings: ModelSettings
    ) -> AsyncGenerator[AnswerStream]:
        """An answer without tools and without the agent loop, begun; only if `answers_directly`."""
        answering = self._answering
        assert answering is not None

        async def open_once() -> AnswerStream:
            answer = await answering.open_answer(messages, settings)
            try:
                await answer.start()
            except BaseException:
                await answer.aclose()
                raise
            return answer

        async with self._calling(open_once) as (call, answer):
            yield answer
            whole = answer.response()
            if whole.state == "complete":
                await call.close(usage=whole.usage)

    @asynccontextmanager
    async def _calling(self, opener: Callable[[], Awaitable[Any]]) -> AsyncGenerator[tuple[Call[Any], Any]]:
        call: Call[Any] = Call(self._lane, self._callee, self._owner)
        opened = await call.open(opener)
        try:
            yield call, opened
        except BaseException as error:
            await call.close(error)
            raise
        finally:
            await call.close()
