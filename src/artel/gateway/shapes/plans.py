"""Plans, estimates and approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from artel.gateway.shapes.common import Body, Fault, Money, Shape
from artel.orchestrator.plan import Draft

PlanStatus = Literal["proposed", "running", "completed", "failed", "rejected", "cancelled"]
PlanTaskStatus = Literal["proposed", "pending", "ready", "running", "waiting", "done", "failed", "skipped", "cancelled"]
ApprovalStatus = Literal["pending", "confirmed", "rejected", "expired", "cancelled"]


class Estimate(Shape):
    """What is expected. Low and high are there once enough of the agent's own tasks are known."""

    cost: Money
    cost_low: Money
    cost_high: Money
    seconds: float
    seconds_low: float | None
    seconds_high: float | None
    basis: Literal["history", "prior"] = Field(description="From the agent's own finished tasks, or assumed.")


class Actual(Shape):
    """What it came to."""

    cost: Money
    seconds: float | None
    input_tokens: int
    output_tokens: int


class PlanTask(Shape):
    """One task of a plan: as proposed, and how it goes."""

    id: str = Field(examples=["t1"])
    agent: str = Field(examples=["coder"], description="The agent's handle.")
    agent_id: str = Field(examples=["user1_coder"])
    instruction: str
    depends_on: list[str]
    status: PlanTaskStatus
    estimate: Estimate
    actual: Actual | None
    error: Fault | None
    attempt: int
    message_id: UUID | None
    started_at: datetime | None
    finished_at: datetime | None


class Plan(Shape):
    """A graph of tasks. `revision` rises when the rest is planned anew after a failure."""

    id: UUID
    run_id: UUID
    session_id: int
    revision: int
    status: PlanStatus
    approval_id: UUID | None
    tasks: list[PlanTask]
    estimate: Estimate
    actual: Actual | None
    max_parallel: int
    created_at: datetime


class Approval(Shape):
    """Something that waits for its user, or what the user said."""

    id: UUID
    session_id: int
    run_id: UUID | None
    type: Literal["plan", "tool"]
    status: ApprovalStatus
    plan: Plan | None
    reason: str | None
    created_at: datetime
    resolved_at: datetime | None


class ApprovalList(Shape):
    """The newest first."""

    items: list[Approval]
    next_cursor: str | None


class ConfirmIn(Body):
    """Yes, perhaps with changes."""

    edited: Draft | None = Field(
        default=None,
        description="The plan as it should be: tasks left out, reworded, given to another agent. Null: as proposed.",
    )


class RejectIn(Body):
    """No, perhaps with a reason."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] | None = None


class TestIn(Body):
    """A message to plan for, without running anything."""

    content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)] = Field(
        examples=["Compare three message queues and write a recommendation."]
    )


class DryRun(Shape):
    """The plan the orchestrator would make. `cost`: what asking for it came to."""

    tasks: list[PlanTask]
    estimate: Estimate
    cost: Money
