"""Memory: what was said once is kept in passages, found by meaning, and can be forgotten.

Revision ID: 0005
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.rls import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEW_TABLES = ("memories", "memory_deletions", "memory_state", "profiles", "chat_summaries")

SOURCES = """
alter table messages add remembered boolean default false not null, add recalled jsonb

alter table tool_calls add remembered boolean default false not null

alter table files add remembered boolean default false not null

alter table chat_sessions add memory boolean default true not null,
    add unlearned bigint default 0 not null, add unsummarised bigint default 0 not null,
    add learned_to uuid

create index ix_messages_unremembered on messages (user_id, id) where not remembered

create index ix_tool_calls_unremembered on tool_calls (user_id, task, call_id)
    where not remembered and finished_at is not null

create index ix_files_unremembered on files (user_id, id) where not remembered

create index ix_chat_sessions_unread on chat_sessions (user_id, id) where unlearned > 0 or unsummarised >= 70
"""

TABLES = """
create table memories (
    user_id bigint not null,
    id uuid not null,
    kind text not null,
    source_id text,
    part bigint default 0 not null,
    session_id bigint,
    file_id uuid,
    run_id uuid,
    agent_id text,
    call_type text not null,
    role text not null,
    text text not null,
    created_at timestamptz default now() not null,
    edited_at timestamptz,
    superseded_by uuid,
    superseded_at timestamptz,
    revision bigint default 1 not null,
    indexed_revision bigint default 0 not null,
    indexed_space text,
    constraint ck_memories_kind check (kind in ('message', 'task', 'tool', 'file', 'note', 'fact', 'summary')),
    constraint ck_memories_call_type check (call_type in ('direct', 'auto', 'tool', 'file', 'note')),
    constraint pk_memories primary key (user_id, id),
    constraint fk_memories_user_id foreign key (user_id) references shard_users (user_id) on delete cascade,
    constraint fk_memories_user_id_session_id foreign key (user_id, session_id)
        references chat_sessions (user_id, id) on delete cascade,
    constraint fk_memories_user_id_file_id foreign key (user_id, file_id)
        references files (user_id, id) on delete cascade
)

create index ix_memories_recent on memories (user_id, created_at, id)

create index ix_memories_session on memories (user_id, session_id)

create index ix_memories_file on memories (user_id, file_id) where file_id is not null

create index ix_memories_facts on memories (user_id, created_at) where kind = 'fact' and superseded_by is null

create index ix_memories_waiting on memories (user_id, created_at) where indexed_revision < revision

create index ix_memories_without_vector on memories (user_id, created_at)
    where indexed_space is null and superseded_by is null

