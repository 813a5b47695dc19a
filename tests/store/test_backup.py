"""What several databases say at one moment, and what is left of a restore that was not finished."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace

import orjson
import pytest
from sqlalchemy.engine import URL

from artel.kit.sealed_stream import Damaged
from artel.store.backup import load as loading
from artel.store.backup.archive import HEAD, MANIFEST, ArchiveReader, ArchiveWriter, NeedsPassphrase
from artel.store.backup.catalogue import NoOrder, read_tables
from artel.store.backup.load import (
    AtWork,
    NotEmpty,
    RestoredWrongly,
    TooFewShards,
    load,
    look_at_targets,
    mark_targets,
)
from artel.store.backup.manifest import NewerFormat
from artel.store.backup.snapshot import Disagreement, WrongRevisions, open_snapshots
from artel.store.migrate import UnknownRevision, head_revision, migrate, name_shard
from artel.store.restoring import RestoreUnfinished
from artel.store.roles import OWNER, direct_connection
from artel.store.shards import Shards
from tests.support.backups import PASSPHRASE, MakeTarget, Target, back_up, not_told, read_back, rows_of
from tests.support.stores import Stores

SESSION = "insert into chat_sessions (user_id, id, title) values ($1, 1, $2)"


async def _two_users(two_shards: Stores) -> tuple[int, int]:
    """One on each shard, with a chat."""
    users = await two_shards.new_user(shard="shard1"), await two_shards.new_user(shard="shard2")
    for user in users:
        async with two_shards.shards.user_tx(user) as tx:
            await tx.execute(SESSION, user, "A chat")
    return users


def _urls(target: Target) -> Sequence[URL]:
    return [urls.migrator for urls in target.databases]


async def _restore(target: Target, archive: ArchiveReader, *, force: bool = False) -> None:
    await look_at_targets(_urls(target), archive.head, force=force)
    await mark_targets(_urls(target))
    await load(_urls(target), archive, not_told)


async def _starts(target: Target) -> Sequence[str]:
    """The names of the shards that a server would start on."""
    shards = Shards([urls.app for urls in target.databases])
    try:
        await shards.start()
        return list(shards.by_name)
    finally:
        await shards.stop()


def _changed(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The backup, each of its members as `change` answers; None leaves one out."""
    target = io.BytesIO()
    writer = ArchiveWriter(target, None)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        for info in tar:
            file = tar.extractfile(info)
            assert file is not None
            changed = change(info.name, file.read())
            if changed is not None:
                writer.member(info.name, changed)
    writer.close()
    return target.getvalue()


# ---- snapshots


async def test_rows_of_who_lives_elsewhere_or_nowhere_are_left_out(two_shards: Stores, make_target: MakeTarget) -> None:
    first, second = await _two_users(two_shards)
    # What a move leaves behind, and a registration that has not come to its account yet.
    await two_shards.as_migrator("insert into shard_users (user_id) values ($1) on conflict do nothing", first)
    await two_shards.as_migrator("insert into shard_users (user_id) values (987654)")

    content, _ = await back_up(two_shards.databases)
    target = await make_target(2)
    await _restore(target, read_back(content))

    found = [await rows_of(urls) for urls in target.databases]
    homes = [[orjson.loads(row)["user_id"] for row in rows["shard_users"]] for rows in found]
    assert homes == [[first], [second]]
    assert [rows["chat_sessions"].total() for rows in found] == [1, 1]


async def test_an_account_without_its_space_is_no_backup(two_shards: Stores) -> None:
    user = await two_shards.new_user(shard="shard2")
    await two_shards.as_migrator("delete from shard_users where user_id = $1", user)
    urls = [each.migrator for each in two_shards.databases]

    with pytest.raises(Disagreement):
        async with open_snapshots(urls, tries=2):
            pass
    async with open_snapshots(urls, tries=2, incomplete=True) as snapshots:
        assert len(snapshots) == 2


