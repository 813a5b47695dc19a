"""Finds or starts the stores, and brings their schema up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import URL, make_url

from artel.kit.errors import ArtelError
from artel.settings import Settings
from artel.store.embedded import (
    EmbeddedServers,
    Endpoints,
    MakeCompanions,
    borrow_endpoints,
    ensure_database,
    load_or_create_secret,
    no_companions,
    postgres_servers_of,
)
from artel.store.engine import PoolSizes
from artel.store.migrate import migrate, name_shard
from artel.store.phases import Phase
from artel.store.roles import DatabaseUrls, prepare_database, role_urls

_DATABASE = "artel"


class NothingRuns(ArtelError):
    """No Artel runs on this data directory, and DATABASE_URL is not set. Start 'artel serve' first."""

    slug = "nothing-runs"


@dataclass(frozen=True, slots=True)
class Stores:
    """How to reach every store; `alone`: no other process can be using them."""

    shards: tuple[URL, ...]
    redis_url: str
    secret_key: str = field(repr=False)
    alone: bool
    pool_sizes: PoolSizes = field(default_factory=PoolSizes)
    companions: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Sockets of what runs beside the embedded servers; see `app.memory`."""


def embedded_servers(
    settings: Settings, companions: MakeCompanions = no_companions, shards: int = 1
) -> EmbeddedServers | None:
    """The servers to start for this environment, and what runs beside them; None when it names servers of its own for
    everything. shards: how many embedded PostgreSQL servers there are at least."""
    if settings.database_urls and settings.redis_url:
        return None
    return EmbeddedServers(
        settings.data_dir,
        postgres_servers=0 if settings.database_urls else max(shards, postgres_servers_of(settings.data_dir)),
        valkey=settings.redis_url is None,
        companions=companions,
    )


def running_endpoints(settings: Settings) -> Endpoints | None:
    """For a command beside a running server: where that one's embedded stores listen.

    Raises:
        NothingRuns: it needs embedded stores, and none run.
    """
    if settings.database_urls and settings.redis_url:
        return None
    endpoints = borrow_endpoints(settings.data_dir)
    if endpoints is None:
        raise NothingRuns
    return endpoints


async def open_stores(
    settings: Settings,
    endpoints: Endpoints | None,
    *,
    upgrade: bool,
    only: Phase | None = None,
    alone: bool = False,
) -> Stores:
    """The addresses of all stores. With `upgrade` the roles are made and every shard is migrated first. only: by the
    migrations of this phase.

    Raises:
        DeploymentUnfinished: those of the other phase come first.
    """
    secret_key = _secret_key(settings)
    databases = await _databases(settings, endpoints, secret_key, upgrade=upgrade)
    if upgrade:
        for position, urls in enumerate(databases):
            await migrate(urls.migrator, only=only)
            await name_shard(urls.migrator, f"shard{position + 1}", is_directory=position == 0)
    redis_url = settings.redis_url or (endpoints.redis_url if endpoints else None)
    assert redis_url is not None
    companions = endpoints.companions if endpoints else dict[str, Sequence[str]]()
    return Stores(tuple(urls.app for urls in databases), redis_url, secret_key, alone, companions=companions)


def _secret_key(settings: Settings) -> str:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return load_or_create_secret(settings.data_dir / "secret.key")


async def _databases(
    settings: Settings, endpoints: Endpoints | None, secret_key: str, *, upgrade: bool
) -> Sequence[DatabaseUrls]:
    if settings.migration_urls:
        # The administrator made the roles: each URL is used as it is.
        pairs = zip(settings.database_urls, settings.migration_urls, strict=True)
        return [DatabaseUrls(_async_url(app), _async_url(migrator)) for app, migrator in pairs]
    admin_urls = list(settings.database_urls)
    if not admin_urls:
        assert endpoints is not None
        for server in endpoints.postgres:
            if upgrade:
                await ensure_database(server, _DATABASE)
            admin_urls.append(server.dsn(_DATABASE))
    if upgrade:
        password = settings.grafana_password.get_secret_value() if settings.grafana_password else None
        return [await prepare_database(url, secret_key, password) for url in admin_urls]
    return [role_urls(url, secret_key) for url in admin_urls]


def _async_url(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+asyncpg")
