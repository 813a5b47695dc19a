"""Asks a model for a plan until it is one: the form is forced, the content checked, the reasons sent back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from artel.orchestrator.plan import Draft, problems, renamed, without
from artel.orchestrator.prompts import NO_PLAN, PLAN_TOOL, REFUSED, plan_tool

MAX_CORRECTIONS: Final = 2
MAX_REASONS: Final = 12
"""Told to the model at once; more would not help it."""

_FENCE: Final = re.compile(r"\{.*\}", re.DOTALL)


class NoPlan(Exception):
    """The model gave no plan that can be carried out. `reasons`: what was wrong with the last one."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan must keep to."""

    handles: Collection[str]
    max_tasks: int
    finished: Collection[str] = ()
    """Tasks that are done, when the rest is planned anew."""
    taken: Collection[str] = ()
    """Names of all tasks there were before; new ones need new names."""


MayAsk = Callable[[], None]
"""Called before each call of the model; raises when it must not be made."""

Keep = Callable[[list[ModelMessage]], Awaitable[None]]
"""Called with the conversation after each answer of the model, before it is looked at: it is paid for."""


async def ask_for_plan(
    model: Model,
    conversation: Sequence[ModelMessage],
    settings: ModelSettings,
    terms: Terms,
    may_ask: MayAsk,
    keep: Keep,
    kept: Sequence[ModelMessage] = (),
) -> Draft:
    """A plan that keeps to the terms. `kept`: what followed the conversation before an interruption.

    Raises:
        NoPlan: none after two corrections.
        ModelError: the model could not be asked.
    """
    form = plan_tool(sorted(terms.handles), may_be_empty=bool(terms.finished))
    parameters = ModelRequestParameters(output_mode="tool", output_tools=[form], allow_text_output=False)
    messages = [*conversation, *kept]
    while True:
        if not isinstance(messages[-1], ModelResponse):
            may_ask()
            prepared = model.prepare_messages(list(messages), parameters)
            messages.append(await model.request(prepared, settings, parameters))
            await keep(messages)
        answer = messages[-1]
        assert isinstance(answer, ModelResponse)
        draft, reasons = read_plan(answer, terms)
        if draft is not None:
            return draft
        if _answers(messages[len(conversation) :]) > MAX_CORRECTIONS:
            raise NoPlan(reasons)
        messages.append(correction(answer, reasons))


def _answers(messages: Sequence[ModelMessage]) -> int:
    return sum(isinstance(message, ModelResponse) for message in messages)


def read_plan(answer: ModelResponse, terms: Terms) -> tuple[Draft | None, list[str]]:
    """The plan in a model's answer, or what is wrong with it.

    Servers that do not know forced tools answer in text: JSON in it, fenced or bare, is taken too.
    """
    text = next((call.args_as_json_str() for call in answer.tool_calls if call.tool_name == PLAN_TOOL), None)
    if text is None and (found := _FENCE.search(answer.text or "")):
        text = found[0]
    if text is None:
        return None, [NO_PLAN.format(tool=PLAN_TOOL)]
    try:
        draft = Draft.model_validate_json(text)
    except ValidationError as error:
        return None, [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors(include_url=False)]
    # A model that waits for what failed, or begins to number anew, means well.
    if terms.taken:
        draft = renamed(without(draft, terms.finished), terms.taken)
    flaws = problems(draft, terms.handles, terms.max_tasks, terms.finished, terms.taken)
    return (None, [flaw.text for flaw in flaws]) if flaws else (draft, [])


def _place(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location)) or "plan"


def correction(answer: ModelResponse, reasons: Sequence[str]) -> ModelRequest:
    """What is sent back."""
    listed = "\n".join(f"- {reason}" for reason in reasons[:MAX_REASONS])
    text = REFUSED.format(problems=listed, tool=PLAN_TOOL)
    # Every call wants its answer, also one of a tool that there is not.
    returns = [ToolReturnPart(call.tool_name, text, call.tool_call_id) for call in answer.tool_calls]
    return ModelRequest(returns or [UserPromptPart(text)])
