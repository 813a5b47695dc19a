"""Seats ready tasks of one user, and takes back what a dead process held."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from artel.bus.model import Fault, Held
from artel.kit.errors import IsolationViolation
from artel.store.tx import UserTx

MAX_INTERRUPTIONS = 5
"""A task whose process died this often, with nothing achieved in between, is taken for the cause of the deaths."""

INTERRUPTED = Fault("interrupted", "The server was interrupted again and again while answering. Try once more.")


async def claim(tx: UserTx, worker: str, at_most: int) -> list[Held]:
    """Seats the oldest ready tasks of every agent that has free seats.

    The agents are locked in one statement and looked at in the next: a count made in the locking statement would use a
    snapshot from before the lock and could seat one too many.
    """
    agents = await tx.fetch(_LOCK_AGENTS, tx.user_id)
    if not agents:
        return []
    rows = await tx.fetch(_CLAIM, tx.user_id, [agent["agent_id"] for agent in agents], at_most, worker)
    return [_held(tx.user_id, worker, row) for row in rows]


async def take_back(tx: UserTx) -> int:
    """Makes the tasks of dead processes ready again; answers how many there were.

    A process that only seemed dead is told by `tasks_lost` and refused by the fence.
    """
    await tx.execute(_FAIL_REPEATED, tx.user_id, INTERRUPTED.as_json(), MAX_INTERRUPTIONS)
    return len(await tx.fetch(_TAKE_BACK, tx.user_id))


async def give_up(tx: UserTx, worker: str, known: list[UUID], seconds: float) -> None:
    """Makes ready what a process was given more than `seconds` ago and does not know of."""
    await tx.execute(_GIVE_UP, tx.user_id, worker, known, seconds)


async def fail_ready(tx: UserTx, task: UUID, fault: Fault) -> bool | None:
    """Ends a task that cannot even be seated; answers whether its agent has running ones, None if it is not ready."""
    return await tx.fetchval(_FAIL_READY, tx.user_id, fault.as_json(), task)


def _held(user_id: int, worker: str, row: asyncpg.Record) -> Held:
    if row["user_id"] != user_id:
        raise IsolationViolation
    return Held(
        user_id=user_id,
        id=row["id"],
        session_id=row["session_id"],
        run_id=row["run_id"],
        task_id=row["task_id"],
        kind=row["kind"],
        agent_id=row["assigned_agent"],
        message_id=row["message_id"],
        instruction=row["instruction"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        epoch=row["epoch"],
        worker=worker,
        config=row["config"],
        history=row["history"],
    )


_LOCK_AGENTS = """
select agent_id from user_agents
where user_id = $1 and agent_id in (
    select assigned_agent from tasks where user_id = $1 and status = 'ready' and not_before <= now()
)
order by agent_id for no key update
"""

# What a cancellation has locked meanwhile is left out, so a claim waits for no task and deadlocks with nobody.
_CLAIM = """
with seats as (
    select agent_id, config, s as seat, row_number() over (partition by agent_id order by s) as place
    from user_agents, generate_series(0, concurrency_limit - 1) s
    where user_id = $1 and agent_id = any($2::text[]) and not exists (
        select from tasks where user_id = $1 and assigned_agent = agent_id and status = 'running' and seat = s
    )
), queue as (
    select id, assigned_agent, row_number() over (partition by assigned_agent order by id) as place
    from tasks
    where user_id = $1 and assigned_agent = any($2::text[]) and status = 'ready' and not_before <= now()
), chosen as (
    select queue.id, seats.seat, seats.config from queue
    join seats on seats.agent_id = queue.assigned_agent and seats.place = queue.place
    order by queue.id limit $3
), locked as (
    select tasks.id from tasks join chosen on chosen.id = tasks.id
    where tasks.user_id = $1 and tasks.status = 'ready'
    for no key update of tasks skip locked
), seated as (
    update tasks set status = 'running', seat = chosen.seat, worker = $4, epoch = epoch + 1, started_at = now()
    from chosen join locked on locked.id = chosen.id
    where tasks.user_id = $1 and tasks.id = chosen.id and tasks.status = 'ready'
    returning tasks.*, chosen.config
), runs_started as (
    update runs set status = 'running' from seated
    where runs.user_id = $1 and runs.id = seated.run_id and runs.status in ('queued', 'waiting')
)
select user_id, id, session_id, run_id, task_id, kind, assigned_agent, message_id, instruction, attempt, max_attempts,
    epoch, config, history
from seated order by id
"""


def _fail(which: str) -> str:
    """Ends tasks without an answer: `$2` is the error."""
    return f"""
with doomed as (
    select id from tasks where user_id = $1 and {which} order by id for update skip locked
), failed as (
    update tasks set status = 'failed', seat = null, finished_at = now(), error = $2::jsonb
    from doomed where tasks.user_id = $1 and tasks.id = doomed.id
    returning tasks.id, run_id, session_id, message_id, assigned_agent, epoch
), answers as (
    insert into messages (user_id, id, session_id, run_id, role, content, agent_id, status, error, attempt)
    select $1, message_id, session_id, run_id, 'assistant', '', assigned_agent, 'failed', $2::jsonb, epoch from failed
    on conflict (user_id, id) do update set status = 'failed', error = excluded.error, attempt = excluded.attempt
), runs_failed as (
    update runs set status = 'failed', finished_at = now(), error = $2::jsonb
    from failed where runs.user_id = $1 and runs.id = failed.run_id
), agents_failed as (
    update user_agents set last_error = $2::jsonb
    from failed where user_agents.user_id = $1 and user_agents.agent_id = failed.assigned_agent
)
select exists (
    select from tasks other
    where other.user_id = $1 and other.assigned_agent = failed.assigned_agent and other.status = 'running'
        and other.id <> failed.id
) from failed
"""


_ORPHANED = """status = 'running'
    and not exists (select from workers where workers.id = tasks.worker and lease_until > now())"""

_FAIL_REPEATED = _fail(f"{_ORPHANED} and interruptions >= $3")

_FAIL_READY = _fail("id = $3 and status = 'ready'")

_GIVE_UP = """
update tasks set status = 'ready', seat = null, not_before = now()
where user_id = $1 and status = 'running' and worker = $2 and id <> all($3::uuid[])
    and started_at < now() - $4::double precision * interval '1 second'
"""

_TAKE_BACK = f"""
with orphaned as (
    select id from tasks where user_id = $1 and {_ORPHANED} order by id for update skip locked
)
update tasks set status = 'ready', seat = null, not_before = now(), interruptions = interruptions + 1
from orphaned where tasks.user_id = $1 and tasks.id = orphaned.id
returning tasks.id
"""
