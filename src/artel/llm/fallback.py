"""A second model for when the first cannot be had."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, TypeVar

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from artel.llm.answer_stream import AnswerStream
from artel.llm.errors import ModelError, ModelOverloaded, ModelRateLimited, ModelTimeout, ModelUnreachable
from artel.llm.pooled import PooledModel

NOT_TO_BE_HAD: Final = (ModelUnreachable, ModelOverloaded, ModelRateLimited, ModelTimeout)
"""Errors that say nothing against the request: another provider may well answer it."""

T = TypeVar("T")


def with_fallback(primary: PooledModel, secondary: PooledModel) -> FallbackModel:
    """The primary model, and the secondary when the primary is unreachable, overloaded, too slow or rate limited
    before its first token. The response's `provider_name` and `model_name` tell which one answered."""
    return FallbackModel(primary, secondary)


class FallbackModel(WrapperModel):
    """Two models that look like one; see `with_fallback`. When both fail, the primary's error is raised."""

    def __init__(self, primary: PooledModel, secondary: PooledModel) -> None:
        super().__init__(primary)
        self._models = (primary, secondary)

    @property
    def answers_directly(self) -> bool:
        """Whether `open_answer` may be used."""
        return all(model.answers_directly for model in self._models)

    def prepare_messages(
        self, messages: list[ModelMessage], model_request_parameters: ModelRequestParameters | None = None
    ) -> list[ModelMessage]:
        """Nothing yet: each model has its own way, and is asked when its turn comes."""
        return messages

    def customize_request_parameters(self, model_request_parameters: ModelRequestParameters) -> ModelRequestParameters:
        return model_request_parameters

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
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
        def opening(model: Model) -> AbstractAsyncContextManager[StreamedResponse]:
            prepared = model.prepare_messages(messages, model_request_parameters)
            return model.request_stream(prepared, model_settings, model_request_parameters, run_context)

        async with AsyncExitStack() as stack:
            primary, secondary = self._models
            yield await _first_of(stack, opening(primary), lambda: opening(secondary))

    @asynccontextmanager
    async def open_answer(
        self, messages: Sequence[ModelMessage], settings: ModelSettings
    ) -> AsyncGenerator[AnswerStream]:
        """As PooledModel's."""
        async with AsyncExitStack() as stack:
            primary, secondary = self._models
            first = primary.open_answer(messages, settings)
            yield await _first_of(stack, first, lambda: secondary.open_answer(messages, settings))


async def _first_of(
    stack: AsyncExitStack, first: AbstractAsyncContextManager[T], second: Callable[[], AbstractAsyncContextManager[T]]
) -> T:
    try:
        return await stack.enter_async_context(first)
    except NOT_TO_BE_HAD as error:
        try:
            return await stack.enter_async_context(second())
        except ModelError:
            # A person should learn of the model they chose, not of the spare one.
            raise error from None
