"""A database that goes away: callers hear that it did, in whatever moment and by whichever door; and it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
from sqlalchemy import select, text

from artel.store.embedded import PostgresEndpoint
from artel.store.shards import Shards, StoreUnavailable
from artel.store.tables import ChatSession
from tests.support.pg_proxy import PostgresProxy, postgres_proxy, shards_of, shards_through
from tests.support.stores import Stores

SLOW = "select pg_sleep(30)"


@pytest.fixture
async def proxy(postgres: PostgresEndpoint) -> AsyncGenerator[PostgresProxy]:
    """A wire to the database."""
    async with postgres_proxy(postgres) as proxy:
        yield proxy


@pytest.fixture
async def shards(proxy: PostgresProxy, stores: Stores) -> AsyncGenerator[Shards]:
    """The stores, reached over the wire."""
    async with shards_through(proxy, stores.databases[0].app) as shards:
        yield shards


async def _cut_while(proxy: PostgresProxy, statement: object) -> None:
    asyncio.get_running_loop().call_later(0.1, proxy.go_down)
    await statement  # type: ignore[misc]


async def test_the_orm_in_a_users_transaction(stores: Stores, proxy: PostgresProxy, shards: Shards) -> None:
    user_id = await stores.new_user()

    with pytest.raises(StoreUnavailable):
        async with shards.user_tx(user_id) as tx:
            await _cut_while(proxy, tx.session.execute(text(SLOW)))


async def test_sql_in_a_users_transaction(stores: Stores, proxy: PostgresProxy, shards: Shards) -> None:
    user_id = await stores.new_user()

    with pytest.raises(StoreUnavailable):
        async with shards.user_tx(user_id) as tx:
            await _cut_while(proxy, tx.execute(SLOW))

    [shard] = shards.by_name.values()
    assert shard.pool.figures.failures == 1


@pytest.mark.parametrize("then", ["sql", "orm", "commit"])
async def test_between_two_statements(stores: Stores, proxy: PostgresProxy, shards: Shards, then: str) -> None:
    user_id = await stores.new_user()

    async def work() -> None:
        async with shards.user_tx(user_id) as tx:
            await tx.fetchval("select 1")
            proxy.go_down()
            await asyncio.sleep(0.05)
            if then == "sql":
                await tx.fetchval("select 1")
            if then == "orm":
                await tx.session.scalars(select(ChatSession))

    with pytest.raises(StoreUnavailable):
        await work()


async def test_in_a_transaction_of_the_system(proxy: PostgresProxy, shards: Shards) -> None:
    with pytest.raises(StoreUnavailable):
        async with shards.system_tx() as session:
            await _cut_while(proxy, session.execute(text(SLOW)))
    proxy.come_up()
    with pytest.raises(StoreUnavailable):
        async with shards.shard_system_tx("shard1") as session:
            await _cut_while(proxy, session.execute(text(SLOW)))


async def test_while_it_is_away_every_door_says_so(stores: Stores, proxy: PostgresProxy, shards: Shards) -> None:
    user_id = await stores.new_user()
    proxy.go_down()

    with pytest.raises(StoreUnavailable):
        async with shards.user_tx(user_id):
            pass
    with pytest.raises(StoreUnavailable):
        async with shards.system_tx():
            pass
    with pytest.raises(StoreUnavailable):
        await shards.open_space(user_id, "shard1")


async def test_when_it_is_back_no_request_pays_for_the_connections_that_broke(
    stores: Stores, proxy: PostgresProxy, shards: Shards
) -> None:
    # given several connections that broke while nobody used them
    user_id = await stores.new_user()
    await asyncio.gather(*(_work(shards, user_id) for _ in range(4)))
    proxy.go_down()
    await asyncio.sleep(0.05)
    proxy.come_up()

    # then everybody is served at once
    await asyncio.gather(*(_work(shards, user_id) for _ in range(12)))


async def _work(shards: Shards, user_id: int) -> None:
    async with shards.user_tx(user_id) as tx:
        await tx.execute("select pg_sleep(0.05)")


async def test_an_error_of_the_callers_own_stays_what_it_is(stores: Stores, shards: Shards) -> None:
    user_id = await stores.new_user()

    for error in (ConnectionResetError("to a model"), TimeoutError("of a tool"), ValueError("of a user")):
        with pytest.raises(type(error)) as caught:
            async with shards.user_tx(user_id):
                raise error
        assert caught.value is error


async def test_a_cancellation_that_comes_during_the_rollback_is_not_swallowed(
    stores: Stores, proxy: PostgresProxy, shards: Shards
) -> None:
    # given a transaction that fails, whose rollback does not come through
    user_id = await stores.new_user()
    failing = asyncio.Event()

    async def fail() -> None:
        with suppress(ValueError):
            async with shards.user_tx(user_id):
                proxy.flows.clear()
                failing.set()
                raise ValueError
        await asyncio.Event().wait()

    task = asyncio.create_task(fail())
    await failing.wait()
    await asyncio.sleep(0.05)

    # when its task is cancelled
    task.cancel()
    await asyncio.wait((task,), timeout=10)
    proxy.flows.set()

    assert task.cancelled()


async def test_a_database_that_hangs_is_away_soon_and_leaves_no_line_behind(
    stores: Stores, proxy: PostgresProxy
) -> None:
    # given lines that are open already, to a server that no longer says a word
    user_id = await stores.new_user()
    async with shards_of(proxy.url(stores.databases[0].app), answer_seconds=0.05) as shards:
        async with shards.user_tx(user_id) as tx:
            await tx.execute("select 1")
        proxy.flows.clear()

        # then who comes is told, without waiting for the rest of a statement's time
        async with asyncio.timeout(4):
            with pytest.raises(StoreUnavailable):
                async with shards.user_tx(user_id):
                    pytest.fail("nobody gets in")
        [lent] = [shard.pool.lent for shard in shards.by_name.values()]
        assert lent == 0

        # and when it wakes up it is there again
        proxy.flows.set()
        async with asyncio.timeout(4), shards.user_tx(user_id) as tx:
            assert await tx.fetchval("select 1") == 1
