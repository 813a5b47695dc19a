"""The model that reads for a user, and how it is asked to fill in a form."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from artel.agents.allowance import Allowance
from artel.bus.model import ModelUse

ANSWER_SECONDS: Final = 120.0
"""How long one answer may take; less than a lease lasts."""
MAX_CORRECTIONS: Final = 1

_T = TypeVar("_T")
_JSON: Final = re.compile(r"\{.*\}", re.DOTALL)
_REFUSED: Final = "This cannot be used: {reason}\n\nCall `{tool}` again, and write nothing else."
_NO_CALL: Final = "`{tool}` was not called."


class NoForm(Exception):
    """The model did not fill the form in, though it was asked twice."""


@dataclass(frozen=True, slots=True)
class Mind:
    """A user's model, opened, with what it may still spend."""

    agent_id: str
    """Under which its calls are charged."""
    model: Model
    settings: ModelSettings
    allowance: Allowance
    use: Callable[[ModelResponse, Sequence[ModelMessage]], ModelUse]


OpenMind = Callable[[int], Awaitable[Mind | None]]
"""Opens a user's; None when there is none but the demo model.

Raises:
    ModelError, UnreadableSecret: it cannot be opened.
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks it."""

    mind: Mind
    renew: Callable[[], Awaitable[None]]
    """Called before each question; raises when it must not be asked."""
    paid: Callable[[Mind, ModelUse], Awaitable[None]]
    """Writes down each answer before it is looked at, and looks again at what is left."""

    async def fill(self, task: str, text: str, form: ToolDefinition, read: Callable[[str], _T]) -> _T:
        """What the model filled in, as `read` makes it of the form's JSON, by ValueError if it cannot.

        task: the system prompt. text: what it is about. Servers that do not know forced tools answer in text: JSON in
        it is taken too.

        Raises:
            NoForm: there was none, also after a correction.
            BudgetExceeded: nothing more may be spent.
            ModelError, TimeoutError: the model could not be asked, or is too slow.
        """
        parameters = ModelRequestParameters(output_mode="tool", output_tools=[form], allow_text_output=False)
        messages: list[ModelMessage] = [ModelRequest([SystemPromptPart(task), UserPromptPart(text)])]
        for _ in range(1 + MAX_CORRECTIONS):
            answer = await self._ask(messages, parameters)
            try:
                return read(_filled(answer, form.name))
            except ValueError as error:
                messages += [answer, _correction(answer, form.name, error)]
        raise NoForm

    async def _ask(self, messages: list[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
        mind = self.mind
        mind.allowance.check()
        await self.renew()
        prepared = mind.model.prepare_messages(list(messages), parameters)
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await mind.model.request(prepared, mind.settings, parameters)
        await self.paid(mind, mind.use(answer, messages))
        return answer


def _filled(answer: ModelResponse, tool: str) -> str:
    """The form's JSON."""
    for call in answer.tool_calls:
        if call.tool_name == tool:
            return call.args_as_json_str()
    if found := _JSON.search(answer.text or ""):
        return found[0]
    raise ValueError(_NO_CALL.format(tool=tool))


def _correction(answer: ModelResponse, tool: str, error: ValueError) -> ModelRequest:
    text = _REFUSED.format(reason=_reason(error), tool=tool)
    # Every call wants its answer, also one of a tool that there is not.
    returns = [ToolReturnPart(call.tool_name, text, call.tool_call_id) for call in answer.tool_calls]
    return ModelRequest(returns or [UserPromptPart(text)])


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
