"""Stops work by its user's word: in the database first, so that it holds whoever is alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from artel.bus.delegation import report
from artel.bus.graph import advance, lock_run
from artel.bus.model import DELEGATED, TASK, Fault, NoSuchAgent, NoSuchRun, NoSuchSession, NoSuchTask, Progress, Stopped
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Halt:
    """What a user's word stopped: tasks, whole runs (by chat and id), and approvals that need no answer any more."""

    tasks: Sequence[Stopped] = ()
    runs: Sequence[tuple[int, UUID]] = ()
    approvals: Sequence[tuple[int, UUID, UUID]] = ()
    """By chat, run and id."""
    progress: Progress | None = None
    """Of the run, where only one of its tasks was stopped."""


async def cancel_run(tx: UserTx, run_id: UUID) -> Halt:
    """Cancels what is unfinished of a run; nothing of a run that is over.

    Raises:
        NoSuchRun: there is none of this user.
    """
    if await _mode(tx, run_id) == "auto":
        await lock_run(tx, run_id)
    # The run of a direct call is not locked: whoever ends its task has locked the task first, then wants the run.
    tasks = await _cancel(tx, "run_id = $2", run_id)
    return await _close(tx, tasks, [run_id])


async def cancel_task(tx: UserTx, run_id: UUID, name: str, next_id: UUID) -> Halt:
    """Cancels one task of a run: what waits for it is skipped, and the rest goes on. A task without which there is
    nothing to wait for (planning, the synthesis, a direct answer) takes its run along.

    Raises:
        NoSuchRun, NoSuchTask: there is none of this user.
    """
    planned = await _mode(tx, run_id) == "auto"
    if planned:
        await lock_run(tx, run_id)
    kind = await tx.fetchval(_KIND, tx.user_id, run_id, name)
    if kind is None:
        raise NoSuchTask
    if kind == DELEGATED:
        return await _cancel_delegated(tx, run_id, name)
    if kind != TASK:
        return await _close(tx, await _cancel(tx, "run_id = $2", run_id), [run_id])
    tasks = await _cancel(tx, _WITH_CHILDREN, run_id, name)
    if not tasks:
        return Halt()
    return await _close(tx, tasks, progress=await advance(tx, run_id, next_id, [name]))


async def _cancel_delegated(tx: UserTx, run_id: UUID, name: str) -> Halt:
    """The one that asked hears that its question was stopped, and goes on."""
    await tx.execute(_LOCK_ASKER, tx.user_id, run_id, name)
    tasks = await _cancel(tx, _WITH_CHILDREN, run_id, name)
    for task in tasks:
        await report(tx, task.task, "", _STOPPED)
    return await _close(tx, tasks)


async def cancel_agent(tx: UserTx, agent_id: str) -> Halt:
    """Cancels every run in which an agent has unfinished tasks. The agent stays locked: nothing new starts until the
    transaction ends.

    Raises:
        NoSuchAgent: there is none of this user.
    """
    if await tx.fetchval(_LOCK_AGENT, tx.user_id, agent_id) is None:
        raise NoSuchAgent
    runs = [row["id"] for row in await tx.fetch(_LOCK_RUNS_OF_AGENT, tx.user_id, agent_id)]
    await tx.execute(_LOCK_ASKERS_OF_AGENT, tx.user_id, agent_id)
    tasks = await _cancel(tx, _OF_AGENT, agent_id, runs)
    # Whoever had asked it goes on without it; a run whose own task was stopped ends.
    ended = [*runs, *(task.run_id for task in tasks if task.kind != DELEGATED)]
    for task in tasks:
        if task.kind == DELEGATED and task.run_id not in ended:
            await report(tx, task.task, "", _GONE)
    return await _close(tx, tasks, ended)


async def cancel_session(tx: UserTx, session_id: int) -> Halt:
    """Cancels every unfinished task of a chat, which stays locked until the transaction ends.

    Raises:
        NoSuchSession: there is none of this user.
    """
    if await tx.fetchval(_LOCK_SESSION, tx.user_id, session_id) is None:
        raise NoSuchSession
    runs = [row["id"] for row in await tx.fetch(_LOCK_RUNS_OF_SESSION, tx.user_id, session_id)]
    # What is over may still be written to (the last words of a stopped task), and a deletion would come across it.
    await tx.execute(_LOCK_TASKS, tx.user_id, session_id)
    tasks = await _cancel(tx, "session_id = $2", session_id)
    return await _close(tx, tasks, [*runs, *(task.run_id for task in tasks)])


async def _mode(tx: UserTx, run_id: UUID) -> str:
    mode: str | None = await tx.fetchval("select mode from runs where user_id = $1 and id = $2", tx.user_id, run_id)
    if mode is None:
        raise NoSuchRun
    return mode


async def _cancel(tx: UserTx, which: str, *values: object) -> list[Stopped]:
    rows = await tx.fetch(_CANCEL.replace("{which}", which), tx.user_id, *values)
    return [
        Stopped(
            session_id=row["session_id"],
            run_id=row["run_id"],
            task=row["id"],
            agent_id=row["assigned_agent"],
            message_id=row["message_id"],
            epoch=row["epoch"],
            worker=row["worker"],
            task_id=row["task_id"],
            kind=row["kind"],
            said=row["said"],
        )
        for row in rows
    ]


