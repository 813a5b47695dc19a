"""Brings a shard's schema to a revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from artel.kit.errors import ArtelError
from artel.store.restoring import RestoreUnfinished, is_mark

_LOCATION = Path(__file__).parent / "migrations"
_LOCK = "select pg_advisory_xact_lock(7233, 2)"


class WrongShard(ArtelError):
    """A database URL leads to another shard than its place says. Check DATABASE_URL: the first is the directory."""

    slug = "wrong-shard"


class UnknownRevision(ArtelError):
    """The schema was made by a newer version of Artel. Install that version, or a newer one."""

    slug = "unknown-revision"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_LOCATION).replace("%", "%%"))
    return config


def head_revision() -> str:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def knows_revision(revision: str) -> bool:
    """Whether this code can bring a database to the revision, and from it to the newest."""
    return any(step.revision == revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


async def migrate(url: URL, revision: str = "head") -> None:
    """Upgrades (or, to an older revision, downgrades) one database. Others that try meanwhile wait.

    url: a login as the migrator role.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate, revision)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, revision: str) -> None:
    connection.execute(text(_LOCK))
    config = _config()
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    if _is_older(revision, current):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _is_older(revision: str, current: str | None) -> bool:
    if revision == "base":
        return True
    if revision == "head" or current is None:
        return False
    script = ScriptDirectory.from_config(_config())
    return revision != current and any(step.revision == revision for step in script.walk_revisions("base", current))


async def name_shard(url: URL, name: str, *, is_directory: bool) -> str:
    """Writes the shard's own name and part into it, once: a name it has already stays. Answers the name.

    Raises:
        WrongShard: the database already has the other part.
        RestoreUnfinished: it is being restored.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            # Of two that start at once, one would add a second name.
            await connection.execute(text(_LOCK))
            await connection.execute(
                text("insert into shard_info select :name, :first where not exists (select from shard_info)"),
                {"name": name, "first": is_directory},
            )
            row = (await connection.execute(text("select name, is_directory from shard_info"))).one()
    finally:
        await engine.dispose()
    if is_mark(row.name):
        raise RestoreUnfinished
    if row.is_directory != is_directory:
        raise WrongShard
    return row.name
