"""The embedded servers as the rest of the house sees them."""

from __future__ import annotations

import asyncpg
from redis.asyncio import Redis

from artel.store.embedded import PostgresEndpoint, drop_database, ensure_database
from tests.support.servers import FreshDatabase


async def test_unix_socket_and_tcp_reach_the_same_server(postgres: PostgresEndpoint) -> None:
    started: list[object] = []
    for dsn in (postgres.dsn(), postgres.tcp_dsn()):
        connection = await asyncpg.connect(dsn)
        started.append(await connection.fetchval("SELECT pg_postmaster_start_time()"))
        await connection.close()

    assert started[0] == started[1]


async def test_russian_text_is_compared_and_searched_without_icu(fresh_database: FreshDatabase) -> None:
    connection = await asyncpg.connect(await fresh_database())

    lowered, alike, found = await connection.fetchrow(  # type: ignore[misc]
        "SELECT lower('ПРИВЕТ, Ёж'), 'Привет' ILIKE 'ПРИВЕТ', "
        "to_tsvector('russian', 'Написал письма') @@ to_tsquery('russian', 'письмо')"
    )
    await connection.close()

    assert (lowered, alike, found) == ("привет, ёж", True, True)


async def test_fresh_databases_differ(fresh_database: FreshDatabase) -> None:
    first, second = await fresh_database(), await fresh_database()

    connection = await asyncpg.connect(first)
    await connection.execute("CREATE TABLE only_here ()")
    await connection.close()
    connection = await asyncpg.connect(second)
    found = await connection.fetchval("SELECT to_regclass('only_here')")
    await connection.close()

    assert found is None


async def test_ensuring_a_database_twice_keeps_it(postgres: PostgresEndpoint) -> None:
    name = 'shard "2"'

    assert await ensure_database(postgres, name) is True
    assert await ensure_database(postgres, name) is False
    await drop_database(postgres, name)
    assert await ensure_database(postgres, name) is True


async def test_valkey_answers(redis_url: str) -> None:
    async with Redis(unix_socket_path=redis_url.removeprefix("unix://")) as client:
        await client.set("servers:test", "1")

        assert await client.get("servers:test") == b"1"
