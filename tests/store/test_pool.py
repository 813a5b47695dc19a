"""The lines to a shard: lent to one borrower at a time, never lost, never passed on with anything of the last user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import select, text

from artel.store.embedded import PostgresEndpoint
from artel.store.engine import PoolSizes, make_engine
from artel.store.pool import Pool, PoolExhausted
from artel.store.shards import Shards, StoreUnavailable
from artel.store.tables import ChatSession
from tests.support.stores import Stores

Cut = Callable[[int], Awaitable[None]]
_WHO = "select coalesce(current_setting('app.user_id', true), '')"


@pytest.fixture
async def pool(stores: Stores) -> AsyncGenerator[Pool]:
    """One line that is kept, and one more while it is needed."""
    pool = Pool(make_engine(stores.databases[0].app), PoolSizes(kept=1, extra=1, wait_seconds=5))
    yield pool
    await pool.aclose()


@pytest.fixture
async def one_line(stores: Stores) -> AsyncGenerator[Shards]:
    """Shards that have to do everything on one line."""
    shards = Shards([urls.app for urls in stores.databases], PoolSizes(kept=1, extra=0, wait_seconds=5))
    await shards.start()
    yield shards
    await shards.stop()


@pytest.fixture
def cut(postgres: PostgresEndpoint) -> Cut:
    """Ends the server's side of a line, by its pid."""

    async def end(pid: int) -> None:
        superuser = await asyncpg.connect(postgres.dsn())
        await superuser.execute(f"select pg_terminate_backend({pid})")
        await superuser.close()

    return end


async def _when_waiting(pool: Pool, count: int) -> None:
    while sum(not turn.done() for turn in pool._waiting) < count:  # noqa: ASYNC110  # pyright: ignore[reportPrivateUsage]
        await asyncio.sleep(0)


async def test_the_line_used_last_is_lent_first(pool: Pool) -> None:
    line = await pool.take()
    await pool.give_back(line)

    assert await pool.take() is line

    await pool.give_back(line)


async def test_more_lines_than_are_kept_are_closed_when_they_come_back(pool: Pool) -> None:
    first, second = await pool.take(), await pool.take()

    await pool.give_back(first)
    await pool.give_back(second)

    assert not first.driver.is_closed()
    assert second.driver.is_closed()


async def test_who_waits_longest_gets_the_line_that_comes_back(pool: Pool) -> None:
    first, second = await pool.take(), await pool.take()
    waiting = [asyncio.create_task(pool.take()) for _ in range(2)]
    await _when_waiting(pool, 2)

    await pool.give_back(first)
    await pool.give_back(second)

    assert [await each for each in waiting] == [first, second]
    for line in (first, second):
        await pool.give_back(line)


async def test_a_line_that_comes_to_somebody_who_just_left_goes_to_the_next(pool: Pool) -> None:
    first, second = await pool.take(), await pool.take()
    leaving, staying = (asyncio.create_task(pool.take()) for _ in range(2))
    await _when_waiting(pool, 2)

    await pool.give_back(first)
    leaving.cancel()

    assert await staying is first
    assert leaving.cancelled()
    for line in (first, second):
        await pool.give_back(line)


async def test_a_discarded_line_makes_room_for_who_waits(pool: Pool) -> None:
    first, second = await pool.take(), await pool.take()
    waiting = asyncio.create_task(pool.take())
    await _when_waiting(pool, 1)

    await pool.discard(first)

    new = await waiting
    assert new not in (first, second)
    assert await new.driver.fetchval("select 1") == 1
    for line in (new, second):
        await pool.give_back(line)


async def test_a_line_that_broke_while_nobody_used_it_is_replaced(pool: Pool, cut: Cut) -> None:
    line = await pool.take()
    pid = line.driver.get_server_pid()
    await pool.give_back(line)
    await cut(pid)
    while not line.driver.is_closed():  # noqa: ASYNC110
        await asyncio.sleep(0)

    new = await pool.take()

    assert new is not line
    assert await new.driver.fetchval("select 1") == 1
    await pool.give_back(new)


async def test_nobody_waits_for_ever(stores: Stores) -> None:
    pool = Pool(make_engine(stores.databases[0].app), PoolSizes(kept=1, extra=0, wait_seconds=0.01))
    line = await pool.take()

    with pytest.raises(PoolExhausted):
        await pool.take()

    await pool.give_back(line)
    assert await pool.take() is line
    await pool.give_back(line)
    await pool.aclose()


async def test_a_line_that_is_lent_while_the_pool_closes_is_closed_when_it_comes_back(stores: Stores) -> None:
    pool = Pool(make_engine(stores.databases[0].app), PoolSizes())
    line = await pool.take()

    await pool.aclose()
    assert not line.driver.is_closed()
    await pool.give_back(line)

    assert line.driver.is_closed()


async def test_an_unreachable_database_leaves_no_line_behind(stores: Stores) -> None:
    nowhere = stores.databases[0].app.set(host="127.0.0.1", port=1, query={})
    pool = Pool(make_engine(nowhere), PoolSizes(kept=1, extra=0, wait_seconds=0.01))

    for _ in range(3):
        with pytest.raises(OSError, match="Connect"):
            await pool.take()

    await pool.aclose()


async def test_nothing_of_one_user_is_left_on_the_line_for_the_next(one_line: Shards, stores: Stores) -> None:
    ann, bob = await stores.new_user(), await stores.new_user()
    async with one_line.user_tx(ann) as tx:
        tx.session.add(ChatSession(user_id=ann, id=1, title="Ann's"))
        await tx.session.flush()
        pid = await tx.fetchval("select pg_backend_pid()")

    async with one_line.user_tx(bob) as tx:
        found = (await tx.session.scalars(select(ChatSession))).all()
        assert await tx.fetchval("select pg_backend_pid()") == pid
        assert await tx.fetchval(_WHO) == str(bob)
    async with one_line.shard_system_tx(next(iter(one_line.by_name))) as session:
        who = await session.scalar(text(_WHO))

    assert (list(found), who) == ([], "")


async def test_a_failed_transaction_keeps_nothing_and_its_line_goes_on(one_line: Shards, stores: Stores) -> None:
    user = await stores.new_user()

    async def fail() -> None:
        async with one_line.user_tx(user) as tx:
            tx.session.add(ChatSession(user_id=user, id=1, title="lost"))
            await tx.session.flush()
            await tx.execute("select 1/0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await fail()

    async with one_line.user_tx(user) as tx:
        assert (await tx.session.scalars(select(ChatSession))).all() == []


async def test_a_cancelled_transaction_keeps_nothing_and_its_line_goes_on(one_line: Shards, stores: Stores) -> None:
    user = await stores.new_user()
    inside = asyncio.Event()

    async def work() -> None:
        async with one_line.user_tx(user) as tx:
            await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, 1, '')", user)
            inside.set()
            await tx.execute("select pg_sleep(60)")

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with one_line.user_tx(user) as tx:
        assert await tx.fetchval("select count(*) from chat_sessions where user_id = $1", user) == 0


async def test_a_line_that_breaks_inside_a_transaction_is_an_outage(one_line: Shards, stores: Stores, cut: Cut) -> None:
    user = await stores.new_user()

    async def break_in_the_middle() -> None:
        async with one_line.user_tx(user) as tx:
            await cut(await tx.fetchval("select pg_backend_pid()"))
            await tx.fetchval("select 1")

    with pytest.raises(StoreUnavailable):
        await break_in_the_middle()

    async with one_line.user_tx(user) as tx:
        assert await tx.fetchval("select 1") == 1
