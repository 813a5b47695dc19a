"""Tries work again that failed or was stopped. What is done is kept: nothing that was paid for is asked for twice."""

from __future__ import annotations

from uuid import UUID

from artel.bus.graph import NEWEST_PLAN, REPLANNING, advance, lock_run
from artel.bus.model import ANSWER, DELEGATED, PLANNING, SYNTHESIS, TASK, NoSuchRun, NoSuchTask
from artel.bus.submit import RUN_BUDGET, AgentInactive
from artel.kit.errors import Conflict
from artel.store.tx import UserTx


class NotRetryable(Conflict):
    """Only what failed or was stopped can be tried again."""

    slug = "not-retryable"


class AgentDeleted(Conflict):
    """The agent that this run belongs to was deleted. Send the message to another one."""

    slug = "agent-deleted"


async def retry_run(tx: UserTx, run_id: UUID, next_id: UUID) -> None:
    """Sets a run going again: its failed and cancelled tasks, and what was skipped because of them. A plan that was
    refused is proposed anew.

    Raises:
        NoSuchRun, NotRetryable, AgentDeleted, AgentInactive: nothing was changed.
    """
    mode = await _lock(tx, run_id)
    if await tx.fetchval(_STATUS, tx.user_id, run_id) not in ("failed", "cancelled"):
        raise NotRetryable
    if mode == "direct":
        # What was asked of others is asked again by whoever asked.
        await _again(tx, run_id, f"status in ('failed', 'cancelled') and kind <> '{DELEGATED}'")
    else:
        await _retry_plan(tx, run_id, next_id)
    await tx.execute(_REOPEN, tx.user_id, run_id)


async def _retry_plan(tx: UserTx, run_id: UUID, next_id: UUID) -> None:
    await tx.execute(_FORGET_REPLANNING, tx.user_id, run_id)
    lost = f"kind in ('{TASK}', '{SYNTHESIS}') and plan_id = {NEWEST_PLAN} and status in {_LOST}"
    # There is no plan, or nobody agreed to it: what the model said is kept, so it is not asked for the same again.
    own = f"kind = '{PLANNING}' and id = {_LAST_PLANNING} or kind = '{SYNTHESIS}' and status in {_LOST}"
    if not (
        await _again(tx, run_id, lost)
        or await _again(tx, run_id, f"kind = '{ANSWER}' and status in {_LOST}")
        or await _again(tx, run_id, f"({own})")
    ):
        raise NotRetryable
    await tx.execute(_REOPEN_PLAN, tx.user_id, run_id)
    await advance(tx, run_id, next_id)


async def retry_task(tx: UserTx, run_id: UUID, name: str, next_id: UUID) -> None:
    """Sets one task of a run going again, with what was skipped because of it; also while the rest goes on.

    Raises:
        NoSuchRun, NoSuchTask, NotRetryable, AgentDeleted, AgentInactive: nothing was changed.
    """
    mode = await _lock(tx, run_id)
    task = await tx.fetchrow(_TASK, tx.user_id, run_id, name)
    if task is None:
        raise NoSuchTask
    if task["status"] not in _LOST or task["kind"] == DELEGATED:
        raise NotRetryable
    if mode == "direct" or task["kind"] != TASK:
        await retry_run(tx, run_id, next_id)
        return
    if not task["is_current"] or task["is_moving_on"]:
        raise NotRetryable
    await tx.execute(_FORGET_REPLANNING, tx.user_id, run_id)
    await _again(tx, run_id, f"id in ({_WITH_FOLLOWERS})", name)
    # The sum of all waits for it again.
    await _again(tx, run_id, f"kind = '{SYNTHESIS}' and status not in ('pending', 'running')")
    await tx.execute(_REOPEN, tx.user_id, run_id)
    await tx.execute(_REOPEN_PLAN, tx.user_id, run_id)
    await advance(tx, run_id, next_id)