create table memory_deletions (
    user_id bigint not null,
    id uuid not null,
    constraint pk_memory_deletions primary key (user_id, id),
    constraint fk_memory_deletions_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create table memory_state (
    user_id bigint not null,
    space text,
    next_space text,
    worker text,
    lease_until timestamptz,
    reader text,
    read_after timestamptz,
    purge_wanted_at timestamptz,
    compared_at timestamptz,
    drop_spaces_at timestamptz,
    constraint pk_memory_state primary key (user_id),
    constraint fk_memory_state_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create table profiles (
    user_id bigint not null,
    text text default '' not null,
    learn boolean default true not null,
    updated_at timestamptz default now() not null,
    constraint pk_profiles primary key (user_id),
    constraint fk_profiles_user_id foreign key (user_id) references shard_users (user_id) on delete cascade
)

create table chat_summaries (
    user_id bigint not null,
    id uuid not null,
    session_id bigint not null,
    level bigint not null,
    first_message uuid not null,
    last_message uuid not null,
    text text not null,
    tokens bigint not null,
    created_at timestamptz default now() not null,
    constraint pk_chat_summaries primary key (user_id, id),
    constraint fk_chat_summaries_user_id_session_id foreign key (user_id, session_id)
        references chat_sessions (user_id, id) on delete cascade
)

create unique index uq_chat_summaries_block on chat_summaries (user_id, session_id, level, first_message)
"""

# A statement's trigger, so that what goes with its chat, or its file, counts too. Of a user who goes, or is being moved
# to another shard, nothing is noted. What a model is told of a long chat forgets a summary with its memory; the emptied
# row stays, so that its messages are not summed up again.
NOTE_DELETIONS = """
create function note_deleted_memories() returns trigger language plpgsql as $$
begin
    insert into memory_deletions (user_id, id)
    select gone.user_id, gone.id from gone
    join shard_users on shard_users.user_id = gone.user_id and shard_users.state = 'active'
    on conflict do nothing;
    update chat_summaries set text = '', tokens = 0 from gone
    where gone.kind = 'summary' and chat_summaries.user_id = gone.user_id and chat_summaries.id = gone.id;
    return null;
end
$$

create trigger deleted_memories after delete on memories
    referencing old table as gone for each statement execute function note_deleted_memories()
"""

# Without a model, whose space is then null, nothing waits for vectors.
USERS_WITH_MEMORY_WORK = """
create function users_with_memory_work(at_most bigint, space text) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select found.user_id from (
        select messages.user_id from messages where not remembered
        union select tool_calls.user_id from tool_calls where not remembered and finished_at is not null
        union select files.user_id from files where not remembered
        union select memories.user_id from memories where indexed_revision < revision
        union select memory_deletions.user_id from memory_deletions
        union select memories.user_id from memories
            where indexed_space is null and superseded_by is null and users_with_memory_work.space is not null
        union select memory_state.user_id from memory_state
            where purge_wanted_at < now() - interval '1 minute' or drop_spaces_at < now()
                or memory_state.space <> users_with_memory_work.space
    ) found
    left join memory_state on memory_state.user_id = found.user_id
    where memory_state.lease_until is null or memory_state.lease_until < now()
    limit at_most
$$
"""

MEMORIES_WAITING = """
create function memories_waiting() returns bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select count(*) from memories where indexed_revision < revision
$$
"""

# Due as `agents.reading.due` has it: 70 are a block of 40 and the 30 that models are given whole.
USERS_WITH_UNREAD_CHATS = """
create function users_with_unread_chats(at_most bigint) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select found.user_id from (
        select distinct chat_sessions.user_id from chat_sessions
        where (unlearned > 0 or unsummarised >= 70)
            and (unsummarised >= 70 or unlearned >= 20 or updated_at < now() - interval '10 minutes')
    ) found
    join shard_users on shard_users.user_id = found.user_id and shard_users.state = 'active'
    left join memory_state on memory_state.user_id = found.user_id
    where read_after is null or read_after < now()
    limit at_most
$$
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
        when 'api_key' then exists (select from api_keys where api_keys.id = key::uuid and user_id <> me)
        when 'file' then exists (select from files where files.id = key::uuid and user_id <> me)
        when 'mcp_server' then exists (select from mcp_servers where mcp_servers.id = key::uuid and user_id <> me){more}
        else false
    end;
exception when data_exception then
    return false;
end
$$
"""


_MEMORIES = """
        when 'memory' then exists (select from memories where memories.id = key::uuid and user_id <> me)"""

BACK = """
drop table chat_summaries, profiles, memory_state, memory_deletions, memories

drop function note_deleted_memories()

alter table messages drop remembered, drop recalled

alter table tool_calls drop remembered

alter table files drop remembered

drop index ix_chat_sessions_unread

alter table chat_sessions drop memory, drop unlearned, drop unsummarised, drop learned_to
"""


def upgrade() -> None:
    """Adds what memory needs; everything said before is remembered in the background."""
    run_as_owner(SOURCES)
    run_as_owner(TABLES)
    for table in NEW_TABLES:
        run_as_owner(protect(table))
    run_as_owner(NOTE_DELETIONS)
    run_as_migrator(USERS_WITH_MEMORY_WORK)
    run_as_migrator(MEMORIES_WAITING)
    run_as_migrator(USERS_WITH_UNREAD_CHATS)
    run_as_migrator(_belongs_to_another(_MEMORIES))


def downgrade() -> None:
    """Takes it away again, with everything that was remembered."""
    run_as_migrator("drop function users_with_memory_work(bigint, text)")
    run_as_migrator("drop function memories_waiting()")
    run_as_migrator("drop function users_with_unread_chats(bigint)")
    run_as_migrator(_belongs_to_another(""))
    run_as_owner(BACK)
