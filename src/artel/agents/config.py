"""What an agent is made of. The runner reads it from `user_agents.config`; the page and the API write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from artel.approvals.policy import DEFAULT_APPROVAL_HOURS, Policy
from artel.llm.refs import AnswerSettings, ModelRef
from artel.llm.sight import can_see

MAX_CONCURRENCY = 50
MAX_APPROVAL_HOURS = 8760
"""A year."""
MAX_NAME = 80
MAX_PROMPT = 50_000
MAX_TOOLS = 100
DEFAULT_CONCURRENCY = 3

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME)]
"""What a person calls the agent."""


def _is_none(value: object) -> bool:
    return value is None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelChoice(_Part):
    """A model and how it should answer; None leaves a choice to the provider."""

    provider: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000)

    @property
    def ref(self) -> ModelRef:
        """The model's name as the pool knows it."""
        return ModelRef(self.provider, self.name)

    @property
    def settings(self) -> AnswerSettings:
        """How the model should answer."""
        return AnswerSettings(self.temperature, self.max_tokens)


class ToolChoice(_Part):
    """A tool the agent may be given; a disabled one stays in the list, so that switching it back is one click."""

    tool_id: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    enabled: bool = True
    policy: Policy | None = Field(
        default=None,
        exclude_if=_is_none,
        description="What happens when the model calls it; left out: as the tool's default says.",
    )


class MemoryChoice(_Part):
    """What an agent has to do with its user's memory: is it told what was said before, is what it says kept?"""

    recall: bool = True
    save: bool = True


class AgentConfig(_Part):
    """An agent's whole configuration. `is_active`: an inactive agent is kept, and takes no work."""

    name: Name
    system_prompt: Annotated[str, StringConstraints(max_length=MAX_PROMPT)] = ""
    model: ModelChoice
    fallback_model: ModelChoice | None = None
    tools: tuple[ToolChoice, ...] = Field(default=(), max_length=MAX_TOOLS)
    concurrency_limit: int = Field(default=DEFAULT_CONCURRENCY, ge=1, le=MAX_CONCURRENCY)
    approval_hours: int = Field(default=DEFAULT_APPROVAL_HOURS, ge=1, le=MAX_APPROVAL_HOURS)
    memory: MemoryChoice = MemoryChoice()
    is_active: bool = True

    @property
    def enabled_tools(self) -> tuple[str, ...]:
        """Ids of the tools that are switched on."""
        return tuple(tool.tool_id for tool in self.tools if tool.enabled)

    @property
    def can_see(self) -> bool:
        """A model that answers for it can be shown pictures."""
        models = (self.model, self.fallback_model)
        return any(can_see(model.ref) for model in models if model is not None)
