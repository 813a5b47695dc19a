"""Worlds for the isolation suite. Each lives as long as the package, in databases that no other test uses."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from artel.store.roles import DatabaseUrls
from tests.support.isolation_attacks import traces
from tests.support.isolation_world import LAYOUTS, World, open_world
from tests.support.servers import FreshDatabase
from tests.support.stores import migrated_shard

REDIS_DATABASE = 7


@pytest.fixture(scope="session")
async def isolation_shards(fresh_database: FreshDatabase) -> tuple[DatabaseUrls, DatabaseUrls]:
    """Two migrated databases; the first is the directory."""
    first = await migrated_shard(fresh_database, "shard1", is_directory=True)
    return first, await migrated_shard(fresh_database, "shard2", is_directory=False)


@pytest.fixture(scope="session")
def isolation_redis(redis_url: str) -> str:
    """A database of the running Valkey that no other test empties."""
    return f"{redis_url}?db={REDIS_DATABASE}"


@pytest.fixture(scope="package", params=LAYOUTS, ids=lambda layout: layout.name.replace(" ", "-"))
async def world(
    request: pytest.FixtureRequest, isolation_shards: tuple[DatabaseUrls, ...], isolation_redis: str
) -> AsyncGenerator[World]:
    """Each of the layouts in turn, or those that `in_worlds` names. Its end looks for traces in all that was said."""
    async with open_world(request.param, isolation_shards, isolation_redis) as opened:
        yield opened
        assert await traces(opened) == []
        assert opened.violations == 0
