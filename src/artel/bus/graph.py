"""How a plan moves: what the end of a task lets begin, skips, or ends. Everything here happens under the run's lock.

Locks are taken in the order agents, runs, tasks, so whoever calls this has locked the run before it touches a task. A
later statement than the lock's sees what others committed before they let go of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from artel.bus.model import MAX_ATTEMPTS, PLANNING, SYNTHESIS, TASK, Fault, Held, Progress
from artel.bus.step import Step, step
from artel.store.tx import UserTx

REPLANNING = "replan"
"""The name of the task that plans the rest of a run anew, once."""
BUDGET_EXCEEDED = "budget_exceeded"
LIMIT_REACHED = "limit_reached"
SPENT = (BUDGET_EXCEEDED, LIMIT_REACHED)
"""Faults after which no model may be called: the rest of a plan is lost too, and none is made anew."""
"""Nothing that costs money helps against this failure."""


NEWEST_PLAN = "(select id from plans where user_id = $1 and run_id = $2 order by revision desc limit 1)"
"""The plan of run $2 that counts, as a part of a statement."""


async def lock_place(tx: UserTx, held: Held) -> None:
    """Locks a planned task's agent, then its run."""
    await tx.execute(_LOCK_PLACE, tx.user_id, held.agent_id, held.run_id)


async def lock_run(tx: UserTx, run_id: UUID) -> None:
    """Locks a run, for whoever needs no agent."""
    await tx.execute(_LOCK_RUN, tx.user_id, run_id)


async def advance(tx: UserTx, run_id: UUID, next_id: UUID, lost: Sequence[str] = ()) -> Progress:
    """Draws the consequences of tasks that were lost (they failed or were stopped), or are to be tried again.

    next_id: the id of the task that this may have to make. The run must be locked.
    """
    return await conclude(tx, run_id, next_id, await step(tx, run_id, lost))


async def conclude(tx: UserTx, run_id: UUID, next_id: UUID, plan: Step) -> Progress:
    """What a step means for the run: it goes on, or all its tasks are over."""
    progress = Progress(plan.over, plan.total, plan.skipped)
    if plan.over < plan.total or await tx.fetchval(_PLAN_STATUS, tx.user_id, run_id) != "running":
        return progress
    return await _all_over(tx, run_id, next_id, progress, plan.done)


async def _all_over(tx: UserTx, run_id: UUID, next_id: UUID, progress: Progress, done: int) -> Progress:
    """Every task of the run is over: it is summed up, planned anew, or ends."""
    failure = await tx.fetchval(_FIRST_FAILURE, tx.user_id, run_id)
    if failure is None:
        if done:
            await tx.execute(_SUM_UP, tx.user_id, run_id)
            return progress
        await close_run(tx, run_id, "cancelled", None)
        return Progress(progress.over, progress.total, progress.skipped, "cancelled")
    fault = Fault(failure["code"], failure["detail"])
    await tx.execute(_PLAN_FAILED, tx.user_id, run_id)
    if fault.code not in SPENT and await tx.fetchval(_REPLAN, tx.user_id, run_id, next_id) is not None:
        return progress
    await close_run(tx, run_id, "failed", fault)
    return Progress(progress.over, progress.total, progress.skipped, "failed", fault)


async def close_run(tx: UserTx, run_id: UUID, status: str, fault: Fault | None) -> None:
    """Ends a run without an answer: its answer's message says how."""
    await tx.execute(_CLOSE_RUN, tx.user_id, run_id, status, fault.as_json() if fault else None)
    await close_plan(tx, run_id, status)


async def close_plan(tx: UserTx, run_id: UUID, status: str) -> None:
    """Ends what is left of a run's plan, after the run itself was ended."""
    await tx.execute(_CLOSE_PLAN, tx.user_id, run_id, status)


# The agent first: `left join` asks for it before the run's row is locked.
_LOCK_PLACE = """
with agent as materialized (
    select agent_id from user_agents where user_id = $1 and agent_id = $2 for no key update
)
select from runs left join agent on true where runs.user_id = $1 and runs.id = $3 for no key update of runs
"""

_LOCK_RUN = "select from runs where user_id = $1 and id = $2 for no key update"

_PLAN_STATUS = f"select status from plans where user_id = $1 and id = {NEWEST_PLAN}"

_FIRST_FAILURE = f"""
select error from tasks
where user_id = $1 and run_id = $2 and kind = '{TASK}' and status = 'failed' and plan_id = {NEWEST_PLAN}
order by finished_at, id limit 1
"""

_SUM_UP = f"""
update tasks set status = 'ready', not_before = now()
where user_id = $1 and run_id = $2 and kind = '{SYNTHESIS}' and status = 'pending'
"""

_PLAN_FAILED = f"update plans set status = 'failed' where user_id = $1 and id = {NEWEST_PLAN}"

_REPLAN = f"""
insert into tasks (user_id, id, session_id, run_id, task_id, kind, assigned_agent, message_id, max_attempts, status)
select $1, $3, session_id, id, '{REPLANNING}', '{PLANNING}', agent_id, answer_id, {MAX_ATTEMPTS}, 'ready'
from runs where user_id = $1 and id = $2
on conflict (user_id, run_id, task_id) do nothing
returning id
"""

_CLOSE_RUN = """
with closed as (
    update runs set status = $3, finished_at = now(), error = $4::jsonb
    where user_id = $1 and id = $2 and status in ('queued', 'running', 'waiting')
    returning id, session_id, answer_id, agent_id
)
insert into messages (user_id, id, session_id, run_id, role, content, agent_id, status, error)
select $1, answer_id, session_id, id, 'assistant', '', agent_id, $3, $4::jsonb from closed
on conflict (user_id, id) do nothing
"""

_CLOSE_PLAN = """
with closed as (
    update plans set status = $3 where user_id = $1 and run_id = $2 and status in ('proposed', 'running')
)
update tasks set status = 'skipped', finished_at = now()
where user_id = $1 and run_id = $2 and status = 'pending' and $3 <> 'completed'
"""
