"""How a user wants their orchestrator to plan, ask and spend."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from artel.agents.config import MAX_CONCURRENCY, MAX_PROMPT, AgentConfig, ModelChoice

_INSTRUCTIONS = (
    "You are the user's personal orchestrator. Answer the message yourself, clearly and to the point, "
    "in the language it was written in."
)


class OrchestratorConfig(BaseModel):
    """One user's orchestrator. Money is US dollars; None sets no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelChoice | None = None
    """None follows the server's default model."""
    instructions: Annotated[str, StringConstraints(max_length=MAX_PROMPT)] = ""
    max_parallel: int = Field(default=3, ge=1, le=MAX_CONCURRENCY)
    max_tasks: int = Field(default=20, ge=1, le=100)
    plan_approval: Literal["always", "above_cost", "never"] = "always"
    cost_threshold_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000, decimal_places=6)
    budget_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000, decimal_places=6)

    def as_agent(self, default: ModelChoice) -> AgentConfig:
        """The orchestrator as the bus and the runner know it: an agent like the others."""
        return AgentConfig(
            name="Orchestrator",
            system_prompt=self.instructions or _INSTRUCTIONS,
            model=self.model or default,
            concurrency_limit=self.max_parallel,
        )
