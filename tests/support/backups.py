"""Backups of a house full of rows, and empty installations to restore them into."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from artel.kit.secrets import key_id
from artel.settings import Settings, load_settings
from artel.store.backup.archive import ArchiveReader, ArchiveWriter
from artel.store.backup.catalogue import LEFT_OUT
from artel.store.backup.dump import dump, shard_heads
from artel.store.backup.manifest import Head
from artel.store.backup.snapshot import Snapshot, open_snapshots
from artel.store.roles import DatabaseUrls, direct_connection, plain_dsn, prepare_database
from tests.support.servers import FreshDatabase
from tests.support.stores import SECRET_KEY

PASSPHRASE = "words that nobody guesses"
Rows = Mapping[str, Counter[str]]
"""Rows as JSON texts, by table."""

_ALL = """
select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""


def not_told(shard: str, table: str, here: int, done: int) -> None:
    """No progress is looked at."""


@dataclass(frozen=True)
class Target:
    """Databases with roles and nothing else, as an environment names them."""

    databases: tuple[DatabaseUrls, ...]
    redis_url: str
    data: Path

    @property
    def settings(self) -> Settings:
        """Of the environment."""
        return self.with_settings()

    def with_settings(self, **more: str) -> Settings:
        """The same environment, changed."""
        return load_settings(_environment(self) | more)


MakeTarget = Callable[..., Awaitable[Target]]
"""`await make_target(2)`: so many empty databases."""


async def empty_target(fresh_database: FreshDatabase, redis_url: str, data: Path, shards: int) -> Target:
    """So many new databases."""
    databases = [await prepare_database(await fresh_database(), SECRET_KEY) for _ in range(shards)]
    return Target(tuple(databases), redis_url, data)


@pytest.fixture
def make_target(fresh_database: FreshDatabase, redis_url: str, tmp_path: Path) -> MakeTarget:
    """Makes empty installations."""

    async def make(shards: int = 1) -> Target:
        return await empty_target(fresh_database, f"{redis_url}?db=9", tmp_path / "data", shards)

    return make


def _environment(target: Target) -> dict[str, str]:
    # The roles' URLs, since roles belong to the server and other tests use them too.
    return {
        "DATABASE_URL": ",".join(plain_dsn(urls.app) for urls in target.databases),
        "ARTEL_MIGRATION_URL": ",".join(plain_dsn(urls.migrator) for urls in target.databases),
        "REDIS_URL": target.redis_url,
        "ARTEL_SECRET_KEY": SECRET_KEY,
        "ARTEL_DATA_DIR": str(target.data),
    }


async def back_up(urls: Sequence[DatabaseUrls], passphrase: str | None = None) -> tuple[bytes, Sequence[Rows]]:
    """A backup, and the rows of each shard that its snapshot saw."""
    sink = io.BytesIO()
    async with open_snapshots([each.migrator for each in urls]) as snapshots:
        rows = [await snapshot_rows(each) for each in snapshots]
        head = Head("0", snapshots[0].revision, "2026-11-26T00:00:00+00:00", shard_heads(snapshots), key_id(SECRET_KEY))
        await dump(snapshots, head, ArchiveWriter(sink, passphrase), not_told)
    return sink.getvalue(), rows


def read_back(content: bytes, passphrase: str | None = None) -> ArchiveReader:
    """The backup, to be read."""
    return ArchiveReader(io.BytesIO(content), lambda: passphrase)


async def snapshot_rows(snapshot: Snapshot) -> Rows:
    """What an open snapshot sees of the users who live there."""
    found: dict[str, Counter[str]] = {}
    for table in snapshot.tables:
        rows = await snapshot.connection.fetch(
            f"select to_jsonb(t)::text as row from ({table.rows(snapshot.strays)}) t"
        )
        found[table.name] = Counter(row["row"] for row in rows)
    return found


async def rows_of(urls: DatabaseUrls) -> Rows:
    """Everything that a database holds and a backup should."""
    async with direct_connection(urls.migrator) as connection:
        names = [row["name"] for row in await connection.fetch(_ALL) if row["name"] not in LEFT_OUT]
        return {
            name: Counter(
                row["row"] for row in await connection.fetch(f"select to_jsonb(t)::text as row from {name} t")
            )
            for name in names
        }
