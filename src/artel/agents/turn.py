"""What one agent turn needs, gathered in the transaction that seated the task, and how a turn is accounted for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.usage import RequestUsage

from artel.accounts.provider_keys import SealedAccess
from artel.agents.allowance import Allowance
from artel.agents.config import AgentConfig
from artel.agents.conversation import Said, read_conversation
from artel.bus.model import Held, ModelUse
from artel.llm.pool import ModelPool
from artel.llm.refs import Credentials, ModelRef
from artel.memory.recall import Asked
from artel.store.tx import UserTx
from artel.tools.tool import Tool

PICTURE_TOKENS = 1000
"""A rough count again: providers take 250 to 1,600 for a picture of the size we send."""
CHARS_A_TOKEN = 4
"""A rough count, for calls whose provider did not say: English text has about four characters a token."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Read when the task was seated: the agent, its user's own access to models (still sealed), the conversation."""

    config: AgentConfig
    locale: str
    is_admin: bool
    access: Mapping[str, SealedAccess]
    allowance: Allowance
    said: list[Said]
    tools: Sequence[Tool] = ()
    profile: str = ""
    """What the user wants every agent to know."""
    asked: Asked | None = None
    """What memory is asked; None: nothing."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What an agent is told for one task; `instructions` stands in for its own system prompt."""

    said: list[Said]
    instructions: str | None = None


ReadBrief = Callable[[UserTx, Held], Awaitable[Brief]]
"""Reads it in the transaction that seats the task."""


async def conversation_brief(tx: UserTx, held: Held) -> Brief:
    """The conversation, as a direct call sees it."""
    return Brief(await read_conversation(tx, held.session_id, held.message_id))


@dataclass(frozen=True, slots=True)
class Meter:
    """Turns a model's response into what it used and cost."""

    pool: ModelPool
    asked: ModelRef
    own: Credentials | None
    """The user's own access to the provider that was asked."""

    def use(self, response: ModelResponse, messages: Sequence[ModelMessage]) -> ModelUse:
        """Tokens as the provider counted them, or counted from the text where it did not, or has not yet."""
        estimated = bool(response.usage.unmeasured_requests) or response.state != "complete"
        if estimated:
            response = replace(response, usage=_estimate(response, messages))
        cost = self.pool.price_of(response, self.asked, self.own)
        answered = self.asked
        if response.provider_name and response.model_name and response.provider_name != self.asked.provider:
            answered = ModelRef(response.provider_name, response.model_name)
        usage = response.usage
        return ModelUse(answered.provider, answered.name, usage.input_tokens, usage.output_tokens, cost, estimated)


def _estimate(response: ModelResponse, messages: Sequence[ModelMessage]) -> RequestUsage:
    """At least what was counted so far: some providers count the question first and the answer at its end."""
    question = sum(_size(getattr(part, "content", "")) for message in messages for part in message.parts)
    answer = sum(map(_length, response.parts))
    counted = response.usage
    return RequestUsage(
        input_tokens=counted.input_tokens or -(-question // CHARS_A_TOKEN),
        cache_read_tokens=counted.cache_read_tokens,
        cache_write_tokens=counted.cache_write_tokens,
        output_tokens=max(counted.output_tokens, -(-answer // CHARS_A_TOKEN)),
    )


def _size(content: object) -> int:
    """Characters; of a picture, about as many as it costs like."""
    if isinstance(content, BinaryContent):
        return PICTURE_TOKENS * CHARS_A_TOKEN
    if isinstance(content, list | tuple):
        return sum(map(_size, cast(Sequence[object], content)))
    return len(str(content))


def _length(part: ModelResponsePart) -> int:
    if isinstance(part, TextPart | ThinkingPart):
        return len(part.content)
    return len(part.args_as_json_str()) if isinstance(part, ToolCallPart) else 0
