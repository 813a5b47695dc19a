"""Tools: calls, consent, audit, files, MCP servers, delegation.

Revision ID: 0003
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.rls import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW_TABLES = (
    "tool_grants",
    "audit_log",
    "files",
    "file_chunks",
    "message_files",
    "mcp_servers",
    "mcp_sign_ins",
)

TURNS = """
update tasks set history = jsonb_build_object('messages', history, 'own_from', (
    select coalesce(max(place), 0) from jsonb_array_elements(history) with ordinality listed (message, place)
    where message->'parts' @> '[{"part_kind": "user-prompt"}]'
))
where jsonb_typeof(history) = 'array' and kind <> 'plan'
"""

TURNS_BACK = """
update tasks set history = history->'messages' where jsonb_typeof(history) = 'object'
"""

FILL_CALLS = """
alter table tool_calls add message_id uuid, add agent_id text, add status text default 'open' not null,
    add place bigint default 0 not null, add approval_id uuid, add started_at timestamptz, add cost numeric

update tool_calls set message_id = tasks.message_id, agent_id = tasks.assigned_agent,
    started_at = tool_calls.created_at, status = case when result is null then 'open' else 'ok' end
from tasks where tasks.user_id = tool_calls.user_id and tasks.id = tool_calls.task
"""

CALLS = """
alter table tool_calls alter message_id set not null, alter agent_id set not null,
    add constraint ck_tool_calls_status check (
        status in ('open', 'waiting', 'running', 'ok', 'failed', 'rejected', 'denied', 'expired', 'cancelled')
    )

create index ix_tool_calls_message on tool_calls (user_id, message_id)

create index ix_tool_calls_approval on tool_calls (user_id, approval_id) where approval_id is not null

alter table approval_requests add task uuid, add tool_call_id text, add expires_at timestamptz

create index ix_approval_requests_expiry on approval_requests (expires_at) where status = 'pending'

alter table tasks drop deferred, drop answers, add parent uuid, add parent_call text,
    add depth bigint default 0 not null, add said text

create unique index uq_tasks_delegated on tasks (user_id, parent, parent_call)
    where parent is not null and status not in ('failed', 'cancelled')
"""

TABLES = """
create table tool_grants (
    user_id bigint not null,
    session_id bigint not null,
    agent_id text not null,
    tool_id text not null,
    created_at timestamptz default now() not null,
    constraint pk_tool_grants primary key (user_id, session_id, agent_id, tool_id),
    constraint fk_tool_grants_user_id_session_id foreign key (user_id, session_id)
        references chat_sessions (user_id, id) on delete cascade,
    constraint fk_tool_grants_user_id_agent_id foreign key (user_id, agent_id)
        references user_agents (user_id, agent_id) on delete cascade
)

