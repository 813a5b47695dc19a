"""Tasks that wait for something outside of them: they hold no seat, no lane and no memory, only rows."""

from __future__ import annotations

from uuid import UUID

from artel.bus.graph import lock_place
from artel.bus.model import Held, LeaseLost, Parked
from artel.store.tx import UserTx


async def park(tx: UserTx, held: Held, parked: Parked) -> bool:
    """Gives the seat back until nothing is waited for. Answers whether the agent has other running tasks.

    Raises:
        LeaseLost: the task is no longer held; nothing was written.
    """
    if held.is_planned:
        await lock_place(tx, held)
    fence = (held.user_id, held.id, held.worker, held.epoch)
    row = await tx.fetchrow(_PARK, *fence, parked.said)
    if row is None:
        raise LeaseLost
    # Whoever answers locks the task first: what was answered before we had it is seen now.
    await go_on(tx, held.id)
    return row["agent_busy"]


async def lock_parked(tx: UserTx, task: UUID) -> bool:
    """Locks a task before what it waits for is answered; False when it is not there any more."""
    return await tx.fetchrow(_LOCK, tx.user_id, task) is not None


async def go_on(tx: UserTx, task: UUID) -> None:
    """Lets a parked task go on if it waits for nothing else; the caller has locked it."""
    await tx.execute(_READY, tx.user_id, task)


_PARK = """
with parked as (
    update tasks set status = 'waiting', seat = null, lane = null, said = $5, interruptions = 0
    where user_id = $1 and id = $2 and worker = $3 and epoch = $4 and status = 'running'
    returning assigned_agent
)
select exists (
    select from tasks other
    where other.user_id = $1 and other.assigned_agent = parked.assigned_agent
        and other.status = 'running' and other.id <> $2
) as agent_busy from parked
"""

_LOCK = "select from tasks where user_id = $1 and id = $2 for no key update"

_READY = """
update tasks set status = 'ready', not_before = now()
where user_id = $1 and id = $2 and status = 'waiting' and not exists (
    select from tool_calls
    where tool_calls.user_id = $1 and tool_calls.task = $2 and tool_calls.status = 'waiting'
)
"""
