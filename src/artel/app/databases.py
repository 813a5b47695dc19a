"""Finds or starts the stores, and brings their schema up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
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
    read_secrets,
)
from artel.store.engine import PoolSizes, through_pooler
from artel.store.migrate import migrate, name_shard
from artel.store.phases import Phase
from artel.store.placement import register_shards
from artel.store.roles import APP, DatabaseUrls, prepare_database, role_password, role_urls, working_urls

_DATABASE = "artel"

_log = structlog.get_logger("artel.store")


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
    old_keys: tuple[str, ...] = field(default=(), repr=False)
    """Secret keys that still open what was sealed with them."""
    other_passwords: tuple[str, ...] = field(default=(), repr=False)
    """Of the app role, while secret keys are being changed."""


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
    secret_key, *old_keys = keys = secret_keys(settings)
    if upgrade:
        databases = await prepared_databases(settings, endpoints)
        await _upgrade(databases, only=only, alone=alone)
    else:
        databases = _databases(settings, endpoints, secret_key)
    redis_url = settings.redis_url or (endpoints.redis_url if endpoints else None)
    assert redis_url is not None
    return Stores(
        tuple(urls.app for urls in databases),
        redis_url,
        secret_key,
        alone,
        companions=endpoints.companions if endpoints else {},
        old_keys=tuple(old_keys),
        other_passwords=tuple(role_password(key, APP) for key in keys) if old_keys else (),
    )


async def _upgrade(databases: Sequence[DatabaseUrls], *, only: Phase | None, alone: bool) -> None:
    names: list[str] = []
    for position, urls in enumerate(databases):
        await migrate(urls.migrator, only=only)
        names.append(await name_shard(urls.migrator, f"shard{position + 1}", is_directory=position == 0))
    closed = await register_shards(databases[0].migrator, names, opened=alone)
    if closed:
        # Other processes may have been started with an older list; see docs/shards.md.
        _log.warning("new_shards_are_closed", shards=closed, next="artel shards open NAME")


def secret_keys(settings: Settings) -> Sequence[str]:
    """The key that seals, then those that still open; one is made in the data directory when there is none."""
    if settings.secret_key is not None:
        return [key.get_secret_value() for key in (settings.secret_key, *settings.secret_keys_old)]
    load_or_create_secret(key_file(settings))
    return read_secrets(key_file(settings))


def key_file(settings: Settings) -> Path:
    """Where the secret keys are kept when the environment names none: the newest first, one a line."""
    return settings.data_dir / "secret.key"


async def prepared_databases(settings: Settings, endpoints: Endpoints | None) -> Sequence[DatabaseUrls]:
    """The databases, with their roles; an embedded one is made when it is missing. Nothing is migrated."""
    secret_key, *old_keys = secret_keys(settings)
    if settings.migration_urls:
        return _databases(settings, endpoints, secret_key)
    if not settings.database_urls:
        for server in endpoints.postgres if endpoints else ():
            await ensure_database(server, _DATABASE)
    password = settings.grafana_password.get_secret_value() if settings.grafana_password else None
    return [
        await prepare_database(url, secret_key, password, old_keys=old_keys) for url in admin_urls(settings, endpoints)
    ]


async def working_databases(settings: Settings, endpoints: Endpoints | None) -> Sequence[DatabaseUrls]:
    """The databases as they are, each with the passwords that it takes: for commands beside running servers."""
    newest, *older = [_databases(settings, endpoints, key) for key in secret_keys(settings)]
    if not older:
        return newest
    return [await working_urls(choices, choices[0]) for choices in zip(newest, *older, strict=True)]


def admin_urls(settings: Settings, endpoints: Endpoints | None) -> Sequence[str]:
    """Logins that may make roles."""
    if settings.database_urls:
        return settings.database_urls
    assert endpoints is not None
    return [server.dsn(_DATABASE) for server in endpoints.postgres]


def _databases(settings: Settings, endpoints: Endpoints | None, secret_key: str) -> Sequence[DatabaseUrls]:
    if settings.migration_urls:
        # The administrator made the roles: each URL is used as it is.
        pairs = zip(settings.database_urls, settings.migration_urls, strict=True)
        return [DatabaseUrls(app_url(settings, app), async_url(migrator)) for app, migrator in pairs]
    return [role_urls(url, secret_key) for url in admin_urls(settings, endpoints)]


def app_url(settings: Settings, url: str) -> URL:
    """A URL of the app role as it is connected to: directly, or through the pooler that the environment speaks of."""
    return through_pooler(async_url(url)) if settings.pooler == "transaction" else async_url(url)


def async_url(url: str) -> URL:
    """The same with our driver."""
    return make_url(url).set(drivername="postgresql+asyncpg")
