"""A step of a plan, in one statement: what waits for nothing more becomes ready, or sits down at once.

Who takes one has locked the run, and the agents whose tasks may sit down, in a statement before this one.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from artel.bus.model import TASK, Held
from artel.bus.seated import COLUMNS, held_of
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Places:
    """Who may sit down: up to `at_most` tasks of these agents, in this process."""

    worker: str
    agents: Sequence[str]
    at_most: int


NOWHERE = Places("", (), 0)


@dataclass(frozen=True, slots=True)
class Step:
    """What came of it, and how the plan's tasks stand. Those that are over ended in any way."""

    total: int
    over: int
    done: int
    busy: Set[str]
    """Those agents of whom a task was running, in whatever run, before anybody sat down."""
    seated: Sequence[Held]
    more_waits: bool
    """There is ready work that was not looked at here."""


async def step(tx: UserTx, run_id: UUID, done: Sequence[str], places: Places) -> Step:
    """Takes one. done: the tasks that were done just now; with none, all that wait are looked at.

    Nobody is overtaken: where other work waits for these agents, everything is left to `claim`.
    """
    rows = await tx.fetch(_STEP, tx.user_id, run_id, done, places.agents, places.worker, places.at_most)
    seated = [held_of(tx.user_id, places.worker, row) for row in rows if row["id"] is not None]
    plan = rows[0]
    more_waits = plan["others_wait"] or len(seated) == places.at_most
    return Step(plan["total"], plan["over"], plan["done"], frozenset(plan["busy"]), seated, more_waits)


# `dealt`: the first of each agent's queue get its free seats, and the first of those the run's free lanes. `moved` asks
# for the tasks by their ids: joined with `moves` alone, PostgreSQL may read all that the user ever had.
_STEP = f"""
with plan as materialized (
    select count(*) as total, count(*) filter (where status = 'done') as done,
        count(*) filter (where status in ('done', 'failed', 'skipped', 'cancelled')) as over,
        array_agg(task_id) filter (where status <> 'done') as undone,
        coalesce(array_agg(lane) filter (where status = 'running'), '{{}}') as lanes
    from tasks where user_id = $1 and run_id = $2 and kind = '{TASK}'
), queue as materialized (
    select id, assigned_agent, status = 'pending' as is_new from tasks
    where user_id = $1 and run_id = $2 and kind = '{TASK}' and (
        status = 'ready' and not_before <= now()
        or status = 'pending' and ($3::text[] = '{{}}' or dependencies ?| $3::text[])
            and not dependencies ?| (select undone from plan)
    )
), others as materialized (
    select exists (
        select from tasks
        where user_id = $1 and assigned_agent = any($4::text[]) and status = 'ready' and not_before <= now()
            and (run_id <> $2 or kind <> '{TASK}')
    ) or exists (
        select from queue where assigned_agent <> all($4::text[])
    ) as wait
), taken as materialized (
    select assigned_agent, seat from tasks
    where user_id = $1 and assigned_agent = any($4::text[]) and status = 'running'
), agents as materialized (
    select agent_id, config, array(
        select seat from (select generate_series(0, concurrency_limit - 1)) seats (seat)
        where seat not in (select seat from taken where assigned_agent = agent_id) limit $6::bigint
    ) as seats
    from user_agents where user_id = $1 and agent_id = any($4::text[])
), run as materialized (
    select array(
        select lane from generate_series(0, max_parallel - 1) lane where lane <> all(plan.lanes) limit $6::bigint
    ) as lanes
    from runs cross join plan cross join others where user_id = $1 and id = $2 and not others.wait
), dealt as materialized (
    select id, is_new, seat,
        case when seat is not null then run.lanes[row_number() over (order by seat is null, id)] end as lane
    from (
        select queue.*, agents.seats[row_number() over (partition by agent_id order by id)] as seat
        from queue left join agents on agent_id = assigned_agent
    ) queue left join run on true
), moves as materialized (
    select id, lane is not null as sits, case when lane is not null then seat end as seat, lane from dealt
    where is_new or lane is not null
), moved as (
    update tasks set status = case when sits then 'running' else 'ready' end, seat = moves.seat, lane = moves.lane,
        worker = case when sits then $5 else worker end, epoch = epoch + case when sits then 1 else 0 end,
        started_at = case when sits then now() else started_at end, not_before = now(),
        said = case when not sits then said end
    from moves where user_id = $1 and tasks.id = any(array(select id from moves)) and tasks.id = moves.id
    returning tasks.*
)
select plan.total, plan.over, plan.done, array(select distinct assigned_agent from taken) as busy,
    others.wait as others_wait, {COLUMNS}, agents.config
from plan cross join others
left join (moved seated join agents on agent_id = assigned_agent) on seated.status = 'running'
order by seated.id
"""
