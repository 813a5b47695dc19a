"""From the file into the shards: everything, or nothing that a server would start on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import asyncpg
from asyncpg.transaction import Transaction
from sqlalchemy.engine import URL

from artel.kit.errors import ArtelError
from artel.kit.sealed_stream import Damaged
from artel.store.backup.archive import ArchiveReader, Part
from artel.store.backup.catalogue import SPACES, USERS, Table, read_tables
from artel.store.backup.dump import Tell, read_table
from artel.store.backup.manifest import Head, Manifest, ShardHead
from artel.store.backup.snapshot import Snapshot
from artel.store.migrate import UnknownRevision, knows_revision, migrate
from artel.store.restoring import MARK, is_mark
from artel.store.roles import direct_connection

_TELL_BYTES: Final = 16 << 20


class NotEmpty(ArtelError):
    """There are accounts here already. 'artel restore --force' throws away what is in these databases."""

    slug = "not-empty"
    status = 409


class AtWork(ArtelError):
    """A process of Artel is at work here. Stop every 'artel serve', 'api' and 'worker' on these databases first."""

    slug = "at-work"
    status = 409


class TooFewShards(ArtelError):
    """The backup has more shards than DATABASE_URL names databases."""

    slug = "too-few-shards"


class RestoredWrongly(ArtelError):
    """What was read back is not what the backup holds. Nothing was stored."""

    slug = "restored-wrongly"


async def look_at_targets(urls: Sequence[URL], head: Head, *, force: bool) -> None:
    """Whether these databases may be restored into; changes nothing.

    urls: as the migrator role, the directory's first.

    Raises:
        NotEmpty, AtWork, TooFewShards, UnknownRevision: they may not.
    """
    if len(urls) < len(head.shards):
        raise TooFewShards(
            f"The backup has {len(head.shards)} shards, and DATABASE_URL names {len(urls)} databases. Name as many."
        )
    if not knows_revision(head.revision):
        raise UnknownRevision
    states = await asyncio.gather(*map(_state_of, urls))
    if any(state.at_work for state in states):
        raise AtWork
    # The directory is last to lose its mark: with it, what is there is of a restore that was not finished.
    if not force and not any(state.is_marked for state in states) and any(state.users for state in states):
        raise NotEmpty


async def mark_targets(urls: Sequence[URL]) -> None:
    """From here on no server starts on these databases, until a restore is finished."""
    for url in urls:
        async with direct_connection(url) as connection:
            if await connection.fetchval("select to_regclass('public.shard_info') is not null"):
                await connection.execute("update shard_info set name = $1", MARK)


async def load(urls: Sequence[URL], archive: ArchiveReader, tell: Tell, *, keep_sign_ins: bool = False) -> Manifest:
    """Throws away what is in the databases, loads the backup, and proves that it is what was backed up.

    urls: as the migrator role, the directory's first; marked.

    Raises:
        Damaged, RestoredWrongly: the databases are marked as being restored, and hold nothing.
    """
    head = archive.head
    for url in urls:
        await _make_empty(url, head.revision)
    async with AsyncExitStack() as stack:
        shards = [
            await stack.enter_async_context(_loading(url, shard)) for url, shard in zip(urls, head.shards, strict=False)
        ]
        await _load_parts({each.head.name: each for each in shards}, archive.parts(), tell)
        manifest = archive.manifest
        assert manifest is not None
        for shard in shards:
            await _prove(shard, manifest)
        highest = max([await shard.connection.fetchval(_HIGHEST_USER) for shard in shards])
        for shard in shards:
            await _settle(shard, keep_sign_ins=keep_sign_ins)
        await _set_sequences(shards[0].connection, manifest.sequences, highest)
        for shard in reversed(shards):
            await shard.finish()
    for number, url in enumerate(urls[len(head.shards) :], len(head.shards) + 1):
        await _name_spare(url, f"shard{number}", {shard.name for shard in head.shards})
    return manifest


@dataclass(frozen=True, slots=True)
class _State:
    users: bool
    at_work: bool
    is_marked: bool


async def _state_of(url: URL) -> _State:
    async with direct_connection(url) as connection:
        names = {row["name"] for row in await connection.fetch(_TABLES)}
        if "alembic_version" in names:
            revision = await connection.fetchval("select version_num from alembic_version")
            if revision is not None and not knows_revision(revision):
                raise UnknownRevision
        if not {USERS, SPACES, "workers", "shard_info"} <= names:
            return _State(users=False, at_work=False, is_marked=False)
        name = await connection.fetchval("select name from shard_info")
        return _State(
            users=await connection.fetchval("select exists (select from users) or exists (select from shard_users)"),
            at_work=await connection.fetchval("select exists (select from workers where lease_until > now())"),
            is_marked=name is not None and is_mark(name),
        )


async def _make_empty(url: URL, revision: str) -> None:
    await migrate(url, "base")
    await migrate(url, revision)
    async with direct_connection(url) as connection:
        await connection.execute("insert into shard_info (name, is_directory) values ($1, false)", MARK)


@dataclass(slots=True)
class Loading:
    """One shard whose transaction is open."""

    head: ShardHead
    connection: asyncpg.Connection
    transaction: Transaction
    tables: Mapping[str, Table]
    is_finished: bool = False

    async def finish(self) -> None:
        """The mark becomes the shard's name, and everything is there at once."""
        await self.connection.execute(
            "update shard_info set name = $1, is_directory = $2", self.head.name, self.head.is_directory
        )
        await self.transaction.commit()
        self.is_finished = True


