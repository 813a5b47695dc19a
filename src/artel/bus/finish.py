"""What the holder of a task may write: every statement is fenced by (worker, epoch), refused once the lease is lost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from artel.bus.delegation import report
from artel.bus.graph import close_plan, lock_place
from artel.bus.model import DELEGATED, Answer, Fault, Finished, Held, LeaseLost, ModelUse, Onward
from artel.bus.park import lock_parked
from artel.kit.stored import stored_json
from artel.store.tx import UserTx


async def checkpoint(tx: UserTx, held: Held, history: Any, use: ModelUse | None, use_id: UUID) -> None:
    """Keeps the conversation of the task so far (JSON): a model's paid answer is never asked for twice.

    Raises:
        LeaseLost: the task is no longer held.
    """
    await _lock(tx, held)
    kept = await tx.fetchval(_CHECKPOINT, *_fence(held), _json(history), *_use(use, use_id))
    if kept is None:
        raise LeaseLost


async def finish(tx: UserTx, held: Held, answer: Answer, fault: Fault | None, use_id: UUID) -> tuple[Finished, bool]:
    """Ends a task that speaks for its run, or for the call that asked for it: answer, run, usage and the agent's last
    error in one statement.

    Answers what observers are told, and whether ready work waits for the seat. Ends of a plan's tasks: `bus.ends`.

    Raises:
        LeaseLost: the task is no longer held; nothing was written.
    """
    await _lock(tx, held)
    total = answer.total or answer.use
    row = await tx.fetchrow(
        _FINISH,
        *_fence(held),
        "failed" if fault else "done",
        answer.content,
        fault.as_json() if fault else None,
        usage_json(total),
        *_use(answer.use, use_id),
        total.cost if total else None,
        recalled_json(held),
    )
    if row is None:
        row = await _finished_before(tx, held, "failed" if fault else "done")
    if held.kind == DELEGATED:
        await report(tx, held.id, answer.content, fault)
    elif held.is_planned:
        await close_plan(tx, held.run_id, "failed" if fault else "completed")
    status = "failed" if fault else "complete"
    finished = Finished(status, answer.content, total, fault, row["agent_busy"], run_cost=row["run_cost"])
    return finished, row["agent_waits"]


async def move_on(tx: UserTx, held: Held, onward: Onward, use_id: UUID) -> tuple[Callable[[], None] | None, bool]:
    """Ends the task without an answer and writes what it set in motion.

    Answers what to tell after the commit (None: it was told, or is lost, with an earlier try), and whether the agent
    has other running tasks.

    Raises:
        LeaseLost: the task is no longer held; nothing was written.
    """
    await _lock(tx, held)
    row = await tx.fetchrow(_MOVE_ON, *_fence(held), *_use(onward.use, use_id))
    if row is None:
        row = await _finished_before(tx, held, "done")
        return None, row["agent_busy"]
    return await onward.then(tx), row["agent_busy"]


async def _finished_before(tx: UserTx, held: Held, status: str) -> asyncpg.Record:
    """A commit whose acknowledgement was lost on the way is found by the try that follows it."""
    row = await tx.fetchrow(_FINISHED, *_fence(held), status)
    if row is None:
        raise LeaseLost
    return row


async def _lock(tx: UserTx, held: Held) -> None:
    """Agents and runs are locked before tasks, where several tasks of a run may end at once."""
    if held.is_planned:
        await lock_place(tx, held)
    if held.parent is not None:
        await lock_parked(tx, held.parent)


async def charge(tx: UserTx, use_id: UUID, agent_id: str, use: ModelUse) -> None:
    """Writes down a model call of an agent's that belongs to no task."""
    await tx.execute(_CHARGE, tx.user_id, *_use(use, use_id), agent_id)


async def keep_stopped(tx: UserTx, held: Held, answer: Answer, use_id: UUID) -> Finished | None:
    """Keeps what a task had written so far that its user cancelled; None when it was retried or deleted meanwhile.

    A task that was stopped here by mistake (word of a cancellation that came after the retry) is handed back.
    """
    await _lock(tx, held)
    total = answer.total or answer.use
    row = await tx.fetchrow(
        _KEEP_STOPPED,
        *_fence(held),
        answer.content,
        usage_json(total),
        *_use(answer.use, use_id),
        total.cost if total else None,
        recalled_json(held),
    )
    if row is None:
        await hand_back(tx, held)
        return None
    return Finished("cancelled", answer.content, total, None, row["agent_busy"])


async def retry_later(tx: UserTx, held: Held, fault: Fault, delay: float, use: ModelUse | None, use_id: UUID) -> bool:
    """Puts the task back for another try in `delay` seconds; False when the lease was lost."""
    await _lock(tx, held)
    fields = (*_fence(held), delay, fault.as_json(), *_use(use, use_id))
    return await tx.fetchval(_RETRY_LATER, *fields) is not None


async def hand_back(tx: UserTx, held: Held) -> None:
    """Leaves the task to another process, as if it had never been started here."""
    await tx.execute(_HAND_BACK, *_fence(held))


def _fence(held: Held) -> tuple[int, UUID, str, int]:
    return held.user_id, held.id, held.worker, held.epoch


def _use(
    use: ModelUse | None, use_id: UUID
) -> tuple[UUID | None, str | None, str | None, int, int, Decimal | None, bool]:
    if use is None:
        return None, None, None, 0, 0, None, False
    return use_id, use.provider, use.model, use.input_tokens, use.output_tokens, use.cost, use.estimated


