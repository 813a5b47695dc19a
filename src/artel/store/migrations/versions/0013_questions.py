"""An answer is found by what it answers, too: what is forgotten or edited of a question leaves its answers' index.

Revision ID: 0013
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
phase = "before"

COLUMN = """
alter table memories add recipe bigint default 0 not null

create index ix_memories_run on memories (user_id, run_id) where kind = 'message'

create index ix_memories_recipe on memories (user_id, created_at)
    where recipe < 1 and kind = 'message' and role = 'assistant'
"""

# Locked in the order in which the indexer locks: a question before its answers, those by their time. One question after
# the other: in one join over what is gone, of which no figures are known, 20,000 took a minute instead of a second.
INDEX_ANSWERS_AGAIN = """
create function index_answers_again(of_user bigint, to_run uuid) returns void language sql as $$
    update memories set revision = revision + 1 where user_id = of_user and id in (
        select id from memories
        where user_id = of_user and run_id = to_run and kind = 'message' and role = 'assistant'
        order by created_at, id for no key update
    )
$$

create function note_edited_question() returns trigger language plpgsql as $$
begin
    perform index_answers_again(new.user_id, new.run_id);
    return null;
end
$$

create trigger edited_questions after update of text on memories for each row
    when (old.text <> new.text and new.kind = 'message' and new.role = 'user' and new.part = 0)
    execute function note_edited_question()
"""

_DELETED = """
create or replace function note_deleted_memories() returns trigger language plpgsql as $$
begin
    insert into memory_deletions (user_id, id)
    select gone.user_id, gone.id from gone
    join shard_users on shard_users.user_id = gone.user_id and shard_users.state = 'active'
    on conflict do nothing;
    update chat_summaries set text = '', tokens = 0 from gone
    where gone.kind = 'summary' and chat_summaries.user_id = gone.user_id and chat_summaries.id = gone.id;{more}
    return null;
end
$$
"""

ANSWERS_TOO = """
    perform index_answers_again(gone.user_id, gone.run_id) from gone
    where gone.kind = 'message' and gone.role = 'user' and gone.part = 0;"""

# As in 0005, and who has answers that were indexed without their questions. Without a model they wait for one.
_USERS_WITH_MEMORY_WORK = """
create or replace function users_with_memory_work(at_most bigint, space text) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select found.user_id from (
        select messages.user_id from messages where not remembered
        union select tool_calls.user_id from tool_calls where not remembered and finished_at is not null
        union select files.user_id from files where not remembered
        union select memories.user_id from memories where indexed_revision < revision
        union select memory_deletions.user_id from memory_deletions
        union select memories.user_id from memories
            where indexed_space is null and superseded_by is null and users_with_memory_work.space is not null{more}
        union select memory_state.user_id from memory_state
            where purge_wanted_at < now() - interval '1 minute' or drop_spaces_at < now()
                or memory_state.space <> users_with_memory_work.space
    ) found
    left join memory_state on memory_state.user_id = found.user_id
    where memory_state.lease_until is null or memory_state.lease_until < now()
    limit at_most
$$
"""

OLD_ANSWERS = """
        union select memories.user_id from memories
            where recipe < 1 and kind = 'message' and role = 'assistant'
                and users_with_memory_work.space is not null"""

BACK = """
drop trigger edited_questions on memories

drop function note_edited_question()

drop function index_answers_again(bigint, uuid)

drop index ix_memories_run

alter table memories drop recipe
"""


def upgrade() -> None:
    """Adds what tells how an answer is indexed. What is indexed already is indexed again in the background."""
    run_as_owner(COLUMN)
    run_as_owner(INDEX_ANSWERS_AGAIN)
    run_as_owner(_DELETED.format(more=ANSWERS_TOO))
    run_as_migrator(_USERS_WITH_MEMORY_WORK.format(more=OLD_ANSWERS))


def downgrade() -> None:
    """Takes it away: answers are indexed alone again as they are edited, or all by `artel memory rebuild`."""
    run_as_migrator(_USERS_WITH_MEMORY_WORK.format(more=""))
    run_as_owner(_DELETED.format(more=""))
    run_as_owner(BACK)
