"""All shards as they were at one moment, though each is a database of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import asyncpg
from sqlalchemy.engine import URL

from artel.kit.errors import ArtelError
from artel.store.backup.catalogue import Table, quoted, read_tables
from artel.store.restoring import RestoreUnfinished, is_mark
from artel.store.roles import direct_connection

_PAUSE: Final = 0.1


class Disagreement(ArtelError):
    """Some accounts have no space on the shard that the directory names, and that does not pass. 'artel doctor' names
    them; 'artel backup --incomplete' goes on without them."""

    slug = "shards-disagree"


class WrongRevisions(ArtelError):
    """The shards have schemas of different revisions, or none. Run 'artel migrate' first."""

    slug = "wrong-revisions"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One shard in an open transaction. strays: users who have rows here and live elsewhere, or nowhere."""

    name: str
    is_directory: bool
    revision: str
    tables: Sequence[Table]
    strays: Collection[int]
    connection: asyncpg.Connection


@asynccontextmanager
async def open_snapshots(
    urls: Sequence[URL], *, tries: int = 300, incomplete: bool = False
) -> AsyncGenerator[Sequence[Snapshot]]:
    """Snapshots of all shards that agree on who lives where; the directory's is the first.

    urls: as the migrator role. incomplete: accounts without a space do not matter.

    Raises:
        Disagreement, WrongRevisions, RestoreUnfinished: there is nothing to back up like this.
    """
    for attempt in range(tries):
        async with AsyncExitStack() as stack:
            found = await asyncio.gather(*(stack.enter_async_context(_snapshot(url)) for url in urls))
            homes = {row["id"]: row["shard"] for row in await found[0].connection.fetch(_HOMES)}
            rows = [await each.connection.fetch(_SPACES) for each in found]
            spaces = [{row["user_id"] for row in each} for each in rows]
            # Of two snapshots one is a moment younger: whoever is being moved may be whole in neither. They are waited
            # for.
            settled = [{row["user_id"] for row in each if row["state"] == "active"} for each in rows]
            if len({each.revision for each in found}) > 1 or not found[0].is_directory:
                raise WrongRevisions
            missing = _missing(homes, {each.name: users for each, users in zip(found, settled, strict=True)})
            if not missing or (incomplete and attempt == tries - 1):
                yield [
                    replace(each, strays={user for user in users if homes.get(user) != each.name})
                    for each, users in zip(found, spaces, strict=True)
                ]
                return
        await asyncio.sleep(_PAUSE)
    raise Disagreement


def _missing(homes: Mapping[int, str], spaces: Mapping[str, Collection[int]]) -> list[int]:
    return [user for user, shard in homes.items() if user not in spaces.get(shard, ())]


@asynccontextmanager
async def _snapshot(url: URL) -> AsyncGenerator[Snapshot]:
    async with direct_connection(url) as connection:
        names = [row["name"] for row in await connection.fetch(_TABLES)]
        if not {"alembic_version", "shard_info"} <= set(names):
            raise WrongRevisions
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        try:
            # Before the snapshot is taken, which the first question does: no migration may come in between.
            await connection.execute(f"lock table {', '.join(map(quoted, names))} in access share mode")
            info = await connection.fetchrow("select name, is_directory from shard_info")
            revision = await connection.fetchval("select version_num from alembic_version")
            if info is None:
                raise WrongRevisions
            if is_mark(info["name"]):
                raise RestoreUnfinished
            tables = await read_tables(connection)
            yield Snapshot(info["name"], info["is_directory"], revision, tables, (), connection)
        finally:
            await transaction.rollback()


_TABLES: Final = """
select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
_HOMES: Final = "select id, shard from users"
_SPACES: Final = "select user_id, state from shard_users"
