"""A migrated installation over the embedded servers: shards, Redis, and users to work with. Emptied after each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import asyncpg
import pytest
from redis.asyncio import Redis

from artel.events.client import redis_client
from artel.store.migrate import migrate, name_shard
from artel.store.roles import DatabaseUrls, plain_dsn, prepare_database
from artel.store.shards import Shards
from artel.store.tables import User
from artel.store.tx import check_owners
from tests.support.servers import FreshDatabase

SECRET_KEY = "a secret key of the tests"


@dataclass(frozen=True)
class Stores:
    """One installation: its shards (the first is the directory), its Redis, and who lives there."""

    shards: Shards
    redis: Redis
    redis_url: str
    databases: tuple[DatabaseUrls, ...]
    _numbers: count[int] = field(default_factory=lambda: count(1))

    async def new_user(self, email: str | None = None, *, role: str = "user", shard: str | None = None) -> int:
        """A user with an empty space (and a password nobody knows); answers the id."""
        home = shard or next(iter(self.shards.by_name))
        async with self.shards.system_tx() as session:
            user = User(
                email=email or f"user{next(self._numbers)}@example.org",
                password_hash="!",
                role=role,
                locale="en",
                shard=home,
            )
            session.add(user)
            await session.flush()
        await self.shards.open_space(user.id, home)
        return user.id

    async def as_migrator(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Runs SQL on every shard as the role that row-level security does not bind, to look behind the curtain."""
        rows: list[asyncpg.Record] = []
        for urls in self.databases:
            connection = await asyncpg.connect(plain_dsn(urls.migrator))
            try:
                rows += await connection.fetch(sql, *args)
            finally:
                await connection.close()
        return rows

    async def empty(self) -> None:
        """Removes every user, every worker, and everything in Redis."""
        await self.remove_users()
        await self.as_migrator("delete from workers")
        await self.redis.flushdb()  # pyright: ignore[reportUnknownMemberType]

    async def remove_users(self) -> None:
        """Removes every user with everything that is theirs; houses over these stores go on."""
        for user in await self.as_migrator("delete from users returning id"):
            self.shards.forget(user["id"])
        await self.as_migrator("delete from shard_users")
        await self.as_migrator("delete from erasures")


@asynccontextmanager
async def installation(databases: tuple[DatabaseUrls, ...], redis_url: str) -> AsyncGenerator[Stores]:
    """The stores of one installation, opened as the app's role; nothing is emptied at the end."""
    shards = Shards([urls.app for urls in databases])
    await shards.start()
    redis = redis_client(redis_url)
    try:
        yield Stores(shards, redis, redis_url, databases)
    finally:
        await redis.aclose()
        await shards.stop()


async def migrated_shard(fresh_database: FreshDatabase, name: str, *, is_directory: bool) -> DatabaseUrls:
    """A new database with the newest schema that knows its own name."""
    urls = await prepare_database(await fresh_database(), SECRET_KEY)
    await migrate(urls.migrator)
    await name_shard(urls.migrator, name, is_directory=is_directory)
    return urls


@pytest.fixture(scope="session")
async def first_shard(fresh_database: FreshDatabase) -> DatabaseUrls:
    """A migrated database that is the directory, named shard1."""
    return await migrated_shard(fresh_database, "shard1", is_directory=True)


@pytest.fixture(scope="session")
async def second_shard(fresh_database: FreshDatabase) -> DatabaseUrls:
    """A migrated database named shard2."""
    return await migrated_shard(fresh_database, "shard2", is_directory=False)


@pytest.fixture(scope="session")
async def _one_shard(first_shard: DatabaseUrls, redis_url: str) -> AsyncGenerator[Stores]:
    async with installation((first_shard,), redis_url) as stores:
        yield stores


@pytest.fixture(scope="session")
async def _two_shards(first_shard: DatabaseUrls, second_shard: DatabaseUrls, redis_url: str) -> AsyncGenerator[Stores]:
    async with installation((first_shard, second_shard), redis_url) as stores:
        yield stores


@pytest.fixture
def violations() -> Iterator[list[str]]:
    """Where the second check caught a foreign row; a test that expects none need not look: teardown does."""
    caught: list[str] = []
    remove = check_owners(caught.append)
    yield caught
    remove()
    assert caught == []


@pytest.fixture
async def stores(_one_shard: Stores, violations: list[str]) -> AsyncGenerator[Stores]:
    """An installation of one shard, empty."""
    yield _one_shard
    await _one_shard.empty()


@pytest.fixture
async def two_shards(_two_shards: Stores, violations: list[str]) -> AsyncGenerator[Stores]:
    """An installation of two shards, empty. Do not take it together with `stores`: they share the directory."""
    yield _two_shards
    await _two_shards.empty()
