"""A lean Pydantic AI model for servers that speak OpenAI's chat completions.

The field's own SDK costs some ten milliseconds of CPU for a short streamed answer, this one a few tenths.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse, check_allow_model_requests
from pydantic_ai.native_tools import AbstractNativeTool
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings

from artel.llm.answer_stream import AnswerStream
from artel.llm.callee import Callee, Deadlines, Timeouts
from artel.llm.chat_messages import UnsupportedContent, map_messages
from artel.llm.chat_request import Dialect, request_body
from artel.llm.chat_stream import ChatStream, post
from artel.llm.delta_response import DeltaResponse
from artel.llm.errors import ModelRefused
from artel.llm.refs import ModelRef
from artel.llm.sight import can_see, unseen

_PLAIN_PARTS = (UserPromptPart, ToolReturnPart)


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """One server that speaks chat completions, opened with one key."""

    session: aiohttp.ClientSession
    base_url: str
    headers: dict[str, str] = field(repr=False)
    timeouts: Timeouts = field(default_factory=Timeouts)
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def url(self) -> str:
        """Where completions are asked for."""
        return f"{self.base_url}/chat/completions"


class ChatCompletionsModel(Model[Any]):
    """A model behind an OpenAI-compatible server. Requests fail with a `ModelError`, nothing else."""

    def __init__(self, callee: Callee, endpoint: ChatEndpoint, *, profile: ModelProfile | None = None) -> None:
        super().__init__(profile=profile)
        self._callee = callee
        self._endpoint = endpoint
        self._sees = can_see(ModelRef(callee.provider, callee.model))

    @property
    def model_name(self) -> str:
        return self._callee.model

    @property
    def system(self) -> str:
        """The provider's id, which becomes `provider_name` of responses."""
        return self._callee.provider

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._endpoint.base_url

    @classmethod
    def supported_native_tools(cls) -> frozenset[type[AbstractNativeTool]]:
        """None: tools that providers run themselves are not part of chat completions."""
        return frozenset()

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer in one piece. It is streamed all the same: only so a silent server is noticed in time."""
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        answer = await self._open(messages, settings, parameters)
        try:
            while await answer.next() is not None:
                pass
            return answer.response()
        finally:
            await answer.aclose()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Yields once the first piece of the answer is here."""
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        answer = await self._open(messages, settings, parameters)
        try:
            await answer.start()
            yield DeltaResponse(parameters, answer, self.system, self.model_name)
        finally:
            await answer.aclose()

    async def open_answer(self, messages: Sequence[ModelMessage], settings: ModelSettings) -> AnswerStream:
        """An answer without tools and without the agent loop; the caller starts and closes it."""
        parameters = ModelRequestParameters()
        history = list(messages)
        if not _is_plain(history):
            history = self.prepare_messages(history, parameters)
        return await self._open(history, settings, parameters)

    async def _open(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> ChatStream:
        check_allow_model_requests()
        endpoint = self._endpoint
        role = self.profile.get("openai_system_prompt_role") or "system"
        instructions = self._get_instruction_parts(messages, parameters) or ()
        if not self._sees:
            messages = unseen(messages)
        try:
            wire = map_messages(messages, (part.content for part in instructions), system_role=str(role))
        except UnsupportedContent as error:
            raise self._callee.error(ModelRefused, "content", says=str(error)) from error
        body = request_body(
            self._callee.model,
            wire,
            settings or {},
            parameters,
            profile=self.profile,
            dialect=endpoint.dialect,
            stream=True,
        )
        deadlines = Deadlines(endpoint.timeouts)
        response = await post(endpoint.session, endpoint.url, endpoint.headers, body, self._callee, deadlines)
        return ChatStream(response, self._callee, endpoint.base_url, deadlines)


def _is_plain(messages: Sequence[ModelMessage]) -> bool:
    """Whether the history needs none of Pydantic AI's preparation, as nearly all histories of direct calls do."""
    for place, message in enumerate(messages):
        if isinstance(message, ModelRequest):
            for part in message.parts:
                if not (isinstance(part, _PLAIN_PARTS) or (place == 0 and isinstance(part, SystemPromptPart))):
                    return False
    return True
