"""Invitations, links for passwords, what administrators did, and what a user may use.

Revision ID: 0008
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.rls import close_to_users, protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DIRECTORY = ("server_settings", "invitations", "password_links", "admin_log")

TABLES = """
alter table users add column limits jsonb default '{}' not null

create table server_settings (
    one boolean default true not null,
    registration text,
    limits jsonb default '{}' not null,
    updated_at timestamptz default now() not null,
    constraint ck_server_settings_one check (one),
    constraint ck_server_settings_registration check (registration in ('first', 'open', 'closed')),
    constraint pk_server_settings primary key (one)
)

create table invitations (
    id uuid not null,
    token_hash bytea not null,
    email text,
    role text not null,
    created_by bigint,
    created_at timestamptz default now() not null,
    expires_at timestamptz not null,
    constraint ck_invitations_role check (role in ('admin', 'user')),
    constraint pk_invitations primary key (id),
    constraint uq_invitations_token_hash unique (token_hash)
)

create table password_links (
    account_id bigint not null,
    token_hash bytea not null,
    expires_at timestamptz not null,
    constraint pk_password_links primary key (account_id),
    constraint uq_password_links_token_hash unique (token_hash),
    constraint fk_password_links_account_id foreign key (account_id) references users (id) on delete cascade
)

create table admin_log (
    id uuid not null,
    actor bigint,
    action text not null,
    account_id bigint,
    details jsonb default '{}' not null,
    created_at timestamptz default now() not null,
    constraint pk_admin_log primary key (id)
)

create table run_counts (
    user_id bigint not null,
    hour timestamptz not null,
    runs bigint not null,
    constraint pk_run_counts primary key (user_id, hour),
    constraint fk_run_counts_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)
"""

# Numbers and a time, for the accounts that are asked for: `accounts.sums` shows them to administrators.
SUMS = """
create function account_sums(accounts bigint[], since timestamptz)
returns table (
    account_id bigint, agents bigint, runs bigint, tokens bigint, cost numeric, unpriced bigint, storage bigint,
    last_seen timestamptz
)
language sql stable security definer set search_path = pg_catalog, public as $$
    select account.id,
        (select count(*) from user_agents where user_id = account.id and not is_orchestrator),
        (select count(*) from runs where user_id = account.id and created_at >= since),
        coalesce(used.tokens, 0)::bigint, coalesce(used.cost, 0), used.unpriced,
        coalesce((select sum(size) from files where user_id = account.id), 0)::bigint,
        greatest(
            (select max(last_seen_at) from sign_ins where user_id = account.id),
            (select max(last_used_at) from api_keys where user_id = account.id)
        )
    from unnest(accounts) account (id)
    cross join lateral (
        select sum(input_tokens + output_tokens) as tokens, sum(cost) as cost,
            count(*) filter (where cost is null) as unpriced
        from usage where user_id = account.id and created_at >= since
    ) used
$$
"""


def upgrade() -> None:
    """Makes them; what stands in the directory is closed to whoever is only a user."""
    run_as_owner(TABLES)
    for table in DIRECTORY:
        run_as_owner(close_to_users(table))
    run_as_owner(protect("run_counts"))
    run_as_migrator(SUMS)


def downgrade() -> None:
    """Takes them back."""
    run_as_migrator("drop function account_sums")
    run_as_owner("drop table run_counts, " + ", ".join(reversed(DIRECTORY)))
    run_as_owner("alter table users drop column limits")
