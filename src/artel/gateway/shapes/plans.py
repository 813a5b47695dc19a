"""Plans, estimates and approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from artel.agents.consent import Remember
from artel.gateway.shapes.common import Body, Fault, Money, Shape, fault, usd
from artel.orchestrator.dry_run import Rehearsal
from artel.orchestrator.estimate import Estimate as Expected
from artel.orchestrator.outline import PlannedTask
from artel.orchestrator.plan import Draft
from artel.orchestrator.views import ApprovalView, Came, PlanView, TaskView
from artel.tools.tool import Kind

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


class ToolQuestion(Shape):
    """A tool call that waits for its user, or for the user's page."""

    tool_id: str
    label: str
    kind: Kind
    agent_id: str
    agent_name: str
    arguments: dict[str, Any] = Field(description="As the model wants them.")
    arguments_schema: dict[str, Any] = Field(description="JSON schema of the arguments, for editing them.")
    tool_call_id: str
    message_id: UUID
    task_id: str
    remembered: bool = Field(description="Allowed before: what remains is to be done by the page.")
    result: Any = Field(description="What was decided: `edited`, `remember`, and what the page got.")


class Approval(Shape):
    """Something that waits for its user, or what the user said."""

    id: UUID
    session_id: int
    session_title: str
    run_id: UUID | None
    type: Literal["plan", "tool"]
    status: ApprovalStatus
    plan: Plan | None
    tool: ToolQuestion | None
    reason: str | None
    created_at: datetime
    resolved_at: datetime | None
    expires_at: datetime | None = Field(
        description="When it is answered by nobody until then, the agent goes on without."
    )


class ApprovalList(Shape):
    """The newest first."""

    items: list[Approval]
    next_cursor: str | None


class ConfirmIn(Body):
    """Yes, perhaps with changes."""

    edited: Draft | dict[str, Any] | None = Field(
        default=None,
        description="The plan as it should be (tasks left out, reworded, given to another agent), or the arguments of "
        "the tool; null: as proposed.",
    )
    result: Any = Field(default=None, description="What the page got, for a tool that it carries out.")
    remember: Remember = Field(
        default="once", description="Whether the agent may use the tool without asking in this chat, or always."
    )

    @property
    def changed(self) -> dict[str, Any] | None:
        """`edited` as it was sent: only the approval tells whether it is a plan."""
        if isinstance(self.edited, Draft):
            return self.edited.model_dump(mode="json", exclude_unset=True)
        return self.edited


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


def estimate(expected: Expected) -> Estimate:
    """An estimate as clients see it."""
    return Estimate(
        cost=usd(expected.cost),
        cost_low=usd(expected.cost_low),
        cost_high=usd(expected.cost_high),
        seconds=expected.seconds,
        seconds_low=expected.seconds_low,
        seconds_high=expected.seconds_high,
        basis=expected.basis,
    )


def plan(view: PlanView) -> Plan:
    """A plan as clients see it."""
    row = view.row
    return Plan.model_construct(
        id=row.id,
        run_id=row.run_id,
        session_id=row.session_id,
        revision=row.revision,
        status=row.status,
        approval_id=row.approval_id,
        tasks=[_task(each) for each in view.tasks],
        estimate=estimate(view.estimate),
        actual=_actual(view.came),
        max_parallel=row.max_parallel,
        created_at=row.created_at,
    )


def approval(view: ApprovalView) -> Approval:
    """An approval as clients see it."""
    row = view.row
    return Approval.model_construct(
        id=row.id,
        session_id=row.session_id,
        session_title=view.session_title,
        run_id=row.run_id,
        type=row.type,
        status=row.status,
        plan=plan(view.plan) if view.plan else None,
        tool=_question(view) if row.type == "tool" else None,
        reason=row.reason,
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        expires_at=row.expires_at,
    )


def _question(view: ApprovalView) -> ToolQuestion:
    row = view.row
    request = row.request
    return ToolQuestion.model_construct(
        tool_id=request["tool_id"],
        label=request["label"],
        kind=request["kind"],
        agent_id=request["agent_id"],
        agent_name=view.agent_name,
        arguments=request["arguments"],
        arguments_schema=request["schema"],
        tool_call_id=row.tool_call_id or "",
        message_id=UUID(request["message_id"]),
        task_id=request["task_id"],
        remembered=request["remembered"],
        result=row.result,
    )


def dry_run(rehearsal: Rehearsal) -> DryRun:
    """A plan that was only tried."""
    outline = rehearsal.outline
    tasks = [_task(TaskView(planned, None, None)) for planned in outline.tasks]
    return DryRun(tasks=tasks, estimate=estimate(outline.estimate), cost=usd(rehearsal.cost))


def _task(view: TaskView) -> PlanTask:
    planned: PlannedTask = view.planned
    row = view.row
    return PlanTask.model_construct(
        id=planned.id,
        agent=planned.agent,
        agent_id=planned.agent_id,
        instruction=planned.instruction,
        depends_on=list(planned.depends_on),
        status=row.status if row else "proposed",
        estimate=estimate(planned.estimate),
        actual=_actual(view.came),
        error=fault(row.error) if row else None,
        attempt=row.epoch if row else 0,
        message_id=row.message_id if row else None,
        started_at=row.started_at if row else None,
        finished_at=row.finished_at if row else None,
    )


def _actual(came: Came | None) -> Actual | None:
    if came is None:
        return None
    return Actual(
        cost=usd(came.cost),
        seconds=came.seconds,
        input_tokens=came.input_tokens,
        output_tokens=came.output_tokens,
    )
