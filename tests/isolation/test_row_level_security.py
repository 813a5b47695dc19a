"""Row-level security alone: SQL without any filter, in one user's transaction, against every table there is."""

from __future__ import annotations

import asyncpg
import pytest

from artel.store.schema import METADATA
from tests.support.isolation_http import Caller
from tests.support.isolation_work import work_hard
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds

TABLES = sorted(name for name, table in METADATA.tables.items() if "user_id" in table.columns)
"""`test_coverage.py` sees to it that the victim has rows in every table that the database knows."""

EVERY_TABLE = pytest.mark.parametrize("table", TABLES)


@pytest.fixture(scope="module")
async def neighbour(world: World) -> Caller:
    """A user on the victim's own shard, with some data."""
    caller = await world.people.newcomer("a neighbour", shard=world.layout.victims_shard)
    await work_hard(caller)
    return caller


@in_worlds(ALL_LAYERS)
async def test_the_tables_of_the_code_are_those_of_the_database(world: World) -> None:
    assert list(world.ledger.tables) == TABLES


@in_worlds(ALL_LAYERS)
@EVERY_TABLE
async def test_sql_without_a_filter_meets_ones_own_rows_alone(world: World, neighbour: Caller, table: str) -> None:
    victim, before = world.victim.id, await world.ledger.of(world.victim.id)
    stranger = before.records(table)[0]
    shards, me = world.houses[0].shards, neighbour.user_id

    async with shards.user_tx(me) as tx:
        seen = {row["user_id"] for row in await tx.fetch(f"select user_id from {table}")}
        changed = await tx.execute(f"update {table} set user_id = user_id where user_id = $1", victim)
        deleted = await tx.execute(f"delete from {table} where user_id <> $1", me)
    insert = f"insert into {table} select * from jsonb_populate_record(null::{table}, $1::jsonb)"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with shards.user_tx(me) as tx:
            await tx.execute(insert, world.ledger.as_json(stranger))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with shards.user_tx(me) as tx:
            await tx.execute(f"truncate {table}")

    assert seen <= {me}
    assert (changed, deleted) == ("UPDATE 0", "DELETE 0")
    assert (await world.ledger.of(victim)).changes_since(before) == []


@in_worlds(ALL_LAYERS)
@EVERY_TABLE
async def test_a_transaction_without_a_user_meets_nothing(world: World, table: str) -> None:
    async with world.houses[0].shards.shard_system_tx(world.layout.victims_shard) as session:
        connection = await session.connection()
        rows = (await connection.exec_driver_sql(f"select count(*) from {table}")).scalar_one()

    assert rows == 0


@in_worlds(ALL_LAYERS)
async def test_a_row_cannot_point_into_anothers_data(world: World, neighbour: Caller) -> None:
    foreign = int(world.victim.named["session_id"]["a chat"])
    house = world.houses[0]
    sql = "insert into messages (user_id, id, session_id, run_id, role, content) values ($1, $2, $3, $2, 'user', 'x')"

    # The same error as for a chat that does not exist.
    for session_id in (foreign, house.ids.number()):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with house.shards.user_tx(neighbour.user_id) as tx:
                await tx.execute(sql, neighbour.user_id, house.ids.uuid(), session_id)


@in_worlds(ALL_LAYERS)
async def test_a_row_cannot_be_given_away(world: World, neighbour: Caller) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with world.houses[0].shards.user_tx(neighbour.user_id) as tx:
            await tx.execute("update chat_sessions set user_id = $1", world.victim.id)


@in_worlds(ALL_LAYERS)
async def test_the_directory_shows_one_row(world: World, neighbour: Caller) -> None:
    caller = await world.people.newcomer("a user on the directory's shard", shard="shard1")

    async with world.houses[0].shards.user_tx(caller.user_id) as tx:
        rows = await tx.fetch("select id from users")

    assert [row["id"] for row in rows] == [caller.user_id]