create table audit_log (
    user_id bigint not null,
    id uuid not null,
    at timestamptz default now() not null,
    action text not null,
    actor jsonb not null,
    agent_id text,
    tool_id text,
    session_id bigint,
    run_id uuid,
    approval_id uuid,
    arguments jsonb,
    detail jsonb,
    constraint pk_audit_log primary key (user_id, id),
    constraint fk_audit_log_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create table files (
    user_id bigint not null,
    id uuid not null,
    name text not null,
    media_type text not null,
    size bigint not null,
    sha256 bytea not null,
    source text not null,
    text_status text not null,
    text text,
    characters bigint default 0 not null,
    created_at timestamptz default now() not null,
    constraint ck_files_text_status check (text_status in ('none', 'ready', 'failed')),
    constraint pk_files primary key (user_id, id),
    constraint fk_files_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create table file_chunks (
    user_id bigint not null,
    file_id uuid not null,
    number bigint not null,
    content bytea not null,
    constraint pk_file_chunks primary key (user_id, file_id, number),
    constraint fk_file_chunks_user_id_file_id foreign key (user_id, file_id)
        references files (user_id, id) on delete cascade
)

alter table file_chunks alter content set storage external

create table message_files (
    user_id bigint not null,
    message_id uuid not null,
    file_id uuid not null,
    place bigint not null,
    constraint pk_message_files primary key (user_id, message_id, file_id),
    constraint fk_message_files_user_id_message_id foreign key (user_id, message_id)
        references messages (user_id, id) on delete cascade,
    constraint fk_message_files_user_id_file_id foreign key (user_id, file_id)
        references files (user_id, id) on delete cascade
)

create table mcp_servers (
    user_id bigint not null,
    id uuid not null,
    handle text not null,
    name text not null,
    transport text not null,
    url text,
    command jsonb,
    auth text not null,
    header_names jsonb not null,
    sealed_secrets bytea,
    status text not null,
    error jsonb,
    tools jsonb not null,
    protocol text,
    renewing_until timestamptz,
    checked_at timestamptz,
    created_at timestamptz default now() not null,
    constraint ck_mcp_servers_transport check (transport in ('http', 'stdio')),
    constraint ck_mcp_servers_auth check (auth in ('none', 'headers', 'oauth')),
    constraint ck_mcp_servers_status check (status in ('new', 'ready', 'failed', 'needs_sign_in')),
    constraint pk_mcp_servers primary key (user_id, id),
    constraint fk_mcp_servers_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create unique index uq_mcp_servers_handle on mcp_servers (user_id, handle)

create table mcp_sign_ins (
    user_id bigint not null,
    state_hash bytea not null,
    server_id uuid not null,
    sealed bytea not null,
    expires_at timestamptz not null,
    constraint pk_mcp_sign_ins primary key (user_id, state_hash),
    constraint fk_mcp_sign_ins_user_id_server_id foreign key (user_id, server_id)
        references mcp_servers (user_id, id) on delete cascade
)
"""


def _belongs_to_another(more: str) -> str:
    return f"""
create or replace function belongs_to_another(kind text, key text, me bigint) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    return case kind
        when 'session' then exists (select from chat_sessions where chat_sessions.id = key::bigint and user_id <> me)
        when 'run' then exists (select from runs where runs.id = key::uuid and user_id <> me)
        when 'approval' then exists (
            select from approval_requests where approval_requests.id = key::uuid and user_id <> me
        )
        when 'sign_in' then exists (select from sign_ins where sign_ins.id = key::uuid and user_id <> me)
        when 'api_key' then exists (select from api_keys where api_keys.id = key::uuid and user_id <> me){more}
        else false
    end;
exception when data_exception then
    return false;
end
$$
"""


_FILES_AND_SERVERS = """
        when 'file' then exists (select from files where files.id = key::uuid and user_id <> me)
        when 'mcp_server' then exists (select from mcp_servers where mcp_servers.id = key::uuid and user_id <> me)"""

USERS_WITH_EXPIRED_APPROVALS = """
create function users_with_expired_approvals(at_most bigint) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select distinct approval_requests.user_id from approval_requests
    where status = 'pending' and expires_at <= now() limit at_most
$$
"""

BACK = """
drop table mcp_sign_ins, mcp_servers, message_files, file_chunks, files, audit_log, tool_grants

drop index uq_tasks_delegated

alter table tasks drop parent, drop parent_call, drop depth, drop said, add deferred jsonb, add answers jsonb

drop index ix_approval_requests_expiry

alter table approval_requests drop task, drop tool_call_id, drop expires_at

drop index ix_tool_calls_approval, ix_tool_calls_message

alter table tool_calls drop constraint ck_tool_calls_status, drop message_id, drop agent_id, drop status,
    drop place, drop approval_id, drop started_at, drop cost
"""


def upgrade() -> None:
    """Adds what tools need; calls of before keep their results."""
    run_as_migrator(TURNS)
    run_as_migrator(FILL_CALLS)
    run_as_owner(CALLS)
    run_as_owner(TABLES)
    for table in NEW_TABLES:
        run_as_owner(protect(table))
    run_as_migrator(USERS_WITH_EXPIRED_APPROVALS)
    run_as_migrator(_belongs_to_another(_FILES_AND_SERVERS))


def downgrade() -> None:
    """Takes it away again, with files, servers and what waits for a word about a tool."""
    run_as_migrator("drop function users_with_expired_approvals(bigint)")
    run_as_migrator(_belongs_to_another(""))
    run_as_migrator("delete from approval_requests where type = 'tool'")
    run_as_migrator(TURNS_BACK)
    run_as_owner(BACK)
