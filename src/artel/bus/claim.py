"""Seats ready tasks of one user, and takes back what a dead process held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from artel.bus.deal import Dealt, Places, Waiting, deal
from artel.bus.delegation import report
from artel.bus.graph import advance, close_plan, lock_run
from artel.bus.model import ANSWER, DELEGATED, TASK, Fault, Finished, Held
from artel.bus.park import lock_parked
from artel.bus.seated import COLUMNS, held_of
from artel.store.tx import UserTx

MAX_INTERRUPTIONS = 5
"""A task whose process died this often, with nothing achieved in between, is taken for the cause of the deaths."""

INTERRUPTED = Fault("interrupted", "The server was interrupted again and again while answering. Try once more.")


async def claim(tx: UserTx, worker: str, at_most: int) -> list[Held]:
    """Seats the oldest ready tasks that find a free seat of their agent and, in a plan, a free lane of their run.

    Agents and runs are locked first and looked at in the next statement: a look in the locking statement would use a
    snapshot from before the lock and could seat one too many.
    """
    # Nothing begins for who was disabled; what waits goes on when they are let in again.
    if not tx.entry.is_active:
        return []
    agents = await tx.fetch(_LOCK_AGENTS, tx.user_id)
    if not agents:
        return []
    runs: list[UUID] = []
    if any(agent["works_on_plans"] for agent in agents):
        runs = [run["id"] for run in await tx.fetch(_LOCK_RUNS, tx.user_id)]
    found = await tx.fetch(_LOOK, tx.user_id, [agent["agent_id"] for agent in agents], runs)
    return await _seat(tx, worker, _deal([row for row in found if row["may_sit"]], at_most))


async def _seat(tx: UserTx, worker: str, dealt: Sequence[Dealt]) -> list[Held]:
    if not dealt:
        return []
    places = [task.id for task in dealt], [task.seat for task in dealt], [task.lane for task in dealt]
    return [held_of(tx.user_id, worker, row) for row in await tx.fetch(_SEAT, tx.user_id, worker, *places)]


def _deal(found: Sequence[asyncpg.Record], at_most: int) -> list[Dealt]:
    seats, lanes = Places(), Places()
    waiting: list[Waiting] = []
    for row in found:
        run_id = row["run_id"] if row["kind"] == TASK else None
        if not seats.knows(row["assigned_agent"]):
            seats.open(row["assigned_agent"], row["concurrency_limit"], row["seats"] or ())
        if run_id is not None and not lanes.knows(run_id):
            lanes.open(run_id, row["max_parallel"], row["lanes"] or ())
        waiting.append(Waiting(row["id"], row["assigned_agent"], run_id))
    return deal(waiting, seats, lanes, at_most)


async def take_back(tx: UserTx, next_id: Callable[[], UUID]) -> int:
    """Makes the tasks of dead processes ready again; answers how many there were.

    A process that only seemed dead is told by `tasks_lost` and refused by the fence.
    """
    # One after the other: an end may have consequences for its whole run.
    for task in await tx.fetch(_REPEATED, tx.user_id, MAX_INTERRUPTIONS):
        await _fail(tx, _FAIL_REPEATED, task["id"], INTERRUPTED, next_id())
    return len(await tx.fetch(_TAKE_BACK, tx.user_id))


async def give_up(tx: UserTx, worker: str, known: list[UUID], seconds: float) -> None:
    """Makes ready what a process was given more than `seconds` ago and does not know of."""
    await tx.execute(_GIVE_UP, tx.user_id, worker, known, seconds)


async def fail_ready(tx: UserTx, task: UUID, fault: Fault, next_id: UUID) -> Finished | None:
    """Ends a task that cannot even be seated; None if it is not ready."""
    return await _fail(tx, _FAIL_READY, task, fault, next_id)


async def _fail(tx: UserTx, which: str, task: UUID, fault: Fault, next_id: UUID) -> Finished | None:
    place = await tx.fetchrow(_PLACE, tx.user_id, task)
    if place is None:
        return None
    planned = place["kind"] not in (ANSWER, DELEGATED) or place["plan_id"] is not None
    if planned:
        await tx.execute(_LOCK_AGENT, tx.user_id, place["assigned_agent"])
        await lock_run(tx, place["run_id"])
    if place["parent"] is not None:
        await lock_parked(tx, place["parent"])
    failed = await tx.fetchrow(which, tx.user_id, task, fault.as_json())
    if failed is None:
        return None
    progress = None
    if place["kind"] == TASK:
        progress = await advance(tx, place["run_id"], next_id, [place["task_id"]])
    elif place["kind"] == DELEGATED:
        await report(tx, task, "", fault)
    elif planned:
        await close_plan(tx, place["run_id"], "failed")
    return Finished("failed", "", None, fault, failed["agent_busy"], progress)


_LOCK_AGENTS = f"""
select agent_id, agent_id in (
    select assigned_agent from tasks
    where user_id = $1 and status = 'ready' and not_before <= now() and kind = '{TASK}'
) as works_on_plans
from user_agents
where user_id = $1 and agent_id in (
    select assigned_agent from tasks where user_id = $1 and status = 'ready' and not_before <= now()
)
order by agent_id for no key update
"""

_LOCK_RUNS = f"""
select id from runs
where user_id = $1 and id in (
    select run_id from tasks where user_id = $1 and status = 'ready' and not_before <= now() and kind = '{TASK}'
)
order by id for no key update
"""

# Of each agent's queue in each run no more can sit down than the agent has seats. `may_sit`: its run is locked.
_LOOK = f"""
with seats as (
    select assigned_agent, array_agg(seat) as taken from tasks
    where user_id = $1 and status = 'running' and assigned_agent = any($2::text[]) group by assigned_agent
), lanes as (
    select run_id, array_agg(lane) as taken from tasks
    where user_id = $1 and status = 'running' and lane is not null and run_id = any($3::uuid[]) group by run_id
), queue as (
    select id, kind, assigned_agent, run_id, row_number() over (
        partition by assigned_agent, case kind when '{TASK}' then run_id end order by id
    ) as place
    from tasks
    where user_id = $1 and status = 'ready' and not_before <= now() and assigned_agent = any($2::text[])
)
select queue.id, kind <> '{TASK}' or queue.run_id = any($3::uuid[]) as may_sit, kind, queue.assigned_agent,
    queue.run_id, concurrency_limit, seats.taken as seats, max_parallel, lanes.taken as lanes
