""" "Test the connection": does this provider answer to these credentials?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from pydantic_ai.messages import ModelRequest, UserPromptPart

from artel.llm.answer import stream_answer
from artel.llm.errors import ModelError
from artel.llm.pooled import PooledModel
from artel.llm.refs import AnswerSettings

PROBE_SECONDS: Final = 20.0
_QUESTION: Final = "Answer with the single word: ready"
_ENOUGH_TOKENS: Final = 64


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a test found. error: what is wrong, whose `message(locale)` says what to do; None when all is well.

    models: how many the provider offers, 0 when it did not say. latency: seconds to its first sign of life.
    """

    error: ModelError | None
    models: int
    latency: float

    @property
    def ok(self) -> bool:
        """Whether it answered."""
        return self.error is None

    @property
    def code(self) -> str | None:
        """The error's code."""
        return self.error.code if self.error else None

    def detail(self, locale: str = "en") -> str:
        """One sentence for a person."""
        if self.error is not None:
            return self.error.message(locale)
        if locale == "ru":
            return f"Отвечает. Моделей: {self.models}." if self.models else "Отвечает."
        return f"It answers. Models: {self.models}." if self.models else "It answers."


async def first_sign(model: PooledModel) -> float:
    """Asks the model for a word and hangs up at its first piece; the seconds it took.

    Raises:
        ModelError: it did not answer.
    """
    began = time.monotonic()
    question = [ModelRequest(parts=[UserPromptPart(_QUESTION)])]
    async with stream_answer(model, question, AnswerSettings(max_tokens=_ENOUGH_TOKENS)):
        return time.monotonic() - began
