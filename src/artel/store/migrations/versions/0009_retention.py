"""How long things are kept, and the users who are being removed.

Revision ID: 0009
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.rls import protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# `erasures` is used in the directory only: what remains of a user whose row in `users` is gone.
TABLES = """
create table retention (
    user_id bigint not null,
    chats_days bigint,
    files_days bigint,
    memories_days bigint,
    decisions_days bigint,
    usage_days bigint,
    updated_at timestamptz default now() not null,
    swept_at timestamptz,
    constraint pk_retention primary key (user_id),
    constraint fk_retention_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create table erasures (
    id bigint not null,
    begun_at timestamptz default now() not null,
    done jsonb default '[]' not null,
    not_before timestamptz default now() not null,
    constraint pk_erasures primary key (id)
)

alter table shard_users drop constraint ck_shard_users_state,
    add constraint ck_shard_users_state check (state in ('active', 'moving', 'leaving'))
"""

USERS_TO_TIDY = """
create function users_to_tidy(at_most bigint) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select shard_users.user_id from shard_users
    left join retention on retention.user_id = shard_users.user_id
    where state = 'active' and (swept_at is null or swept_at < now() - interval '1 day')
    order by swept_at nulls first limit at_most
$$
"""

BACK = """
drop table erasures, retention

alter table shard_users drop constraint ck_shard_users_state,
    add constraint ck_shard_users_state check (state in ('active', 'moving'))
"""


def upgrade() -> None:
    """Adds what retention and deletion need; everything is kept until somebody says otherwise."""
    run_as_owner(TABLES)
    run_as_owner(protect("retention"))
    run_as_owner(protect("erasures", owner_column="id", system=True))
    run_as_migrator(USERS_TO_TIDY)


def downgrade() -> None:
    """Takes it away. Deletions that are not done yet must be begun again by hand."""
    run_as_migrator("drop function users_to_tidy(bigint)")
    run_as_migrator("delete from shard_users where state = 'leaving'")
    run_as_owner(BACK)
