"""The keyless default: a model without intelligence that says so, so that everything around it can be tried at once.

Deterministic: the same conversation gives the same answer. Its usage is an estimate, one token for every four bytes
of UTF-8, rounded up.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextContent,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.native_tools import AbstractNativeTool
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from artel.llm.answer_stream import AnswerParts, AnswerStream
from artel.llm.delta_response import DeltaResponse
from artel.llm.deltas import Delta, TextDelta, ThinkingDelta, ToolCallDelta
from artel.llm.demo_plan import demo_plan
from artel.llm.demo_schema import example_of
from artel.llm.providers import DEMO
from artel.llm.sight import unseen

_PIECE: Final = re.compile(r"\S+\s*|\s+")
_CYRILLIC: Final = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN: Final = re.compile(r"[a-z]", re.IGNORECASE)
_QUOTE_CHARACTERS: Final = 280

_EN: Final = """\
**This is the demo model.** It has no intelligence: it shows how an answer streams in, is stored and can be stopped.

You wrote ({kind}, {words}):

> {quote}

What I can see of this conversation:

```json
{facts}
```

For real answers, connect a model: enter your key of OpenAI, Anthropic, Google or OpenRouter, \
or start Ollama on this machine, which is found by itself."""

_RU: Final = """\
**Это демо-модель.** Интеллекта в ней нет: она показывает, как ответ приходит по частям, сохраняется и \
останавливается.

Вы написали ({kind}, {words}):

> {quote}

Что мне видно в этом разговоре:

```json
{facts}
```

Чтобы получать настоящие ответы, подключите модель: введите свой ключ OpenAI, Anthropic, Google или OpenRouter \
либо запустите на этой машине Ollama, она найдётся сама."""


def estimate_tokens(text: str) -> int:
    """One token for every four bytes of UTF-8, rounded up."""
    return -(-len(text.encode()) // 4)


def demo_answer(messages: Sequence[ModelMessage]) -> str:
    """What the demo model says to this conversation, in the language of the last message."""
    prompt = last_prompt(messages)
    russian = len(_CYRILLIC.findall(prompt)) > len(_LATIN.findall(prompt)) // 2
    words = len(prompt.split())
    facts = {
        "messages": sum(1 for message in messages if isinstance(message, ModelRequest)),
        "characters": len(prompt),
        "words": words,
    }
    quote = prompt if len(prompt) <= _QUOTE_CHARACTERS else prompt[: _QUOTE_CHARACTERS - 1].rstrip() + "…"
    question = prompt.rstrip().endswith("?")
    return (_RU if russian else _EN).format(
        kind=("вопрос" if question else "сообщение") if russian else ("a question" if question else "a message"),
        words=f"слов: {words}" if russian else f"{words} word{'' if words == 1 else 's'}",
        quote=quote.replace("\n", "\n> ") or "…",
        facts=orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode(),
    )


def last_prompt(messages: Sequence[ModelMessage]) -> str:
    """The text of the last thing the user said; "" when there is none."""
    for message in reversed(messages):
        if isinstance(message, ModelRequest):
            for part in reversed(message.parts):
                if isinstance(part, UserPromptPart):
                    return _text_of(part)
    return ""


def _text_of(part: UserPromptPart) -> str:
    if isinstance(part.content, str):
        return part.content
    texts = [item.content if isinstance(item, TextContent) else item for item in part.content]
    return "\n".join(text for text in texts if isinstance(text, str))


class DemoModel(Model[Any]):
    """The demo model for Pydantic AI and for direct answers. delay: seconds between two pieces."""

    def __init__(self, delay: float = 0.012, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__()
        self._delay = delay
        self._sleep = sleep

    @property
    def model_name(self) -> str:
        return DEMO

    @property
    def system(self) -> str:
        return DEMO

    @classmethod
    def supported_native_tools(cls) -> frozenset[type[AbstractNativeTool]]:
        """None."""
        return frozenset()

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        answer = self._answer(messages, parameters)
        while await answer.next() is not None:
            pass
        return answer.response()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        yield DeltaResponse(parameters, self._answer(messages, parameters), DEMO, DEMO)

    async def open_answer(self, messages: Sequence[ModelMessage], settings: ModelSettings) -> AnswerStream:
        """An answer without the agent loop."""
        return self._answer(messages, ModelRequestParameters())

    def _answer(self, messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> DemoStream:
        deltas: list[Delta]
        if parameters.output_tools and not parameters.allow_text_output:
            # A form to fill in: an example of what it asks for, so that the machinery around it can be tried.
            tool = parameters.output_tools[0]
            schema, prompt = tool.parameters_json_schema, last_prompt(messages)
            filled = orjson.dumps(demo_plan(schema, prompt) or example_of(schema, prompt)).decode()
            deltas = [ToolCallDelta(0, "demo-call", tool.name, filled)]
        else:
            deltas = [TextDelta(piece) for piece in _PIECE.findall(demo_answer(messages))]
        asked = estimate_tokens(ModelMessagesTypeAdapter.dump_json(unseen(messages)).decode())
        return DemoStream(deltas, asked, self._pause)

    async def _pause(self) -> None:
        if self._delay > 0:
            await self._sleep(self._delay)


class DemoStream(AnswerStream):
    """Deltas known beforehand, one at a time."""

    def __init__(self, deltas: list[Delta], input_tokens: int, pause: Callable[[], Awaitable[None]]) -> None:
        self._deltas = deltas
        self._input_tokens = input_tokens
        self._pause = pause
        self._sent = 0
        self._closed = False
        self._parts = AnswerParts()

    async def start(self) -> None:
        """The first piece is always there."""

    async def next(self) -> list[Delta] | None:
        if self._closed or self._sent == len(self._deltas):
            return None
        if self._sent:
            await self._pause()
        delta = self._deltas[self._sent]
        self._sent += 1
        self._parts.add([delta])
        return [delta]

    async def aclose(self) -> None:
        self._closed = True

    def response(self) -> ModelResponse:
        written = "".join(
            delta.text if isinstance(delta, TextDelta) else delta.arguments
            for delta in self._deltas[: self._sent]
            if not isinstance(delta, ThinkingDelta)
        )
        complete = self._sent == len(self._deltas)
        return self._parts.build(
            model_name=DEMO,
            provider_name=DEMO,
            provider_url=None,
            usage=RequestUsage(input_tokens=self._input_tokens, output_tokens=estimate_tokens(written)),
            finish_reason="stop" if complete else None,
            response_id=None,
            complete=complete,
        )
