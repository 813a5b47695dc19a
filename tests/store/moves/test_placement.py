"""Where a new user goes."""

from __future__ import annotations

import pytest

from artel.store.placement import NoOpenShard, choose_shard, has_users, register_shards
from artel.store.shard_tables import ShardState
from tests.support.stores import Stores

BOTH = ("shard1", "shard2")


async def _list(stores: Stores, **is_open: bool) -> None:
    async with stores.shards.system_tx() as session:
        session.add_all([ShardState(name=name, is_open=state) for name, state in is_open.items()])


async def _chosen(stores: Stores, known: tuple[str, ...] = BOTH) -> str:
    async with stores.shards.system_tx() as session:
        return await choose_shard(session, known)


async def test_the_emptiest_open_one_and_of_equals_the_first(two_shards: Stores) -> None:
    await _list(two_shards, shard1=True, shard2=True)
    assert await _chosen(two_shards) == "shard1"

    await two_shards.new_user(shard="shard1")
    assert await _chosen(two_shards) == "shard2"

    await two_shards.new_user(shard="shard2")
    assert await _chosen(two_shards) == "shard1"


async def test_neither_a_closed_one_nor_one_that_this_process_does_not_know(two_shards: Stores) -> None:
    await _list(two_shards, shard1=True, shard2=False, shard3=True)
    for _ in range(3):
        await two_shards.new_user(shard="shard1")

    assert await _chosen(two_shards) == "shard1"


async def test_where_none_is_listed_all_are_open_and_one_that_is_not_listed_is_closed(two_shards: Stores) -> None:
    await two_shards.new_user(shard="shard1")
    assert await _chosen(two_shards) == "shard2"

    await _list(two_shards, shard1=True)
    assert await _chosen(two_shards) == "shard1"


async def test_when_all_are_closed_it_is_said(two_shards: Stores) -> None:
    await _list(two_shards, shard1=False, shard2=True)

    with pytest.raises(NoOpenShard) as told:
        await _chosen(two_shards, ("shard1",))
    assert told.value.status == 503


async def test_the_first_shards_are_open_and_later_ones_closed(two_shards: Stores) -> None:
    directory = two_shards.databases[0].migrator

    first = await register_shards(directory, BOTH, opened=False)
    again = await register_shards(directory, [*BOTH, "shard3"], opened=False)
    alone = await register_shards(directory, [*BOTH, "shard4"], opened=True)

    assert (first, again, alone) == ([], ["shard3"], [])
    states = await two_shards.as_migrator("select name, is_open from shards order by name")
    assert [row["is_open"] for row in states] == [True, True, False, True]


async def test_a_database_with_users_is_recognised(two_shards: Stores) -> None:
    assert not await has_users(two_shards.databases[1].migrator)

    await two_shards.new_user(shard="shard2")

    assert await has_users(two_shards.databases[1].migrator)