from queue
join user_agents on user_agents.user_id = $1 and user_agents.agent_id = queue.assigned_agent
    and queue.place <= concurrency_limit
left join seats on seats.assigned_agent = queue.assigned_agent
left join runs on kind = '{TASK}' and runs.user_id = $1 and runs.id = queue.run_id
left join lanes on lanes.run_id = queue.run_id
order by queue.id
"""

# What a cancellation has locked meanwhile is left out, so a claim waits for no task and deadlocks with nobody.
_SEAT = f"""
with locked as (
    select tasks.id, chosen.seat, chosen.lane
    from tasks join unnest($3::uuid[], $4::bigint[], $5::bigint[]) chosen (id, seat, lane) on chosen.id = tasks.id
    where tasks.user_id = $1 and tasks.id = any($3::uuid[]) and tasks.status = 'ready'
    for no key update of tasks skip locked
), seated as (
    update tasks set status = 'running', seat = locked.seat, lane = locked.lane, worker = $2, epoch = epoch + 1,
        started_at = now(), said = null
    from locked
    where tasks.user_id = $1 and tasks.id = any($3::uuid[]) and tasks.id = locked.id and tasks.status = 'ready'
    returning tasks.*
), runs_started as (
    update runs set status = 'running' from seated
    where runs.user_id = $1 and runs.id = seated.run_id and runs.status in ('queued', 'waiting')
)
select {COLUMNS}, config from seated
left join user_agents on user_agents.user_id = $1 and user_agents.agent_id = seated.assigned_agent
order by seated.id
"""


def _ending(which: str) -> str:
    """Ends a task without an answer: `$3` is the error."""
    return f"""
with doomed as (
    select id from tasks where user_id = $1 and id = $2 and {which} for update skip locked
), failed as (
    update tasks set status = 'failed', seat = null, lane = null, finished_at = now(), error = $3::jsonb
    from doomed where tasks.user_id = $1 and tasks.id = doomed.id
    returning tasks.id, run_id, session_id, message_id, assigned_agent, epoch, kind, task_id
), answers as (
    insert into messages (
        user_id, id, session_id, run_id, role, content, agent_id, status, error, attempt, task_id
    )
    select $1, message_id, session_id, run_id, 'assistant', '', assigned_agent, 'failed', $3::jsonb, epoch,
        case when kind in ('{TASK}', '{DELEGATED}') then task_id end
    from failed
    on conflict (user_id, id) do update set status = 'failed', error = excluded.error, attempt = excluded.attempt
), runs_failed as (
    update runs set status = 'failed', finished_at = now(), error = $3::jsonb
    from failed where runs.user_id = $1 and runs.id = failed.run_id and failed.kind not in ('{TASK}', '{DELEGATED}')
), agents_failed as (
    update user_agents set last_error = $3::jsonb
    from failed where user_agents.user_id = $1 and user_agents.agent_id = failed.assigned_agent
)
select exists (
    select from tasks other
    where other.user_id = $1 and other.assigned_agent = failed.assigned_agent and other.status = 'running'
        and other.id <> failed.id
) as agent_busy from failed
"""


_PLACE = "select run_id, kind, plan_id, task_id, assigned_agent, parent from tasks where user_id = $1 and id = $2"

_LOCK_AGENT = "select from user_agents where user_id = $1 and agent_id = $2 for no key update"

_ORPHANED = """status = 'running'
    and not exists (select from workers where workers.id = tasks.worker and lease_until > now())"""

_REPEATED = f"select id from tasks where user_id = $1 and interruptions >= $2 and {_ORPHANED} order by id"

_FAIL_REPEATED = _ending(_ORPHANED)

_FAIL_READY = _ending("status = 'ready'")

_GIVE_UP = """
update tasks set status = 'ready', seat = null, lane = null, not_before = now()
where user_id = $1 and status = 'running' and worker = $2 and id <> all($3::uuid[])
    and started_at < now() - $4::double precision * interval '1 second'
"""

_TAKE_BACK = f"""
with orphaned as (
    select id from tasks where user_id = $1 and {_ORPHANED} order by id for update skip locked
)
update tasks set status = 'ready', seat = null, lane = null, not_before = now(), interruptions = interruptions + 1
from orphaned where tasks.user_id = $1 and tasks.id = orphaned.id
returning tasks.id
"""
