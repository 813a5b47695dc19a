"""Ends of one plan's tasks, several in one transaction, and what can begin because of them in the same one.

Tasks of a plan often end together, and each end lets others begin. Written one by one, every end would wait for the
run's lock and every beginning for a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from artel.bus.finish import recalled_json, usage_json
from artel.bus.graph import SPENT, conclude
from artel.bus.model import TASK, Answer, Fault, Finished, Held, Progress
from artel.bus.step import Step, step_of
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class End:
    """A task of a plan that came to its end. `use_id`: of the usage row, the same however often it is tried."""

    held: Held
    answer: Answer
    fault: Fault | None
    use_id: UUID


@dataclass(frozen=True, slots=True)
class Ended:
    """What was written."""

    finished: Sequence[Finished | None]
    """For each end; None: its lease was lost."""
    seated: Sequence[Held]
    """What begins now, here."""
    more_waits: bool
    """There is ready work that was not looked at here."""


async def write_ends(tx: UserTx, ends: Sequence[End], next_id: UUID, worker: str, room: int) -> Ended:
    """Ends tasks of one run (of the same process), draws the consequences, and seats up to `room` tasks.

    next_id: of the task that may follow from it.
    """
    run_id = ends[0].held.run_id
    ids, given = [end.held.id for end in ends], orjson.dumps([_row(end) for end in ends]).decode()
    rows = await tx.fetch(_END, tx.user_id, run_id, ids, given, worker, room)
    if not rows:
        return Ended([None] * len(ends), [], more_waits=False)
    plan = step_of(tx.user_id, worker, room, rows)
    progress = await conclude(tx, run_id, next_id, plan)
    finished: list[Finished | None] = []
    ended: list[UUID] = rows[0]["ended"]
    left = len(ended)
    for end in ends:
        if end.held.id in ended:
            left -= 1
            finished.append(_finished(end, plan, _share(progress, left)))
        else:
            finished.append(None)
    return Ended(finished, plan.seated, plan.more_waits or plan.over == plan.total)


def _share(progress: Progress, left: int) -> Progress:
    """What is told with one end of several, before `left` others: the last one tells what else came of it."""
    return progress if not left else Progress(progress.over - len(progress.skipped) - left, progress.total)


def _finished(end: End, plan: Step, progress: Progress) -> Finished:
    total = end.answer.total or end.answer.use
    status = "failed" if end.fault else "complete"
    return Finished(status, end.answer.content, total, end.fault, end.held.agent_id in plan.busy, progress)


def _row(end: End) -> dict[str, Any]:
    held, use = end.held, end.answer.use
    total = end.answer.total or use
    return {
        "id": str(held.id),
        "worker": held.worker,
        "epoch": held.epoch,
        "status": "failed" if end.fault else "done",
        "message": "failed" if end.fault else "complete",
        "content": end.answer.content,
        "error": {"code": end.fault.code, "detail": end.fault.detail} if end.fault else None,
        "usage": orjson.Fragment(usage_json(total) or "null"),
        "cost": None if total is None or total.cost is None else str(total.cost),
        "use_id": str(end.use_id) if use else None,
        "provider": use.provider if use else None,
        "model": use.model if use else None,
        "input_tokens": use.input_tokens if use else 0,
        "output_tokens": use.output_tokens if use else 0,
        "use_cost": None if use is None or use.cost is None else str(use.cost),
        "estimated": use.estimated if use else False,
        "recalled": orjson.Fragment(recalled_json(held) or "null"),
    }


# The agents are locked first, in their order, then the run, then the tasks: each join asks for what comes before it.
# Unlike a look, a write may come in the locking statement: a row that was changed while it waited is read again. The
# step looks, and has a statement of its own inside.
_END = f"""
with agents as materialized (
    select agent_id from user_agents
    where user_id = $1 and agent_id in (
        select assigned_agent from tasks
        where user_id = $1 and run_id = $2 and kind = '{TASK}'
            and (status in ('pending', 'ready') or id = any($3::uuid[]))
    )
    order by agent_id for no key update
), named as (
    select coalesce(array_agg(agent_id), '{{}}') as agents from agents
), locked as materialized (
    select named.agents from runs cross join named
    where runs.user_id = $1 and runs.id = $2 for no key update of runs
), given as (
    select * from jsonb_to_recordset($4::jsonb) given (
        id uuid, worker text, epoch bigint, status text, message text, content text, error jsonb, usage jsonb,
        cost numeric, use_id uuid, provider text, model text, input_tokens bigint, output_tokens bigint,
        use_cost numeric, estimated boolean, recalled jsonb
    )
), ended as (
    update tasks set status = given.status, seat = null, lane = null, finished_at = now(), error = given.error
    from given cross join locked
    where tasks.user_id = $1 and tasks.id = any($3::uuid[]) and tasks.id = given.id
        and tasks.worker = given.worker and tasks.epoch = given.epoch
        and (tasks.status = 'running' or tasks.status = given.status)
    returning tasks.session_id, tasks.message_id, tasks.assigned_agent, tasks.task_id, given.*
), spent as (
    insert into usage (
        user_id, id, run_id, agent_id, task_id, provider, model, input_tokens, output_tokens, cost, estimated
    )
    select $1, use_id, $2, assigned_agent, task_id, provider, model, input_tokens, output_tokens, use_cost, estimated
    from ended where use_id is not null
    on conflict (user_id, id) do nothing returning cost
), answers as (
    insert into messages (
        user_id, id, session_id, run_id, role, content, agent_id, status, error, usage, cost, attempt, task_id,
        recalled
    )
    select $1, message_id, session_id, $2, 'assistant', content, assigned_agent, message, error, usage, cost, epoch,
        task_id, recalled
    from ended
    on conflict (user_id, id) do update set content = excluded.content, status = excluded.status,
        error = excluded.error, usage = excluded.usage, cost = excluded.cost, attempt = excluded.attempt,
        recalled = excluded.recalled
), charged as (
    update runs set cost = runs.cost + bill.cost
    from (
        select count(*) as calls, case when count(cost) = count(*) then sum(cost) end as cost from spent
    ) bill
    where runs.user_id = $1 and runs.id = $2 and bill.calls > 0
), troubled as (
    update user_agents set last_error = last.error
    from (
        select distinct on (assigned_agent) assigned_agent, error from ended order by assigned_agent, error nulls last
    ) last
    where user_agents.user_id = $1 and user_agents.agent_id = last.assigned_agent
        and user_agents.last_error is distinct from last.error
)
select news.ended, step.* from (
    select locked.agents, array_agg(id) as ended,
        coalesce(array_agg(task_id) filter (where status = 'done'), '{{}}') as done,
        coalesce(array_agg(task_id) filter (where status = 'failed'), '{{}}') as lost,
        coalesce(bool_or(error ->> 'code' in {SPENT}), false) as all_is_lost
    from locked cross join ended group by locked.agents
) news cross join lateral step_plan($1, $2, done, lost, all_is_lost, agents, $5, $6) step
"""
