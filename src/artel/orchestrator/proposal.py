"""Writes what a planner came to, within a transaction: a plan that waits for its user, or one that is at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import orjson

from artel.approvals import manager as approvals
from artel.bus.model import ANSWER, MAX_ATTEMPTS, SYNTHESIS, TASK
from artel.events.types import Event, PlanRequest, TaskPlanCreated
from artel.kit.ids import IdMaker
from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.outline import Outline
from artel.orchestrator.plan import last_tasks
from artel.store.tx import UserTx

Emit = Callable[[int, Event], None]


@dataclass(frozen=True, slots=True)
class RunPlace:
    """The run a plan belongs to."""

    session_id: int
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Proposals:
    """Writes plans."""

    ids: IdMaker
    emit: Emit

    async def write(
        self, tx: UserTx, place: RunPlace, outline: Outline, settings: OrchestratorConfig
    ) -> Callable[[], None]:
        """Stores a plan, and its tasks if nobody needs to be asked; answers what to tell after the commit."""
        revision: int = await tx.fetchval(_NEXT_REVISION, tx.user_id, place.run_id)
        alone = len(outline.tasks) == 1 and revision == 1
        waits = not alone and needs_approval(settings, outline.estimate)
        plan_id, approval_id = self.ids.uuid(), self.ids.uuid() if waits else None
        await tx.execute(
            _STORE,
            tx.user_id,
            plan_id,
            place.session_id,
            place.run_id,
            revision,
            "proposed" if waits else "running",
            _tasks_json(outline),
            orjson.dumps(outline.estimate.as_json()).decode(),
            outline.max_parallel,
            approval_id,
        )
        events: list[Event] = [self._created(place, plan_id, outline, revision)]
        if approval_id is not None:
            request = {"plan_id": str(plan_id), "tasks": len(outline.tasks)}
            await approvals.ask_for_plan(
                tx,
                approval_id,
                session_id=place.session_id,
                run_id=place.run_id,
                plan_id=plan_id,
                request=request,
            )
            await tx.execute(_WAIT, tx.user_id, place.run_id)
            events.append(_request(place, plan_id, approval_id, outline))
        elif alone:
            await self._give_to_one(tx, place, plan_id, outline)
        else:
            await self.release(tx, place, plan_id, outline)
        user_id = tx.user_id
        return lambda: self._tell(user_id, events)

    async def release(self, tx: UserTx, place: RunPlace, plan_id: UUID, outline: Outline) -> None:
        """Makes a plan's tasks; the first of them are ready at once. The run must be locked."""
        tasks = [
            {
                "id": str(self.ids.uuid()),
                "task_id": task.id,
                "agent": task.agent_id,
                "instruction": task.instruction,
                "dependencies": list(task.depends_on),
                "message_id": str(self.ids.uuid()),
            }
            for task in outline.tasks
        ]
        await tx.execute(_RELEASE, tx.user_id, place.run_id, plan_id, orjson.dumps(tasks).decode())
        ends = orjson.dumps(last_tasks(outline.as_draft())).decode()
        await tx.execute(_AWAIT_ALL, tx.user_id, place.run_id, plan_id, self.ids.uuid(), ends)
        await tx.execute(_SET_GOING, tx.user_id, place.run_id, plan_id, outline.max_parallel)

    async def sum_up(self, tx: UserTx, place: RunPlace) -> None:
        """Nothing more is to be done: the answer is written from what there is."""
        await tx.execute(_SUM_UP, tx.user_id, place.run_id)

    async def _give_to_one(self, tx: UserTx, place: RunPlace, plan_id: UUID, outline: Outline) -> None:
        """One agent answers for the run, without ceremony."""
        [task] = outline.tasks
        await tx.execute(
            _GIVE_TO_ONE, tx.user_id, place.run_id, plan_id, self.ids.uuid(), task.id, task.agent_id, task.instruction
        )

    def created_again(self, user_id: int, place: RunPlace, plan_id: UUID, outline: Outline, revision: int) -> None:
        """Tells of a plan that its user has changed."""
        self.emit(user_id, self._created(place, plan_id, outline, revision))

    def _created(self, place: RunPlace, plan_id: UUID, outline: Outline, revision: int) -> TaskPlanCreated:
        return TaskPlanCreated(
            session_id=place.session_id,
            run_id=place.run_id,
            plan_id=plan_id,
            tasks=len(outline.tasks),
            estimated_cost=outline.estimated_cost,
            estimated_seconds=outline.estimate.seconds,
            graph=outline.graph(),
            revision=revision,
        )

    def _tell(self, user_id: int, events: list[Event]) -> None:
        for event in events:
            self.emit(user_id, event)