async def test_snapshots_are_taken_again_until_they_agree(two_shards: Stores) -> None:
    user = await two_shards.new_user(shard="shard2")
    await two_shards.as_migrator("delete from shard_users where user_id = $1", user)

    async def arrive() -> None:
        async with open_snapshots([each.migrator for each in two_shards.databases]) as snapshots:
            assert await snapshots[1].connection.fetchval("select count(*) from shard_users") == 1

    waiting = asyncio.create_task(arrive())
    await two_shards.shards.open_space(user, "shard2")
    await waiting


async def test_a_database_without_a_schema_is_no_shard(two_shards: Stores, make_target: MakeTarget) -> None:
    target = await make_target(1)
    with pytest.raises(WrongRevisions):
        async with open_snapshots(_urls(target)):
            pass
    second_alone = [two_shards.databases[1].migrator]
    with pytest.raises(WrongRevisions):
        async with open_snapshots(second_alone):
            pass


async def test_tables_in_a_circle_have_no_order(make_target: MakeTarget) -> None:
    [url] = _urls(await make_target(1))
    await migrate(url)
    async with direct_connection(url) as connection:
        await connection.execute(
            f"set role {OWNER}; create table a (id int primary key, b int); create table b (id int primary key,"
            " a int references a); alter table a add foreign key (b) references b; reset role"
        )
        with pytest.raises(NoOrder):
            await read_tables(connection)


# ---- restoring


async def test_restored_into_more_databases_the_others_are_empty_shards(
    two_shards: Stores, make_target: MakeTarget
) -> None:
    users = await _two_users(two_shards)
    content, _ = await back_up(two_shards.databases, PASSPHRASE)
    target = await make_target(3)

    await _restore(target, read_back(content, PASSPHRASE))

    assert await _starts(target) == ["shard1", "shard2", "shard3"]
    async with direct_connection(target.databases[0].migrator) as connection:
        following: int = await connection.fetchval("select nextval(pg_get_serial_sequence('users', 'id'))")
    assert following > max(users)


async def test_restored_into_fewer_databases_it_is_refused(two_shards: Stores, make_target: MakeTarget) -> None:
    content, _ = await back_up(two_shards.databases)

    with pytest.raises(TooFewShards, match="2 shards"):
        await _restore(await make_target(1), read_back(content))


async def test_an_installation_in_use_is_not_overwritten(stores: Stores, make_target: MakeTarget) -> None:
    user = await stores.new_user()
    content, rows = await back_up(stores.databases)
    target = await make_target(1)
    await _restore(target, read_back(content))
    async with direct_connection(target.databases[0].migrator) as connection:
        await connection.execute("update users set email = 'other@example.org'")
    with pytest.raises(NotEmpty):
        await _restore(target, read_back(content))

    async with direct_connection(target.databases[0].migrator) as connection:
        assert await connection.fetchval("select email from users where id = $1", user) == "other@example.org"
        await connection.execute("insert into workers (id, lease_until) values ('w', now() + interval '1 minute')")
    with pytest.raises(AtWork):
        await _restore(target, read_back(content), force=True)

    async with direct_connection(target.databases[0].migrator) as connection:
        await connection.execute("delete from workers")
    await _restore(target, read_back(content), force=True)
    assert (await rows_of(target.databases[0]))["users"] == rows[0]["users"]


@pytest.mark.parametrize("finished", [0, 1])
async def test_killed_between_two_commits_nothing_starts_and_a_repetition_helps(
    two_shards: Stores, make_target: MakeTarget, monkeypatch: pytest.MonkeyPatch, finished: int
) -> None:
    await _two_users(two_shards)
    content, rows = await back_up(two_shards.databases)
    target = await make_target(2)
    finish, count = loading.Loading.finish, 0

    async def dies(self: loading.Loading) -> None:
        nonlocal count
        if count == finished:
            raise asyncio.CancelledError
        count += 1
        await finish(self)

    with monkeypatch.context() as patch:
        patch.setattr(loading.Loading, "finish", dies)
        with pytest.raises(asyncio.CancelledError):
            await _restore(target, read_back(content))
    with pytest.raises(RestoreUnfinished):
        await _starts(target)
    with pytest.raises(RestoreUnfinished):
        await name_shard(target.databases[0].migrator, "shard1", is_directory=True)
    with pytest.raises(RestoreUnfinished):
        await back_up(target.databases)

    await _restore(target, read_back(content))

    assert await _starts(target) == ["shard1", "shard2"]
    assert [(await rows_of(urls))["chat_sessions"] for urls in target.databases] == [
        each["chat_sessions"] for each in rows
    ]


