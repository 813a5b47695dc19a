"""Agents and the orchestrator."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from artel.agents.config import (
    DEFAULT_CONCURRENCY,
    MAX_APPROVAL_HOURS,
    MAX_CONCURRENCY,
    MAX_PROMPT,
    MAX_TOOLS,
    AgentConfig,
    MemoryChoice,
    ModelChoice,
    Name,
    ToolChoice,
)
from artel.agents.roster import AgentView
from artel.approvals.policy import DEFAULT_APPROVAL_HOURS
from artel.gateway.shapes.common import Body, Fault, Shape, fault
from artel.orchestrator.config import OrchestratorConfig


class AgentIn(Body):
    """An agent as its user wants it."""

    name: Name = Field(examples=["Coder"])
    system_prompt: Annotated[str, StringConstraints(max_length=MAX_PROMPT)] = Field(
        default="", examples=["You write short, correct Python."]
    )
    model: ModelChoice = Field(examples=[{"provider": "openai", "name": "gpt-5-mini", "temperature": 0.2}])
    fallback_model: ModelChoice | None = Field(default=None, description="Asked when the model cannot be reached.")
    tools: tuple[ToolChoice, ...] = Field(
        default=(), max_length=MAX_TOOLS, examples=[[{"tool_id": "current_time", "enabled": True}]]
    )
    concurrency_limit: int = Field(
        default=DEFAULT_CONCURRENCY, ge=1, le=MAX_CONCURRENCY, description="Tasks it works on at once."
    )
    handle: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        default=None, examples=["coder"], description="Made of the name when left out; cannot be changed later."
    )
    approval_hours: int = Field(
        default=DEFAULT_APPROVAL_HOURS, ge=1, le=MAX_APPROVAL_HOURS, description="How long it waits for your word."
    )
    memory: MemoryChoice = Field(
        default=MemoryChoice(), description="Is it told what was said before, and is what it says remembered?"
    )
    is_active: bool = True

    def config(self) -> AgentConfig:
        """The configuration alone."""
        return AgentConfig(
            name=self.name,
            system_prompt=self.system_prompt,
            model=self.model,
            fallback_model=self.fallback_model,
            tools=self.tools,
            concurrency_limit=self.concurrency_limit,
            approval_hours=self.approval_hours,
            memory=self.memory,
            is_active=self.is_active,
        )


class Agent(Shape):
    """An agent with its live status."""

    agent_id: str = Field(examples=["user1_coder"])
    handle: str = Field(examples=["coder"])
    name: str
    system_prompt: str
    model: ModelChoice
    fallback_model: ModelChoice | None
    tools: tuple[ToolChoice, ...]
    concurrency_limit: int
    approval_hours: int
    memory: MemoryChoice
    is_active: bool
    status: Literal["ready", "busy", "error"]
    running: int = Field(description="Tasks it works on now.")
    last_error: Fault | None
    created_at: datetime
    updated_at: datetime


class AgentList(Shape):
    """All of them, oldest first."""

    items: list[Agent]
    next_cursor: None = None


class Orchestrator(Shape):
    """How the orchestrator plans, asks and spends."""

    model: ModelChoice | None = Field(description="Null follows the default model.")
    instructions: str
    max_parallel: int
    max_tasks: int
    plan_approval: Literal["always", "above_cost", "never"]
    cost_threshold_usd: float | None
    budget_usd: float | None


def agent(view: AgentView) -> Agent:
    """An agent as clients see it."""
    config = view.config
    return Agent(
        agent_id=view.agent_id,
        handle=view.handle,
        name=config.name,
        system_prompt=config.system_prompt,
        model=config.model,
        fallback_model=config.fallback_model,
        tools=config.tools,
        concurrency_limit=config.concurrency_limit,
        approval_hours=config.approval_hours,
        memory=config.memory,
        is_active=config.is_active,
        status=view.status,
        running=view.running,
        last_error=fault(view.last_error),
        created_at=view.created_at,
        updated_at=view.updated_at,
    )


def orchestrator(config: OrchestratorConfig) -> Orchestrator:
    """The configuration as clients see it."""
    return Orchestrator(
        model=config.model,
        instructions=config.instructions,
        max_parallel=config.max_parallel,
        max_tasks=config.max_tasks,
        plan_approval=config.plan_approval,
        cost_threshold_usd=_number(config.cost_threshold_usd),
        budget_usd=_number(config.budget_usd),
    )


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
