"""Where users live: two shards, the directory and its memory, and users who are on the move."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from artel.kit.errors import Unauthenticated
from artel.kit.ids import IdMaker
from artel.store.roles import plain_dsn
from artel.store.shards import Shards, StoreUnavailable
from artel.store.tables import ChatSession
from tests.support.stores import Stores

IDS = IdMaker()


async def _open_chat(shards: Shards, user_id: int, title: str = "a chat") -> None:
    async with shards.user_tx(user_id) as tx:
        tx.session.add(ChatSession(user_id=user_id, id=IDS.number(), title=title))


async def _titles(shards: Shards, user_id: int) -> list[str]:
    async with shards.user_tx(user_id) as tx:
        return [row["title"] for row in await tx.fetch("select title from chat_sessions")]


async def _set_state(stores: Stores, user_id: int, state: str) -> None:
    await stores.as_migrator("update shard_users set state = $2 where user_id = $1", user_id, state)


async def test_a_users_data_is_on_the_users_shard_and_nowhere_else(two_shards: Stores) -> None:
    first, second = [await two_shards.new_user(shard=shard) for shard in ("shard1", "shard2")]
    for user_id in (first, second):
        await _open_chat(two_shards.shards, user_id)

    homes: list[list[int]] = []
    for urls in two_shards.databases:
        connection = await asyncpg.connect(plain_dsn(urls.migrator))
        homes.append([row["user_id"] for row in await connection.fetch("select user_id from chat_sessions")])
        await connection.close()

    assert homes == [[first], [second]]


async def test_who_is_not_in_the_directory_has_no_door(stores: Stores) -> None:
    with pytest.raises(Unauthenticated):
        async with stores.shards.user_tx(987_654):
            pass


async def test_the_directory_is_remembered_until_it_is_told_to_forget(stores: Stores) -> None:
    user_id = await stores.new_user()
    before = await stores.shards.entry(user_id)
    await stores.as_migrator("update users set is_active = false where id = $1", user_id)

    remembered = await stores.shards.entry(user_id)
    stores.shards.forget(user_id)
    read_again = await stores.shards.entry(user_id)

    assert remembered is before
    assert (before.is_active, read_again.is_active) == (True, False)


async def test_a_user_on_the_move_waits_and_is_served_when_it_is_over(two_shards: Stores) -> None:
    # given a user whose rows are being copied
    user_id = await two_shards.new_user(shard="shard1")
    await _open_chat(two_shards.shards, user_id)
    await _set_state(two_shards, user_id, "moving")

    # when the user calls, and the move comes to its end on the other shard
    calling = asyncio.create_task(_open_chat(two_shards.shards, user_id, "while moving"))
    await asyncio.sleep(0.2)
    assert not calling.done()
    await two_shards.as_migrator("delete from shard_users where user_id = $1", user_id)
    await two_shards.as_migrator("update users set shard = 'shard2' where id = $1", user_id)
    await two_shards.shards.open_space(user_id, "shard2")

    # then the call was served there, though this process remembered the old shard
    await calling
    assert await _titles(two_shards.shards, user_id) == ["while moving"]
    assert (await two_shards.shards.entry(user_id)).shard == "shard2"


async def test_a_mover_waits_for_transactions_that_are_open_and_keeps_new_ones_out(stores: Stores) -> None:
    user_id = await stores.new_user()
    mover = await asyncpg.connect(plain_dsn(stores.databases[0].migrator))
    async with stores.shards.user_tx(user_id) as tx:
        waiting = asyncio.create_task(mover.execute("select pg_advisory_lock($1)", user_id))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await tx.execute("select 1")
    await waiting

    begun = time.monotonic()
    calling = asyncio.create_task(_open_chat(stores.shards, user_id))
    await asyncio.sleep(0.1)
    assert not calling.done()
    await mover.execute("select pg_advisory_unlock($1)", user_id)
    await calling
    assert time.monotonic() - begun < 2
    await mover.close()


async def test_a_move_that_does_not_end_is_told_as_such(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artel.store.shards._MOVE_SECONDS", 0.2)
    user_id = await stores.new_user()
    await _set_state(stores, user_id, "moving")

    with pytest.raises(StoreUnavailable, match="being moved") as told:
        await _open_chat(stores.shards, user_id)

    assert told.value.retry_after is not None
    await _set_state(stores, user_id, "active")
    await _open_chat(stores.shards, user_id)


async def test_opening_a_space_twice_is_harmless(stores: Stores) -> None:
    user_id = await stores.new_user()
    await _open_chat(stores.shards, user_id)

    await stores.shards.open_space(user_id, "shard1")

    assert await _titles(stores.shards, user_id) == ["a chat"]
