"""Many users over few connections, with cancellations, timeouts and errors at any moment: nobody becomes another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import suppress

import asyncpg
import pytest

from artel.kit.ids import IdMaker
from artel.store.engine import PoolSizes
from artel.store.shards import Shards
from artel.store.tables import ChatSession
from tests.support.stores import Stores

IDS = IdMaker()
USERS, ROUNDS = 6, 400


@pytest.fixture
async def few_lines(stores: Stores) -> AsyncGenerator[Shards]:
    """Shards with three connections for everybody."""
    shards = Shards([urls.app for urls in stores.databases], PoolSizes(kept=2, extra=1, wait_seconds=20))
    await shards.start()
    yield shards
    await shards.stop()


async def _own_world(shards: Shards, user_id: int, rng: random.Random, found: list[str]) -> None:
    async with shards.user_tx(user_id) as tx:
        who = await tx.fetchval("select current_setting('app.user_id')")
        owners = {row["user_id"] for row in await tx.fetch("select user_id from chat_sessions")}
        if who != str(user_id) or owners - {user_id}:
            found.append(f"{user_id} was {who} and saw {owners}")
        match rng.randrange(6):
            case 0:
                raise ValueError("of the caller")
            case 1:
                await tx.execute("select 1 / 0")
            case 2:
                await tx.execute("select pg_sleep(0.05)")
            case 3:
                tx.session.add(ChatSession(user_id=user_id, id=IDS.number(), title="more"))
            case _:
                pass


async def test_no_connection_carries_a_user_on(stores: Stores, few_lines: Shards) -> None:
    users = [await stores.new_user() for _ in range(USERS)]
    for user_id in users:
        async with stores.shards.user_tx(user_id) as tx:
            tx.session.add(ChatSession(user_id=user_id, id=IDS.number(), title="one"))
    rng, found = random.Random(11), list[str]()

    async def one(number: int) -> None:
        task = asyncio.create_task(_own_world(few_lines, users[number % USERS], rng, found))
        if rng.random() < 0.5:
            await asyncio.sleep(rng.random() * 0.01)
            task.cancel()
        with suppress(asyncio.CancelledError, ValueError, asyncpg.DivisionByZeroError):
            await task

    for start in range(0, ROUNDS, 20):
        await asyncio.gather(*(one(number) for number in range(start, start + 20)))

    assert found == []
    async with few_lines.system_tx() as session:
        seen = (await session.connection()).exec_driver_sql("select current_setting('app.user_id', true)")
        assert (await seen).scalar() in (None, "")
    # every connection came back: all of them can be lent at once
    async with asyncio.timeout(5):
        await asyncio.gather(*(_sleep(few_lines, user_id) for user_id in users[:3]))


async def _sleep(shards: Shards, user_id: int) -> None:
    async with shards.user_tx(user_id) as tx:
        await tx.execute("select pg_sleep(0.1)")
