"""Plans and approvals as their user sees them, read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from artel.approvals import manager as approvals
from artel.chat.runs import WORK_OF_TASKS
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.outline import PlannedTask
from artel.store.tables import Agent, ApprovalRequest, ChatSession, Plan, Task
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Came:
    """What a task came to, or all of a plan's tasks together. US dollars; None when a price is unknown."""

    cost: Decimal | None
    seconds: float | None
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task of a plan: as proposed, and its row once there is one."""

    planned: PlannedTask
    row: Task | None
    came: Came | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with how it goes."""

    row: Plan
    tasks: Sequence[TaskView]
    estimate: Estimate
    came: Came | None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """An approval, with the plan that it is about."""

    row: ApprovalRequest
    plan: PlanView | None
    session_title: str
    agent_name: str = ""
    """Of the agent that asks."""


async def plans_of_runs(tx: UserTx, run_ids: Collection[UUID]) -> list[PlanView]:
    """All plans of these runs, each run's oldest first."""
    if not run_ids:
        return []
    query = select(Plan).where(Plan.user_id == tx.user_id, Plan.run_id.in_(run_ids))
    plans = (await tx.session.scalars(query.order_by(Plan.run_id, Plan.revision))).all()
    return await _with_tasks(tx, plans)


async def approvals_of_runs(tx: UserTx, run_ids: Collection[UUID], plans: Sequence[PlanView]) -> list[ApprovalView]:
    """The approvals of these runs, oldest first; `plans` are theirs."""
    by_id = {view.row.id: view for view in plans}
    return await _views(tx, await approvals.of_runs(tx, run_ids), by_id)


async def with_plans(tx: UserTx, rows: Sequence[ApprovalRequest]) -> list[ApprovalView]:
    """These approvals with their plans."""
    wanted = [row.plan_id for row in rows if row.plan_id is not None]
    plans = (await tx.session.scalars(select(Plan).where(Plan.user_id == tx.user_id, Plan.id.in_(wanted)))).all()
    return await _views(tx, rows, {view.row.id: view for view in await _with_tasks(tx, plans)})


async def _views(tx: UserTx, rows: Sequence[ApprovalRequest], plans: Mapping[UUID, PlanView]) -> list[ApprovalView]:
    if not rows:
        return []
    query = select(ChatSession.id, ChatSession.title).where(
        ChatSession.user_id == tx.user_id, ChatSession.id.in_({row.session_id for row in rows})
    )
    titles = {row.id: row.title for row in await tx.session.execute(query)}
    names = await _agent_names(tx, {row.request["agent_id"] for row in rows if row.type == "tool"})
    return [
        ApprovalView(
            row,
            plans.get(row.plan_id) if row.plan_id else None,
            titles.get(row.session_id, ""),
            names.get(row.request.get("agent_id", ""), ""),
        )
        for row in rows
    ]


async def _agent_names(tx: UserTx, agent_ids: Collection[str]) -> Mapping[str, str]:
    if not agent_ids:
        return {}
    query = select(Agent.agent_id, Agent.name).where(Agent.user_id == tx.user_id, Agent.agent_id.in_(agent_ids))
    return {row.agent_id: row.name for row in await tx.session.execute(query)}


async def _with_tasks(tx: UserTx, plans: Sequence[Plan]) -> list[PlanView]:
    if not plans:
        return []
    query = select(Task).where(Task.user_id == tx.user_id, Task.plan_id.in_([plan.id for plan in plans]))
    by_plan: dict[UUID, dict[str, Task]] = defaultdict(dict)
    messages: list[UUID] = []
    for task in await tx.session.scalars(query.options(*WORK_OF_TASKS)):
        assert task.plan_id is not None
        by_plan[task.plan_id][task.task_id] = task
        messages.append(task.message_id)
    spent = {row["id"]: dict(row) for row in await tx.fetch(_SPENT, tx.user_id, messages)} if messages else {}
    return [_view(plan, by_plan[plan.id], spent) for plan in plans]


def _view(plan: Plan, rows: Mapping[str, Task], spent: Mapping[UUID, Mapping[str, Any]]) -> PlanView:
    tasks: list[TaskView] = []
    for stored in plan.tasks:
        planned = PlannedTask.of_json(stored)
        row = rows.get(planned.id)
        tasks.append(TaskView(planned, row, _came(row, spent.get(row.message_id)) if row else None))
    everything = [_came(row, spent.get(row.message_id)) for row in rows.values()]
    over = [came for came in everything if came is not None]
    return PlanView(plan, tasks, Estimate.of_json(plan.estimate), _together(over, list(rows.values())))


def _came(row: Task, spent: Mapping[str, Any] | None) -> Came | None:
    if row.finished_at is None or row.started_at is None:
        return None
    usage: Mapping[str, int] = (spent["usage"] if spent else None) or {}
    # A call that came to nothing used nothing; that is no unknown price.
    cost = spent["cost"] if spent and spent["usage"] else Decimal(0)
    return Came(
        cost,
        round((row.finished_at - row.started_at).total_seconds(), 3),
        usage.get("input_tokens", 0),
        usage.get("output_tokens", 0),
    )


def _together(over: Sequence[Came], rows: Sequence[Task]) -> Came | None:
    if not over:
        return None
    began: list[datetime] = [row.started_at for row in rows if row.started_at is not None]
    ended: list[datetime] = [row.finished_at for row in rows if row.finished_at is not None and row.started_at]
    costs = [came.cost for came in over if came.cost is not None]
    return Came(
        sum(costs, Decimal(0)) if len(costs) == len(over) else None,
        round((max(ended) - min(began)).total_seconds(), 3),
        sum(came.input_tokens for came in over),
        sum(came.output_tokens for came in over),
    )


_SPENT = "select id, usage, cost from messages where user_id = $1 and id = any($2::uuid[])"
