"""Stops and restarts work by its user's word: in the database first, so that it holds whoever is alive."""

from __future__ import annotations

from uuid import UUID

from artel.bus.model import NoSuchAgent, NoSuchSession, Stopped
from artel.bus.submit import AgentInactive
from artel.kit.errors import Conflict, NotFound
from artel.store.tx import UserTx


class NoSuchRun(NotFound):
    """You have no run under this id."""


class NotRetryable(Conflict):
    """Only a run that failed or was stopped can be tried again."""

    slug = "not-retryable"


class AgentDeleted(Conflict):
    """The agent that this run belongs to was deleted. Send the message to another one."""

    slug = "agent-deleted"


async def cancel_run(tx: UserTx, run_id: UUID) -> list[Stopped]:
    """Cancels what is unfinished of a run; nothing of a run that is over.

    Raises:
        NoSuchRun: there is none of this user.
    """
    # The run itself is not locked: whoever ends a task has locked the task first, then wants the run.
    if await tx.fetchval("select id from runs where user_id = $1 and id = $2", tx.user_id, run_id) is None:
        raise NoSuchRun
    return await _cancel(tx, "run_id = $2", run_id)


async def cancel_agent(tx: UserTx, agent_id: str) -> list[Stopped]:
    """Cancels every unfinished task of an agent, which stays locked: nothing new starts until the transaction ends.

    Raises:
        NoSuchAgent: there is none of this user.
    """
    if await tx.fetchval(_LOCK_AGENT, tx.user_id, agent_id) is None:
        raise NoSuchAgent
    return await _cancel(tx, "assigned_agent = $2", agent_id)


async def cancel_session(tx: UserTx, session_id: int) -> list[Stopped]:
    """Cancels every unfinished task of a chat, which stays locked until the transaction ends.

    Raises:
        NoSuchSession: there is none of this user.
    """
    if await tx.fetchval(_LOCK_SESSION, tx.user_id, session_id) is None:
        raise NoSuchSession
    # What is over may still be written to (the last words of a stopped task), and a deletion would come across it.
    await tx.execute(_LOCK_TASKS, tx.user_id, session_id)
    return await _cancel(tx, "session_id = $2", session_id)


async def retry_run(tx: UserTx, run_id: UUID) -> None:
    """Makes the failed and cancelled tasks of a run ready again.

    Raises:
        NoSuchRun, NotRetryable, AgentDeleted, AgentInactive: nothing was changed.
    """
    if await tx.fetchval("select id from runs where user_id = $1 and id = $2", tx.user_id, run_id) is None:
        raise NoSuchRun
    agents = await tx.fetch(_LOCK_AGENTS_OF_RUN, tx.user_id, run_id)
    await tx.execute(_LOCK_TASKS_OF_RUN, tx.user_id, run_id)
    if await tx.fetchval("select status from runs where user_id = $1 and id = $2", tx.user_id, run_id) not in _OVER:
        raise NotRetryable
    wanted = {row["assigned_agent"] for row in await tx.fetch(_RETRY, tx.user_id, run_id)}
    if wanted - {agent["agent_id"] for agent in agents}:
        raise AgentDeleted
    if not all(agent["is_active"] for agent in agents):
        raise AgentInactive


async def _cancel(tx: UserTx, which: str, value: object) -> list[Stopped]:
    rows = await tx.fetch(_CANCEL.replace("{which}", which), tx.user_id, value)
    return [
        Stopped(
            session_id=row["session_id"],
            run_id=row["run_id"],
            task=row["id"],
            agent_id=row["assigned_agent"],
            message_id=row["message_id"],
            epoch=row["epoch"],
            worker=row["worker"],
        )
        for row in rows
    ]


_OVER = ("failed", "cancelled")

_LOCK_AGENT = "select id from user_agents where user_id = $1 and agent_id = $2 for update"
# Not the strongest lock: whoever ends a task stores a message, which needs its chat to stay, and need not wait for us.
_LOCK_SESSION = "select id from chat_sessions where user_id = $1 and id = $2 for no key update"

_LOCK_TASKS = "select from tasks where user_id = $1 and session_id = $2 order by id for update"
_LOCK_TASKS_OF_RUN = "select from tasks where user_id = $1 and run_id = $2 order by id for update"

_LOCK_AGENTS_OF_RUN = """
select agent_id, is_active from user_agents
where user_id = $1 and agent_id in (select assigned_agent from tasks where user_id = $1 and run_id = $2)
order by agent_id for no key update
"""

# The answer's row is written at once, empty: whoever streams it puts the text so far into it.
_CANCEL = """
with unfinished as (
    select id, status from tasks
    where user_id = $1 and {which} and status in ('pending', 'ready', 'running', 'waiting')
    order by id for update
), stopped as (
    update tasks set status = 'cancelled', seat = null, finished_at = now()
    from unfinished where tasks.user_id = $1 and tasks.id = unfinished.id
    returning tasks.session_id, tasks.run_id, tasks.id, tasks.assigned_agent, tasks.message_id, tasks.epoch,
        case unfinished.status when 'running' then tasks.worker end as worker
), answers as (
    insert into messages (user_id, id, session_id, run_id, role, content, agent_id, status, attempt)
    select $1, message_id, session_id, run_id, 'assistant', '', assigned_agent, 'cancelled', epoch from stopped
    on conflict (user_id, id) do update set status = 'cancelled', content = '', error = null, attempt = excluded.attempt
), runs_stopped as (
    update runs set status = 'cancelled', finished_at = now()
    where user_id = $1 and id in (select run_id from stopped) and status in ('queued', 'running', 'waiting')
)
select * from stopped
"""

_RETRY = """
with again as (
    update tasks set status = 'ready', attempt = 0, interruptions = 0, error = null, finished_at = null, worker = null,
        not_before = now()
    where user_id = $1 and run_id = $2 and status in ('failed', 'cancelled')
    returning message_id, assigned_agent
), gone as (
    delete from messages where user_id = $1 and id in (select message_id from again)
), run as (
    update runs set status = 'queued', error = null, finished_at = null where user_id = $1 and id = $2
)
select distinct assigned_agent from again
"""
