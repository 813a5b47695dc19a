"""The embedded PostgreSQL and Valkey for tests: each pytest process has its own, in a temporary directory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import count

import pytest

from artel.store.embedded import EmbeddedServers, Endpoints, PostgresEndpoint, create_database

FreshDatabase = Callable[..., Awaitable[str]]
"""`await fresh_database()` or `await fresh_database(template="...")` -> the superuser's DSN of a new database."""


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Running servers, shared by all tests of this process."""
    with EmbeddedServers(tmp_path_factory.mktemp("servers"), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def postgres(endpoints: Endpoints) -> PostgresEndpoint:
    """The running PostgreSQL: `postgres.dsn("name")` is the superuser's URL over the unix socket."""
    return endpoints.postgres[0]


@pytest.fixture(scope="session")
def redis_url(endpoints: Endpoints) -> str:
    """The running Valkey as `unix:///...`."""
    assert endpoints.redis_url is not None
    return endpoints.redis_url


@pytest.fixture(scope="session")
def fresh_database(postgres: PostgresEndpoint) -> FreshDatabase:
    """Makes a database that no other test has; it goes away with the server."""
    numbers = count(1)

    async def make(template: str = "template1") -> str:
        name = f"fresh_{next(numbers)}"
        await create_database(postgres, name, template=template)
        return postgres.dsn(name)

    return make
