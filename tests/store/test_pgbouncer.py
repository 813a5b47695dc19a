"""Everything through a real PgBouncer in transaction mode: callers share connections and nothing leaks between them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text

from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tables import ChatSession
from tests.support.moving import a_mover, both, fill
from tests.support.pgbouncer import SERVER_CONNECTIONS, backend_of
from tests.support.stores import Stores

IDS = IdMaker()
USERS, ROUNDS = 9, 12

_OF_A_SESSION = re.compile(
    r"add_listener|pg_notify|[\"']\s*(un)?listen |[\"']\s*notify |pg_(try_)?advisory_lock|\bset session\b|with hold|"
    r"set_config\([^)]*false\)|\bdiscard all\b|\bprepare \w+ (as|\()",
    re.IGNORECASE,
)


async def test_users_at_once_see_their_own_rows_on_shared_connections(two_shards: Stores, pooled: Shards) -> None:
    users = [await two_shards.new_user(shard=f"shard{1 + n % 2}") for n in range(USERS)]

    async def live(user_id: int) -> set[int]:
        backends: set[int] = set()
        for number in range(ROUNDS):
            async with pooled.user_tx(user_id) as tx:
                tx.session.add(ChatSession(user_id=user_id, id=IDS.number(), title=f"{user_id} {number}"))
                await tx.flush()
                # Without any filter, by both ways in: only the policy stands between them.
                titles = {row["title"] for row in await tx.fetch("select title from chat_sessions")}
                by_orm = {chat.title for chat in await tx.session.scalars(select(ChatSession))}
                backends.add(await tx.fetchval("select pg_backend_pid()"))
            assert titles == by_orm == {f"{user_id} {n}" for n in range(number + 1)}
        return backends

    served_by = await asyncio.gather(*map(live, users))

    assert len(set[int]().union(*served_by)) <= 2 * SERVER_CONNECTIONS, "they did share connections"


async def test_a_pooled_connection_remembers_nobody(two_shards: Stores, pooled: Shards) -> None:
    user = await two_shards.new_user()
    backend = await backend_of(pooled, user)

    async with pooled.shard_system_tx("shard1") as session:
        assert await session.scalar(text("select current_setting('app.user_id', true)")) in (None, "")
        assert (await session.scalars(text("select user_id from shard_users"))).all() == []
    assert backend


async def test_a_failed_transaction_leaves_the_connection_to_the_next(two_shards: Stores, pooled: Shards) -> None:
    user = await two_shards.new_user()
    for _ in range(2 * SERVER_CONNECTIONS):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await _write_and_fail(pooled, user)

    async with pooled.user_tx(user) as tx:
        assert await tx.fetch("select * from chat_sessions") == []


async def _write_and_fail(shards: Shards, user_id: int) -> None:
    async with shards.user_tx(user_id) as tx:
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, 1, 'lost')", user_id)
        await tx.fetch("select 1 / 0")


async def test_json_times_and_arrays_travel_as_without_a_pooler(two_shards: Stores, pooled: Shards) -> None:
    user = await two_shards.new_user()
    question = "select $1::jsonb as j, $2::bigint[] as a, now() as t, 0.10::numeric as n, $3::uuid[] as u"
    values = ('{"a": [1, null]}', [1, 2], [IDS.uuid()])

    async with pooled.user_tx(user) as tx:
        through = await tx.fetchrow(question, *values)
    async with two_shards.shards.user_tx(user) as tx:
        direct = await tx.fetchrow(question, *values)

    assert through is not None
    assert direct is not None
    assert {key: value for key, value in through.items() if key != "t"} == {
        key: value for key, value in direct.items() if key != "t"
    }


async def test_a_user_moves_through_the_pooler(two_shards: Stores, pooled: Shards) -> None:
    user = await two_shards.new_user(shard="shard1")
    await fill(two_shards, user)
    before = (await both(two_shards))[0].of(user)

    assert await a_mover(pooled).move(user, "shard2")

    first, second = await both(two_shards)
    assert (first.of(user), second.of(user)) == ({}, before)


def test_nothing_of_a_session_is_used() -> None:
    used = [
        f"{path.name}: {found.group()}"
        for path in Path("src/artel").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if (found := _OF_A_SESSION.search(line))
    ]

    assert used == [], "behind a pooler the next statement may run on another connection"