@asynccontextmanager
async def _loading(url: URL, head: ShardHead) -> AsyncGenerator[Loading]:
    async with direct_connection(url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        tables = {table.name: table for table in await read_tables(connection, head.tables)}
        shard = Loading(head, connection, transaction, tables)
        try:
            yield shard
        finally:
            if not shard.is_finished:
                await transaction.rollback()


async def _load_parts(shards: Mapping[str, Loading], parts: Iterator[Part], tell: Tell) -> None:
    counted = _counted(parts, tell)
    for (name, table), group in groupby(counted, key=lambda part: (part.shard, part.table)):
        shard = shards.get(name)
        if shard is None or table not in shard.head.tables:
            raise Damaged

        columns = shard.head.tables[table]
        try:
            await shard.connection.copy_to_table(table, source=_contents(group), columns=columns, format="binary")
        except asyncpg.PostgresError as error:
            raise Damaged(f"{name}, table {table}: {error.sqlstate}. {Damaged.__doc__}") from error


async def _contents(parts: Iterator[Part]) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part.content


def _counted(parts: Iterator[Part], tell: Tell) -> Iterator[Part]:
    here, done, place = 0, 0, ("", "")
    for part in parts:
        if (part.shard, part.table) != place:
            here, place = 0, (part.shard, part.table)
        here += len(part.content)
        done += len(part.content)
        yield part
        if here % _TELL_BYTES < len(part.content) <= here - len(part.content):
            tell(*place, here, done)


async def _prove(shard: Loading, manifest: Manifest) -> None:
    """Reads everything back, in order, and compares its sums."""
    sums = manifest.sums.get(shard.head.name, {})
    if sums.keys() != shard.head.tables.keys():
        raise Damaged
    place = Snapshot(shard.head.name, shard.head.is_directory, "", (), (), shard.connection)
    for name, expected in sums.items():
        table = shard.tables.get(name)
        if table is None or set(table.columns) != set(shard.head.tables[name]):
            raise RestoredWrongly
        table = Table(name, shard.head.tables[name], table.order, table.is_owned)
        if await read_table(place, table, lambda _: None) != expected:
            raise RestoredWrongly(f"{shard.head.name}, table {name}: {RestoredWrongly.__doc__}")


async def _settle(shard: Loading, *, keep_sign_ins: bool) -> None:
    """What was true of the old house only: who is signed in, what is in the index, which process does what."""
    run = shard.connection.execute
    if not keep_sign_ins:
        await run("delete from sign_ins")
    # A move that was under way is taken back: the user is whole here.
    await run("update shard_users set state = 'active' where state <> 'active'")
    if "mcp_sign_ins" in shard.tables:
        await run("delete from mcp_sign_ins")
    if "memories" in shard.tables:
        await run("update memories set indexed_revision = 0, indexed_space = null where indexed_revision <> 0")
        await run("delete from memory_deletions")
        await run(_FORGET_INDEX)


async def _set_sequences(connection: asyncpg.Connection, sequences: Mapping[str, int], highest_user: int) -> None:
    for row in await connection.fetch(_SEQUENCES):
        last = max(sequences.get(row["name"], 0), highest_user if row["owner"] == USERS else 0)
        if last:
            await connection.execute("select setval($1::text::regclass, $2)", row["name"], last)


async def _name_spare(url: URL, name: str, taken: set[str]) -> None:
    while name in taken:
        name += "x"
    async with direct_connection(url) as connection:
        await connection.execute("update shard_info set name = $1, is_directory = false", name)


_TABLES: Final = """
select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
_HIGHEST_USER: Final = """
select greatest(coalesce((select max(id) from users), 0), coalesce((select max(user_id) from shard_users), 0))
"""
_FORGET_INDEX: Final = """
update memory_state set space = null, next_space = null, worker = null, lease_until = null, reader = null,
    read_after = null, purge_wanted_at = null, compared_at = null, drop_spaces_at = null
"""
_SEQUENCES: Final = """
select sequence.relname::text as name, owner.relname::text as owner
from pg_class sequence
join pg_depend on objid = sequence.oid and classid = 'pg_class'::regclass and deptype in ('a', 'i')
join pg_class owner on owner.oid = refobjid
where sequence.relkind = 'S' and sequence.relnamespace = 'public'::regnamespace
"""
