"""Brings a shard's schema to a revision."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from alembic import command
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from artel.kit.errors import ArtelError
from artel.store.phases import History, Phase, known_history, migration_config
from artel.store.restoring import RestoreUnfinished, is_mark

_LOCK = "select pg_advisory_xact_lock(7233, 2)"


class WrongShard(ArtelError):
    """A database URL leads to another shard than its place says. Check DATABASE_URL: the first is the directory."""

    slug = "wrong-shard"


class UnknownRevision(ArtelError):
    """The schema was made by a newer version of Artel. Install that version, or a newer one."""

    slug = "unknown-revision"


def head_revision() -> str:
    """The newest revision this code knows."""
    return list(known_history().phases)[-1]


def knows_revision(revision: str) -> bool:
    """Whether this code can bring a database to the revision, and from it to the newest."""
    return revision in known_history().phases


async def migrate(url: URL, revision: str = "head", *, only: Phase | None = None, more: Collection[Path] = ()) -> None:
    """Upgrades (or, to an older revision, downgrades) one database. Others that try meanwhile wait. A database that is
    newer than this code is left as it is.

    url: a login as the migrator role. only: of what is to be done, the migrations of this phase. more: directories with
    further migrations.

    Raises:
        DeploymentUnfinished: those of the other phase come first; nothing was done.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate, revision, only, more)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, revision: str, only: Phase | None, more: Collection[Path]) -> None:
    connection.execute(text(_LOCK))
    config, history = migration_config(more), known_history(more)
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in history.phases:
        return
    if only is not None:
        target = history.target(current, only)
        if target is not None:
            command.upgrade(config, target)
    elif revision == "base" or (revision != "head" and revision in history.up_to(current)):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
    _note(connection, history)


def _note(connection: Connection, history: History) -> None:
    """Writes down what has run. The table is there from some migration on."""
    if not connection.scalar(text("select to_regclass('public.schema_versions') is not null")):
        return
    applied = history.up_to(MigrationContext.configure(connection).get_current_revision())
    connection.execute(text("delete from schema_versions where revision <> all(:applied)"), {"applied": applied})
    rows = [{"revision": revision, "phase": history.phases[revision]} for revision in applied]
    connection.execute(
        text("insert into schema_versions (revision, phase) values (:revision, :phase) on conflict do nothing"), rows
    )


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