def _flip(name: str, content: bytes) -> bytes | None:
    return content.replace(b"A chat", b"A chut") if "/chat_sessions/" in name else content


def _spoil(name: str, content: bytes) -> bytes | None:
    return content[:-9] if "/chat_sessions/" in name else content


def _foreign(name: str, content: bytes) -> bytes | None:
    return None if "/shard_users/" in name else content


def _without_manifest(name: str, content: bytes) -> bytes | None:
    return None if name == MANIFEST else content


def _without_sums(name: str, content: bytes) -> bytes | None:
    return b'{"sums": {}, "sequences": {}}' if name == MANIFEST else content


def _bad_manifest(name: str, content: bytes) -> bytes | None:
    return b"{" if name == MANIFEST else content


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_flip, RestoredWrongly),
        (_spoil, Damaged),
        (_foreign, Damaged),
        (_without_manifest, Damaged),
        (_without_sums, Damaged),
        (_bad_manifest, Damaged),
    ],
)
async def test_a_changed_backup_leaves_nothing_that_starts(
    stores: Stores,
    make_target: MakeTarget,
    change: Callable[[str, bytes], bytes | None],
    error: type[Exception],
) -> None:
    user = await stores.new_user()
    async with stores.shards.user_tx(user) as tx:
        await tx.execute(SESSION, user, "A chat")
    content, _ = await back_up(stores.databases)
    target = await make_target(1)

    with pytest.raises(error):
        await _restore(target, read_back(_changed(content, change)))

    with pytest.raises(RestoreUnfinished):
        await _starts(target)
    assert not (await rows_of(target.databases[0]))["users"]


async def test_a_cut_file_is_damaged(stores: Stores) -> None:
    await stores.new_user()
    content, _ = await back_up(stores.databases)

    with pytest.raises(Damaged):
        list(read_back(content[: len(content) * 3 // 4]).parts())
    with pytest.raises(Damaged):
        read_back(b"no backup at all")
    with pytest.raises(NeedsPassphrase):
        read_back((await back_up(stores.databases, PASSPHRASE))[0])


async def test_a_newer_format_or_schema_is_refused(stores: Stores, make_target: MakeTarget) -> None:
    content, _ = await back_up(stores.databases)
    newer = _changed(content, lambda name, body: body.replace(b'"format": 1', b'"format": 2') if name == HEAD else body)
    with pytest.raises(NewerFormat):
        read_back(newer)

    target = await make_target(1)
    head = read_back(content).head
    with pytest.raises(UnknownRevision):
        await look_at_targets(_urls(target), replace(head, revision="9999"), force=True)
    await migrate(_urls(target)[0])
    async with direct_connection(_urls(target)[0]) as connection:
        await connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(UnknownRevision):
        await look_at_targets(_urls(target), head, force=True)


async def test_an_old_backup_becomes_todays(make_target: MakeTarget) -> None:
    old, target = await make_target(1), await make_target(1)
    [url] = _urls(old)
    await migrate(url, "0002")
    await name_shard(url, "shard1", is_directory=True)
    async with direct_connection(url) as connection:
        await connection.execute(
            "insert into users (email, password_hash, role, locale, shard)"
            " values ('a@b.org', '!', 'admin', 'en', 'shard1')"
        )
        await connection.execute("insert into shard_users (user_id) select id from users")
    content, _ = await back_up(old.databases)

    await _restore(target, read_back(content))
    await migrate(_urls(target)[0])

    assert await _starts(target) == ["shard1"]
    async with direct_connection(_urls(target)[0]) as connection:
        assert await connection.fetchval("select version_num from alembic_version") == head_revision()
        assert await connection.fetchval("select email from users") == "a@b.org"