def usage_json(use: ModelUse | None) -> str | None:
    """Tokens as a message stores them."""
    return _json({"input_tokens": use.input_tokens, "output_tokens": use.output_tokens}) if use else None


def recalled_json(held: Held) -> str | None:
    """What a task's model was told of memory, as a message stores it."""
    return _json(held.recalled) if held.recalled is not None else None


def _json(value: Any) -> str:
    return stored_json(value)


def _spent(first: int, task: str) -> str:
    """The statement part that stores a model call, once: its values are $first and the six after it."""
    return f"""spent as (
    insert into usage (
        user_id, id, run_id, task_id, agent_id, provider, model, input_tokens, output_tokens, cost, estimated
    )
    select $1, ${first}::uuid, run_id, task_id, assigned_agent, ${first + 1}::text, ${first + 2}::text,
        ${first + 3}::bigint, ${first + 4}::bigint, ${first + 5}::numeric, ${first + 6}::boolean
    from {task} where ${first}::uuid is not null
    on conflict (user_id, id) do nothing returning run_id, cost
)"""


_CHARGED = """run as (
    update runs set cost = runs.cost + spent.cost from spent where runs.user_id = $1 and runs.id = spent.run_id
)"""
"""Adds a model call to its run, where the run changes in nothing else. One unknown price (null) makes the sum so."""

_HELD = "user_id = $1 and id = $2 and worker = $3 and epoch = $4"

_OTHERS_RUNNING = """exists (
    select from tasks other
    where other.user_id = $1 and other.assigned_agent = ended.assigned_agent
        and other.status = 'running' and other.id <> $2
) as agent_busy"""

_OTHERS_WAIT = """exists (
    select from tasks ready
    where ready.user_id = $1 and ready.assigned_agent = ended.assigned_agent and ready.status = 'ready'
) as agent_waits"""

_CHECKPOINT = f"""
with kept as (
    update tasks set history = $5::jsonb, interruptions = 0
    where {_HELD} and status = 'running' returning run_id, task_id, assigned_agent
), {_spent(6, "kept")}, {_CHARGED}
select true from kept
"""

_CHARGE = """
insert into usage (user_id, id, provider, model, input_tokens, output_tokens, cost, estimated, agent_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (user_id, id) do nothing
"""

_FINISH = f"""
with ended as (
    update tasks set status = $5, seat = null, lane = null, finished_at = now(), error = $7::jsonb
    where {_HELD} and status = 'running'
    returning run_id, task_id, session_id, message_id, assigned_agent, kind
), {_spent(9, "ended")}, answer as (
    insert into messages (
        user_id, id, session_id, run_id, role, content, agent_id, status, error, usage, cost, attempt, task_id,
        recalled
    )
    select $1, message_id, session_id, run_id, 'assistant', $6, assigned_agent,
        case $5 when 'done' then 'complete' else 'failed' end, $7::jsonb, $8::jsonb, $16::numeric, $4,
        case kind when '{DELEGATED}' then task_id end, $17::jsonb
    from ended
    on conflict (user_id, id) do update set content = excluded.content, status = excluded.status,
        error = excluded.error, usage = excluded.usage, cost = excluded.cost, attempt = excluded.attempt,
        recalled = excluded.recalled
), run as (
    update runs set
        status = case when kind = '{DELEGATED}' then runs.status when $5 = 'done' then 'completed' else 'failed' end,
        finished_at = case when kind <> '{DELEGATED}' then now() end,
        error = case when kind <> '{DELEGATED}' then $7::jsonb end,
        cost = case when $9::uuid is null then runs.cost else runs.cost + $14::numeric end
    from ended where runs.user_id = $1 and runs.id = ended.run_id
    returning runs.cost
), agent as (
    update user_agents set last_error = $7::jsonb from ended
    where user_id = $1 and agent_id = ended.assigned_agent and last_error is distinct from $7::jsonb
)
select {_OTHERS_RUNNING}, {_OTHERS_WAIT}, (select cost from run) as run_cost from ended
"""

_MOVE_ON = f"""
with ended as (
    update tasks set status = 'done', seat = null, lane = null, finished_at = now(), error = null
    where {_HELD} and status = 'running'
    returning run_id, task_id, assigned_agent
), {_spent(5, "ended")}, {_CHARGED}
select {_OTHERS_RUNNING} from ended
"""

_FINISHED = f"""
select {_OTHERS_RUNNING}, {_OTHERS_WAIT}, (
    select cost from runs where runs.user_id = $1 and runs.id = ended.run_id
) as run_cost
from tasks ended where {_HELD} and status = $5
"""

_KEEP_STOPPED = f"""
with ended as (
    select run_id, task_id, session_id, message_id, assigned_agent from tasks
    where {_HELD} and status = 'cancelled' for update
), {_spent(7, "ended")}, answer as (
    update messages set content = $5, usage = $6::jsonb, cost = $14::numeric, recalled = $15::jsonb from ended
    where messages.user_id = $1 and messages.id = ended.message_id and messages.status = 'cancelled'
), {_CHARGED}
select {_OTHERS_RUNNING} from ended
"""

_RETRY_LATER = f"""
with ended as (
    update tasks set status = 'ready', seat = null, lane = null, attempt = attempt + 1, error = $6::jsonb,
        not_before = now() + $5::double precision * interval '1 second'
    where {_HELD} and status = 'running' returning run_id, task_id, assigned_agent
), {_spent(7, "ended")}, {_CHARGED}
select true from ended
"""

_HAND_BACK = f"""
update tasks set status = 'ready', seat = null, lane = null, worker = null, not_before = now()
where {_HELD} and status = 'running'
"""