def needs_approval(settings: OrchestratorConfig, estimate: Estimate) -> bool:
    """Whether the user wants to be asked about a plan of this cost. An unknown price may be any."""
    if settings.plan_approval == "above_cost":
        return estimate.cost is None or estimate.cost > (settings.cost_threshold_usd or Decimal(0))
    return settings.plan_approval == "always"


def _request(place: RunPlace, plan_id: UUID, approval_id: UUID, outline: Outline) -> PlanRequest:
    return PlanRequest(
        session_id=place.session_id,
        run_id=place.run_id,
        approval_id=approval_id,
        plan_id=plan_id,
        tasks=len(outline.tasks),
        estimated_cost=outline.estimated_cost,
        estimated_seconds=outline.estimate.seconds,
        graph=outline.graph(),
    )


def _tasks_json(outline: Outline) -> str:
    return orjson.dumps([task.as_json() for task in outline.tasks]).decode()


async def rewrite(tx: UserTx, plan_id: UUID, outline: Outline) -> None:
    """Stores a plan as its user has changed it."""
    estimate = orjson.dumps(outline.estimate.as_json()).decode()
    await tx.execute(_REWRITE, tx.user_id, plan_id, _tasks_json(outline), estimate, outline.max_parallel)


_NEXT_REVISION = "select coalesce(max(revision), 0) + 1 from plans where user_id = $1 and run_id = $2"

_STORE = """
insert into plans (user_id, id, session_id, run_id, revision, status, tasks, estimate, max_parallel, approval_id)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10)
"""

_REWRITE = """
update plans set tasks = $3::jsonb, estimate = $4::jsonb, max_parallel = $5 where user_id = $1 and id = $2
"""

_WAIT = "update runs set status = 'waiting' where user_id = $1 and id = $2 and status in ('queued', 'running')"

# A task that depends only on what is done can begin.
_RELEASE = f"""
insert into tasks (
    user_id, id, session_id, run_id, task_id, kind, assigned_agent, status, dependencies, instruction, message_id,
    max_attempts, plan_id
)
select $1, task.id, runs.session_id, $2, task.task_id, '{TASK}', task.agent,
    case when exists (
        select from jsonb_array_elements_text(task.dependencies) needed (task_id)
        where not exists (
            select from tasks done where done.user_id = $1 and done.run_id = $2 and done.task_id = needed.task_id
                and done.status = 'done'
        )
    ) then 'pending' else 'ready' end,
    task.dependencies, task.instruction, task.message_id, {MAX_ATTEMPTS}, $3
from runs, jsonb_to_recordset($4::jsonb) task (
    id uuid, task_id text, agent text, instruction text, dependencies jsonb, message_id uuid
)
where runs.user_id = $1 and runs.id = $2
"""

_AWAIT_ALL = f"""
insert into tasks (
    user_id, id, session_id, run_id, task_id, kind, assigned_agent, status, dependencies, message_id, max_attempts,
    plan_id
)
select $1, $4, session_id, id, '{SYNTHESIS}', '{SYNTHESIS}', agent_id, 'pending', $5::jsonb, answer_id,
    {MAX_ATTEMPTS}, $3
from runs where user_id = $1 and id = $2
on conflict (user_id, run_id, task_id) do update set status = 'pending', dependencies = excluded.dependencies,
    plan_id = excluded.plan_id, error = null, finished_at = null
"""

_SET_GOING = """
with plan as (
    update plans set status = 'running' where user_id = $1 and id = $3
)
update runs set status = 'running', max_parallel = $4 where user_id = $1 and id = $2
"""

_SUM_UP = f"""
with plan as (
    update plans set status = 'running' where user_id = $1 and id = (
        select id from plans where user_id = $1 and run_id = $2 order by revision desc limit 1
    )
)
update tasks set status = 'ready', not_before = now()
where user_id = $1 and run_id = $2 and kind = '{SYNTHESIS}' and status = 'pending'
"""

_GIVE_TO_ONE = f"""
insert into tasks (
    user_id, id, session_id, run_id, task_id, kind, assigned_agent, status, instruction, message_id, max_attempts,
    plan_id
)
select $1, $4, session_id, id, $5, '{ANSWER}', $6, 'ready', $7, answer_id, {MAX_ATTEMPTS}, $3
from runs where user_id = $1 and id = $2
on conflict (user_id, run_id, task_id) do nothing
"""
