"""Which tables a move takes along: all that hang on the user, whoever adds them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from graphlib import CycleError

import asyncpg
import pytest

from artel.store.moves.errors import SchemasDiffer
from artel.store.moves.owned import ahead_of_the_fence, owned_tables, same_tables
from artel.store.roles import OWNER, DatabaseUrls, plain_dsn
from artel.store.schema import METADATA

_WITH_USER = """
select relname::text as name from pg_attribute join pg_class on pg_class.oid = attrelid
where attname = 'user_id' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
"""
_OF_THE_DIRECTORY = """
select conrelid::regclass::text as name from pg_constraint
where contype = 'f' and confrelid = 'public.users'::regclass
"""
_ON_SEQUENCES = """
select attrelid::regclass::text as name from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attnum > 0 and attrelid::regclass::text = any($1)
    and (attidentity <> '' or pg_get_expr(adbin, adrelid) like 'nextval(%')
"""


@pytest.fixture
async def catalogue(first_shard: DatabaseUrls) -> AsyncGenerator[asyncpg.Connection]:
    """A connection as the migrator role, in a transaction that is rolled back."""
    connection = await asyncpg.connect(plain_dsn(first_shard.migrator))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def test_every_table_with_a_user_is_taken_along_or_belongs_to_the_directory(
    catalogue: asyncpg.Connection,
) -> None:
    owned = {table.name for table in await owned_tables(catalogue)}
    with_user = {row["name"] for row in await catalogue.fetch(_WITH_USER)}
    of_the_directory = {row["name"] for row in await catalogue.fetch(_OF_THE_DIRECTORY)}

    assert with_user - owned - of_the_directory == set(), "hang these on shard_users, or on users, by a foreign key"
    assert not owned & of_the_directory
    assert {"shard_users", "messages", "file_chunks", "memory_deletions"} <= owned


async def test_all_columns_are_taken_along_but_the_fences_and_generated_ones(catalogue: asyncpg.Connection) -> None:
    await catalogue.execute(f"set local role {OWNER}; alter table messages add words bigint"
                            " generated always as (length(content)) stored; reset role")  # fmt: skip
    for table in await owned_tables(catalogue):
        wanted = {column.name for column in METADATA.tables[table.name].columns}
        if table.name == "shard_users":
            wanted -= {"state", "move"}
        assert {name.strip('"') for name in table.columns} == wanted, table.name
        assert table.key[0] == "user_id"


async def test_parents_come_first(catalogue: asyncpg.Connection) -> None:
    seen: set[str] = set()
    for table in await owned_tables(catalogue):
        assert table.parents <= seen, table.name
        seen.add(table.name)


async def test_no_number_that_a_shard_counts_by_itself_is_taken_along(catalogue: asyncpg.Connection) -> None:
    owned = [table.name for table in await owned_tables(catalogue)]

    clashing = await catalogue.fetch(_ON_SEQUENCES, owned)

    assert clashing == [], "ids are made in the application: a sequence of another shard gives the same ones"


async def test_what_is_copied_ahead_has_one_key_and_so_has_what_it_hangs_on(catalogue: asyncpg.Connection) -> None:
    ahead = ahead_of_the_fence(await owned_tables(catalogue))

    assert {"shard_users", "chat_sessions", "messages", "files", "file_chunks", "memories"} <= ahead
    # Running tasks trade seats, and calls of tools hang on tasks.
    assert not {"tasks", "user_agents", "plans", "tool_calls"} & ahead


async def test_a_table_or_a_column_that_one_shard_lacks_is_noticed(
    catalogue: asyncpg.Connection, second_shard: DatabaseUrls
) -> None:
    other = await asyncpg.connect(plain_dsn(second_shard.migrator))
    try:
        assert await same_tables(catalogue, other)
        await catalogue.execute("alter table messages add mood text")
        with pytest.raises(SchemasDiffer):
            await same_tables(catalogue, other)
    finally:
        await other.close()


async def test_foreign_keys_in_a_circle_are_noticed(catalogue: asyncpg.Connection) -> None:
    await catalogue.execute(
        "alter table chat_sessions add favourite uuid,"
        " add foreign key (user_id, favourite) references messages (user_id, id)"
    )

    with pytest.raises(CycleError):
        await owned_tables(catalogue)