async def _lock(tx: UserTx, run_id: UUID) -> str:
    """Locks agents, then the run (of a plan), then tasks; answers the run's mode."""
    mode: str | None = await tx.fetchval("select mode from runs where user_id = $1 and id = $2", tx.user_id, run_id)
    if mode is None:
        raise NoSuchRun
    await tx.fetch(_LOCK_AGENTS, tx.user_id, run_id)
    if mode == "auto":
        await lock_run(tx, run_id)
    await tx.execute(_LOCK_TASKS, tx.user_id, run_id)
    return mode


async def _again(tx: UserTx, run_id: UUID, which: str, *values: object) -> bool:
    """Whether there were such tasks.

    Raises:
        AgentDeleted, AgentInactive: one of their agents.
    """
    rows = await tx.fetch(_AGAIN.replace("{which}", which), tx.user_id, run_id, *values)
    if any(row["is_active"] is None for row in rows):
        raise AgentDeleted
    if not all(row["is_active"] for row in rows):
        raise AgentInactive
    return bool(rows)


_STATUS = "select status from runs where user_id = $1 and id = $2"

_LOST = ("failed", "cancelled", "skipped")

_LAST_PLANNING = f"""(
    select id from tasks where user_id = $1 and run_id = $2 and kind = '{PLANNING}' order by id desc limit 1
)"""

# The rest is being planned anew, or summed up: it is too late for this one.
_TASK = f"""
select status, kind, plan_id = {NEWEST_PLAN} as is_current, exists (
    select from tasks where user_id = $1 and run_id = $2 and (
        kind = '{PLANNING}' and status in ('ready', 'running') or kind = '{SYNTHESIS}' and status = 'running'
    )
) as is_moving_on
from tasks where user_id = $1 and run_id = $2 and task_id = $3
"""

_LOCK_AGENTS = """
select agent_id from user_agents
where user_id = $1 and agent_id in (select assigned_agent from tasks where user_id = $1 and run_id = $2)
order by agent_id for no key update
"""

_LOCK_TASKS = "select from tasks where user_id = $1 and run_id = $2 order by id for update"

# A planning that was to mend what is now tried again; the next failure may plan anew once more.
_FORGET_REPLANNING = f"""
delete from tasks where user_id = $1 and run_id = $2 and kind = '{PLANNING}' and task_id = '{REPLANNING}'
    and status in ('failed', 'cancelled')
"""

_WITH_FOLLOWERS = f"""
with recursive lost (id, task_id) as (
    select id, task_id from tasks where user_id = $1 and run_id = $2 and task_id = $3
    union
    select tasks.id, tasks.task_id from lost
    join tasks on tasks.user_id = $1 and tasks.run_id = $2 and tasks.dependencies ? lost.task_id
    where tasks.kind = '{TASK}' and tasks.status = 'skipped'
)
select id from lost
"""

# Tasks of a plan wait until `advance` finds that nothing stands in their way.
_AGAIN = f"""
with again as (
    update tasks set status = case when kind in ('{TASK}', '{SYNTHESIS}') then 'pending' else 'ready' end, attempt = 0,
        interruptions = 0, error = null, finished_at = null, worker = null, not_before = now()
    where user_id = $1 and run_id = $2 and {{which}}
    returning message_id, assigned_agent
), gone as (
    delete from messages where user_id = $1 and id in (select message_id from again)
)
select distinct assigned_agent, is_active from again
left join user_agents on user_agents.user_id = $1 and user_agents.agent_id = again.assigned_agent
"""

# A budget that was raised meanwhile is why some runs are tried again.
_REOPEN = f"""
update runs set status = case mode when 'direct' then 'queued' else 'running' end, error = null, finished_at = null,
    budget_usd = case mode when 'auto' then {RUN_BUDGET} end
where user_id = $1 and id = $2
"""

_REOPEN_PLAN = f"""
update plans set status = 'running'
where user_id = $1 and id = {NEWEST_PLAN} and exists (
    select from tasks where user_id = $1 and run_id = $2 and plan_id = plans.id
)
"""
