"""Work that one agent gives to another of the same team: a task of the same run, for which the asking one parks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from artel.bus.model import DELEGATED, MAX_ATTEMPTS, Fault, LeaseLost
from artel.bus.park import go_on
from artel.kit.stored import stored_json
from artel.store.tx import UserTx

MAX_DEPTH: Final = 3
"""So many tasks may wait for each other."""
MAX_CHILDREN: Final = 20
"""So many times one task may ask others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one agent asks of another: the asking task with its fence, the call, the ids to store under."""

    parent: UUID
    call_id: str
    agent_id: str
    instruction: str
    task: UUID
    message_id: UUID


class CannotAsk(Exception):
    """The agent cannot be asked; the text says why."""


async def ask(tx: UserTx, asked: Asked) -> bool:
    """Stores the task of the one who is asked, and lets the call wait for it. False: it was asked before, and goes on.

    Raises:
        CannotAsk: there is no such active agent, it waits for the answer itself, or the chain is too long.
        LeaseLost: the asking task is not running any more.
    """
    parent = await tx.fetchrow(_PARENT, tx.user_id, asked.parent)
    if parent is None:
        raise LeaseLost
    # Counted by the next statement: two calls of one answer ask at once, and the lock's snapshot is from before it.
    children: int = await tx.fetchval(_CHILDREN, tx.user_id, parent["run_id"], asked.parent)
    _check(parent["depth"], children)
    chain = {row["assigned_agent"] for row in await tx.fetch(_CHAIN, tx.user_id, asked.parent)}
    if asked.agent_id in chain:
        raise CannotAsk("This agent waits for your answer itself and cannot be asked.")
    active = await tx.fetchval(_ACTIVE, tx.user_id, asked.agent_id)
    if active is None:
        raise CannotAsk("There is no such active agent in the team.")
    # No name that a planner or a user would give.
    name = f"ask-{asked.task.hex[-12:]}"
    made = await tx.fetchval(
        _ASK, tx.user_id, asked.parent, asked.call_id, asked.task, name, asked.agent_id, asked.instruction,
        asked.message_id, parent["depth"] + 1,
    )  # fmt: skip
    await tx.execute(_WAIT, tx.user_id, asked.parent, asked.call_id)
    return made is not None


async def report(tx: UserTx, child: UUID, text: str, fault: Fault | None) -> None:
    """Answers the call that a task was made for, and lets the asking one go on. The caller has locked that one."""
    value = {"error": fault.detail} if fault else {"answer": text}
    parent = await tx.fetchval(_REPORT, tx.user_id, child, "failed" if fault else "ok", stored_json(value))
    if parent is not None:
        await go_on(tx, parent)


def _check(depth: int, children: int) -> None:
    if depth + 1 > MAX_DEPTH:
        raise CannotAsk(f"At most {MAX_DEPTH} agents may wait for each other: answer with what you have.")
    if children >= MAX_CHILDREN:
        raise CannotAsk(f"You have asked others {MAX_CHILDREN} times: answer with what you have.")


_PARENT = """
select run_id, depth from tasks where user_id = $1 and id = $2 and status = 'running' for no key update
"""

_CHILDREN = "select count(*) from tasks where user_id = $1 and run_id = $2 and parent = $3"

_CHAIN = """
with recursive chain (parent, assigned_agent) as (
    select parent, assigned_agent from tasks where user_id = $1 and id = $2
    union all
    select tasks.parent, tasks.assigned_agent from chain join tasks on tasks.user_id = $1 and tasks.id = chain.parent
)
select assigned_agent from chain
"""

_ACTIVE = """
select agent_id from user_agents where user_id = $1 and agent_id = $2 and is_active and not is_orchestrator
"""

_ASK = f"""
insert into tasks (
    user_id, id, session_id, run_id, task_id, kind, assigned_agent, status, instruction, message_id, max_attempts,
    plan_id, parent, parent_call, depth
)
select $1, $4, session_id, run_id, $5, '{DELEGATED}', $6, 'ready', $7, $8, {MAX_ATTEMPTS}, plan_id, $2, $3, $9
from tasks where user_id = $1 and id = $2
on conflict (user_id, parent, parent_call) where parent is not null and status not in ('failed', 'cancelled') do nothing
returning id
"""

# A child that is done already has answered the call: there is nothing to wait for.
_WAIT = """
update tool_calls set status = 'waiting'
where user_id = $1 and task = $2 and call_id = $3 and status in ('open', 'running')
"""

_REPORT = """
update tool_calls set status = $3, finished_at = now(),
    result = jsonb_build_object('value', $4::jsonb || jsonb_build_object('task_id', child.task_id)), cost = (
    select cost from messages where messages.user_id = $1 and messages.id = child.message_id
)
from tasks child
where child.user_id = $1 and child.id = $2 and tool_calls.user_id = $1 and tool_calls.task = child.parent
    and tool_calls.call_id = child.parent_call and tool_calls.status in ('waiting', 'running', 'open')
returning tool_calls.task
"""
