"""Plans: task graphs, lanes, budgets.

Revision ID: 0002
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.rls import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
create table plans (
    user_id bigint not null,
    id uuid not null,
    session_id bigint not null,
    run_id uuid not null,
    revision bigint not null,
    status text not null,
    tasks jsonb not null,
    estimate jsonb not null,
    max_parallel bigint not null,
    approval_id uuid,
    created_at timestamptz default now() not null,
    constraint ck_plans_status check (
        status in ('proposed', 'running', 'completed', 'failed', 'rejected', 'cancelled')
    ),
    constraint pk_plans primary key (user_id, id),
    constraint fk_plans_user_id_run_id foreign key (user_id, run_id) references runs (user_id, id) on delete cascade
)

create unique index uq_plans_revision on plans (user_id, run_id, revision)

create table budgets (
    user_id bigint not null,
    monthly_usd numeric not null,
    updated_at timestamptz default now() not null,
    constraint ck_budgets_monthly_usd check (monthly_usd >= 0),
    constraint pk_budgets primary key (user_id),
    constraint fk_budgets_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

alter table runs add max_parallel bigint, add budget_usd numeric

alter table tasks add plan_id uuid, add lane bigint,
    add constraint ck_tasks_lane check (lane is null or status = 'running')

create unique index uq_tasks_lane on tasks (user_id, run_id, lane) where status = 'running' and lane is not null

create unique index uq_tasks_name on tasks (user_id, run_id, task_id)

drop index ix_tasks_run

create index ix_tasks_record on tasks (user_id, assigned_agent, finished_at) where status = 'done'

alter table messages add task_id text

drop index ix_messages_session

create index ix_messages_session on messages (user_id, session_id, id) where task_id is null

alter table usage add task_id text

create index ix_usage_run on usage (user_id, run_id)

drop index ix_usage_time

create index ix_usage_time on usage (user_id, created_at) include (cost)

alter table approval_requests add plan_id uuid, add reason text

create index ix_approval_requests_run on approval_requests (user_id, run_id)
"""

TABLES_BACK = """
drop index ix_approval_requests_run

alter table approval_requests drop plan_id, drop reason

drop index ix_usage_time

create index ix_usage_time on usage (user_id, created_at)

drop index ix_usage_run

alter table usage drop task_id

drop index ix_messages_session

create index ix_messages_session on messages (user_id, session_id, id)

alter table messages drop task_id

drop index ix_tasks_record

create index ix_tasks_run on tasks (user_id, run_id)

drop index uq_tasks_name, uq_tasks_lane

alter table tasks drop plan_id, drop lane

alter table runs drop max_parallel, drop budget_usd

drop table budgets, plans
"""


def _users_with_work(lanes: str) -> str:
    return f"""
create or replace function users_with_work(waiting_seconds double precision, at_most bigint)
returns table (user_id bigint, has_orphans boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
    select found.user_id, bool_or(found.orphan) from (
        select waiting.user_id, false as orphan, waiting.since from (
            select tasks.user_id, tasks.assigned_agent, min(tasks.not_before) as since from tasks
            where tasks.status = 'ready' and tasks.not_before <= now() - waiting_seconds * interval '1 second'{lanes}
            group by tasks.user_id, tasks.assigned_agent
        ) waiting
        join user_agents agent on agent.user_id = waiting.user_id and agent.agent_id = waiting.assigned_agent
        where agent.concurrency_limit > (
            select count(*) from tasks held
            where held.user_id = agent.user_id and held.assigned_agent = agent.agent_id and held.status = 'running'
        )
        union all
        select tasks.user_id, true, tasks.started_at from tasks
        where tasks.status = 'running'
            and not exists (select from workers where workers.id = tasks.worker and lease_until > now())
    ) found
    group by found.user_id order by 2 desc, min(found.since) limit at_most
$$
"""


_LANES = """
                and not exists (
                    select from runs where runs.user_id = tasks.user_id and runs.id = tasks.run_id
                        and tasks.kind = 'task' and runs.max_parallel <= (
                            select count(*) from tasks held where held.user_id = tasks.user_id
                                and held.run_id = tasks.run_id and held.status = 'running' and held.lane is not null
                        )
                )"""
"""Work whose run has all its lanes taken is not waiting for a worker."""


def upgrade() -> None:
    """Adds what plans need; nothing that exists changes its meaning."""
    run_as_owner(TABLES)
    for table in ("plans", "budgets"):
        run_as_owner(protect(table))
    run_as_migrator(_users_with_work(_LANES))


def downgrade() -> None:
    """Takes it away again, with the answers of plans' tasks."""
    run_as_migrator(_users_with_work(""))
    # The owner of tables under forced row-level security would delete no row.
    run_as_migrator("delete from messages where task_id is not null")
    run_as_owner(TABLES_BACK)
