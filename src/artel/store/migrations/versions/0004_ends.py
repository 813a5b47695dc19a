"""What the ends of a plan's tasks let begin, as a function: the statement that writes the ends calls it.

Revision ID: 0004
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_owner

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# See `bus.step` for what is given and answered. `dealt`: the first of each agent's queue get its free seats, and the
# first of those the run's free lanes. `moved` asks for the tasks by their ids: joined with `moves` alone, PostgreSQL
# may read all that the user ever had.
STEP = """
create function step_plan(
    me bigint, in_run uuid, just_done text[], just_lost text[], all_is_lost boolean,
    of_agents text[], here text, at_most bigint
) returns table (
    total bigint, over bigint, done bigint, skipped jsonb, busy text[], others_wait boolean,
    user_id bigint, id uuid, session_id bigint, run_id uuid, task_id text, kind text, assigned_agent text,
    message_id uuid, instruction text, attempt bigint, max_attempts bigint, epoch bigint, history jsonb, plan_id uuid,
    parent uuid, depth bigint, config jsonb
) language plpgsql as $$
#variable_conflict use_column
declare
    left_out jsonb := '[]';
begin
    if just_lost <> '{}' then
        with recursive lost (task_id) as (
            select unnest(just_lost)
            union
            select tasks.task_id from lost
            join tasks on tasks.user_id = me and tasks.run_id = in_run and tasks.dependencies ? lost.task_id
            where tasks.kind = 'task' and tasks.status = 'pending'
        ), skipped as (
            update tasks set status = 'skipped', finished_at = now()
            where user_id = me and run_id = in_run and kind = 'task' and (
                status = 'pending' and task_id in (select task_id from lost)
                or all_is_lost and status in ('pending', 'ready') and task_id <> all(just_lost)
            )
            returning task_id, assigned_agent
        )
        select coalesce(jsonb_agg(jsonb_build_array(task_id, assigned_agent)), '[]') into left_out from skipped;
    end if;
    return query
    with plan as materialized (
        select count(*) as total, count(*) filter (where status = 'done') as done,
            count(*) filter (where status in ('done', 'failed', 'skipped', 'cancelled')) as over,
            array_agg(task_id) filter (where status <> 'done') as undone,
            coalesce(array_agg(lane) filter (where status = 'running'), '{}') as lanes
        from tasks where user_id = me and run_id = in_run and kind = 'task'
    ), queue as materialized (
        select id, assigned_agent, status = 'pending' as is_new from tasks
        where user_id = me and run_id = in_run and kind = 'task' and (
            status = 'ready' and not_before <= now()
            or status = 'pending' and (just_done = '{}' or dependencies ?| just_done)
                and not dependencies ?| (select undone from plan)
        )
    ), others as materialized (
        select exists (
            select from tasks
            where user_id = me and assigned_agent = any(of_agents) and status = 'ready' and not_before <= now()
                and (run_id <> in_run or kind <> 'task')
        ) or exists (
            select from queue where assigned_agent <> all(of_agents)
        ) as wait
    ), taken as materialized (
        select assigned_agent, seat from tasks
        where user_id = me and assigned_agent = any(of_agents) and status = 'running'
    ), agents as materialized (
        select agent_id, config, array(
            select seat from (select generate_series(0, concurrency_limit - 1)) seats (seat)
            where seat not in (select seat from taken where assigned_agent = agent_id) limit at_most
        ) as seats
        from user_agents where user_id = me and agent_id = any(of_agents)
    ), run as materialized (
        select array(
            select lane from generate_series(0, max_parallel - 1) lane where lane <> all(plan.lanes) limit at_most
        ) as lanes
        from runs cross join plan cross join others where user_id = me and id = in_run and not others.wait
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
            worker = case when sits then here else worker end, epoch = epoch + case when sits then 1 else 0 end,
            started_at = case when sits then now() else started_at end, not_before = now(),
            said = case when not sits then said end
        from moves where user_id = me and tasks.id = any(array(select id from moves)) and tasks.id = moves.id
        returning tasks.*
    )
    select plan.total, plan.over, plan.done, left_out, array(select distinct assigned_agent from taken), others.wait,
        seated.user_id, seated.id, seated.session_id, seated.run_id, seated.task_id, seated.kind,
        seated.assigned_agent, seated.message_id, seated.instruction, seated.attempt, seated.max_attempts, seated.epoch,
        seated.history, seated.plan_id, seated.parent, seated.depth, agents.config
    from plan cross join others
    left join (moved seated join agents on agent_id = assigned_agent) on seated.status = 'running'
    order by seated.id;
end
$$
"""


def upgrade() -> None:
    """Adds the function."""
    run_as_owner(STEP)


def downgrade() -> None:
    """Drops it."""
    run_as_owner("drop function step_plan")
