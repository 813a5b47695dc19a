"""Where users live: shards that take new users, and moves that are under way.

Revision ID: 0006
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
create table shards (
    name text not null,
    is_open boolean not null,
    added_at timestamptz default now() not null,
    constraint pk_shards primary key (name)
)

create table moves (
    id bigint not null,
    move bigint generated always as identity,
    source text not null,
    target text not null,
    step text not null,
    mover uuid not null,
    lease_until timestamptz not null,
    started_at timestamptz default now() not null,
    constraint ck_moves_step check (step in ('begun', 'fenced', 'copied', 'switched')),
    constraint pk_moves primary key (id)
)

alter table moves enable row level security

alter table moves force row level security

create policy system_rows on moves using (current_setting('app.system', true) = 'on')
    with check (current_setting('app.system', true) = 'on')

alter table shard_users add move bigint

create index ix_shard_users_moving on shard_users (user_id) where state = 'moving'
"""

USERS_ON_THE_MOVE = """
create function users_on_the_move() returns setof bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select user_id from shard_users where state = 'moving'
$$
"""


def _tasks_lost(judges: str) -> str:
    return f"""
create or replace function tasks_lost(worker_id text, users bigint[], ids uuid[], epochs bigint[]) returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select held.id from unnest(users, ids, epochs) held (user_id, id, epoch)
    where {judges}not exists (
        select from tasks where tasks.user_id = held.user_id and tasks.id = held.id
            and status = 'running' and worker = worker_id and tasks.epoch = held.epoch
    )
$$
"""


# A shard says nothing of the tasks of users who live elsewhere, or who are just leaving or arriving.
_OF_WHO_LIVES_HERE = """exists (
        select from shard_users where shard_users.user_id = held.user_id and state = 'active'
    ) and """

BACK = """
drop table moves, shards

drop index ix_shard_users_moving

alter table shard_users drop move
"""


def upgrade() -> None:
    """Makes the tables of the directory (every shard has them, the first one uses them)."""
    run_as_owner(TABLES)
    run_as_migrator(USERS_ON_THE_MOVE)
    run_as_migrator(_tasks_lost(_OF_WHO_LIVES_HERE))


def downgrade() -> None:
    """Takes them away. A user who is being moved meanwhile must first have arrived."""
    run_as_migrator("drop function users_on_the_move()")
    run_as_migrator(_tasks_lost(""))
    run_as_owner(BACK)