async def _close(
    tx: UserTx, tasks: Sequence[Stopped], run_ids: Sequence[UUID] = (), progress: Progress | None = None
) -> Halt:
    """Ends these runs, and takes back what they, or these tasks, asked of their user."""
    runs = await tx.fetch(_CLOSE_RUNS, tx.user_id, list(dict.fromkeys(run_ids))) if run_ids else []
    closed = [row["id"] for row in runs]
    involved = [*closed, *(task.run_id for task in tasks)]
    stopped = [task.task for task in tasks]
    approvals = await tx.fetch(_CLOSE_APPROVALS, tx.user_id, involved, closed, stopped) if involved else []
    return Halt(
        tasks,
        [(row["session_id"], row["id"]) for row in runs],
        [(row["session_id"], row["run_id"], row["id"]) for row in approvals],
        progress,
    )


_STOPPED = Fault("cancelled", "The user stopped this task. Go on without it.")

_GONE = Fault("cancelled", "The user deleted this agent. Go on without it.")

# As at the end of what was asked: the one that asked is locked first.
_LOCK_ASKER = """
select from tasks where user_id = $1 and id in (
    select parent from tasks where user_id = $1 and run_id = $2 and task_id = $3
) order by id for no key update
"""

_LOCK_ASKERS_OF_AGENT = """
select from tasks where user_id = $1 and id in (
    select parent from tasks
    where user_id = $1 and assigned_agent = $2 and status in ('ready', 'running', 'waiting')
) order by id for no key update
"""

_OF_AGENT = """(run_id = any($3::uuid[]) or id in (
    with recursive family (id) as (
        select id from tasks
        where user_id = $1 and assigned_agent = $2 and status in ('pending', 'ready', 'running', 'waiting')
        union
        select tasks.id from family join tasks on tasks.user_id = $1 and tasks.parent = family.id
    )
    select id from family
))"""

# What it asked of others is stopped with it.
_WITH_CHILDREN = """run_id = $2 and id in (
    with recursive family (id) as (
        select id from tasks where user_id = $1 and run_id = $2 and task_id = $3
        union all
        select tasks.id from family join tasks on tasks.user_id = $1 and tasks.run_id = $2 and tasks.parent = family.id
    )
    select id from family
)"""

_KIND = "select kind from tasks where user_id = $1 and run_id = $2 and task_id = $3"

_LOCK_AGENT = "select id from user_agents where user_id = $1 and agent_id = $2 for update"
# Not the strongest lock: whoever ends a task stores a message, which needs its chat to stay, and need not wait for us.
_LOCK_SESSION = "select id from chat_sessions where user_id = $1 and id = $2 for no key update"

_LOCK_TASKS = "select from tasks where user_id = $1 and session_id = $2 order by id for update"

_LOCK_RUNS_OF_AGENT = """
select id from runs
where user_id = $1 and mode = 'auto' and id in (
    select run_id from tasks
    where user_id = $1 and assigned_agent = $2 and status in ('pending', 'ready', 'running', 'waiting')
)
order by id for no key update
"""

_LOCK_RUNS_OF_SESSION = """
select id from runs
where user_id = $1 and session_id = $2 and mode = 'auto' and status in ('queued', 'running', 'waiting')
order by id for no key update
"""

# The answer's row is written at once, empty: whoever streams it puts the text so far into it. A plan's task that has
# never begun has nothing to say.
_CANCEL = f"""
with unfinished as (
    select id, status from tasks
    where user_id = $1 and {{which}} and status in ('pending', 'ready', 'running', 'waiting')
    order by id for update
), stopped as (
    update tasks set status = 'cancelled', seat = null, lane = null, finished_at = now()
    from unfinished where tasks.user_id = $1 and tasks.id = unfinished.id
    returning tasks.session_id, tasks.run_id, tasks.id, tasks.task_id, tasks.kind, tasks.assigned_agent,
        tasks.message_id, tasks.epoch, case unfinished.status when 'running' then tasks.worker end as worker,
        case unfinished.status when 'waiting' then coalesce(tasks.said, '') else '' end as said
), calls as (
    update tool_calls set status = 'cancelled', finished_at = now()
    from stopped where tool_calls.user_id = $1 and tool_calls.task = stopped.id
        and tool_calls.status in ('open', 'waiting', 'running')
), answers as (
    insert into messages (
        user_id, id, session_id, run_id, role, content, agent_id, status, attempt, task_id
    )
    select distinct on (message_id)
        $1::bigint, message_id, session_id, run_id, 'assistant', said, assigned_agent, 'cancelled', epoch,
        case when kind in ('{TASK}', '{DELEGATED}') then task_id end
    from stopped where kind <> '{TASK}' or epoch > 0 order by message_id, epoch desc
    on conflict (user_id, id) do update set status = 'cancelled', content = excluded.content, error = null,
        attempt = excluded.attempt
)
select * from stopped
"""

_CLOSE_RUNS = """
with closed as (
    update runs set status = 'cancelled', finished_at = now()
    where user_id = $1 and id = any($2::uuid[]) and status in ('queued', 'running', 'waiting')
    returning id, session_id, answer_id, agent_id
), answers as (
    insert into messages (user_id, id, session_id, run_id, role, content, agent_id, status)
    select $1, answer_id, session_id, id, 'assistant', '', agent_id, 'cancelled' from closed
    on conflict (user_id, id) do nothing
), plans_closed as (
    update plans set status = 'cancelled' from closed
    where plans.user_id = $1 and plans.run_id = closed.id and plans.status in ('proposed', 'running')
)
select id, session_id from closed
"""

_CLOSE_APPROVALS = """
update approval_requests set status = 'cancelled', resolved_at = now()
where user_id = $1 and run_id = any($2::uuid[]) and status = 'pending'
    and (run_id = any($3::uuid[]) or task = any($4::uuid[]))
returning id, session_id, run_id
"""
