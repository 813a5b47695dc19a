"""Files as rows, and pictures out of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from artel.files import pictures
from artel.files.pictures import SHRINKING, PictureReader
from artel.files.store import (
    CHUNK_BYTES,
    FileTooLarge,
    Limits,
    NewFile,
    NoSuchFile,
    StorageFull,
    missing,
    put,
    read_chunks,
    read_content,
)
from artel.files.texts import TextReader
from artel.store.tx import UserTx
from tests.support import documents
from tests.support.stores import Stores

Keep = Callable[..., Coroutine[Any, Any, UUID]]


@pytest.fixture
async def ann(stores: Stores) -> int:
    return await stores.new_user()


@pytest.fixture
def keep(stores: Stores, ann: int) -> Keep:
    async def keep(content: bytes, media_type: str = "text/plain", limits: Limits | None = None) -> UUID:
        new = NewFile(uuid4(), "a", media_type, content, "upload")
        async with stores.shards.user_tx(ann) as tx:
            await put(tx, new, limits or Limits())
        return new.id

    return keep


async def test_bytes_come_back_as_they_went_in(stores: Stores, ann: int, keep: Keep) -> None:
    content = bytes(range(256)) * (CHUNK_BYTES // 256) * 2 + b"end"
    file_id = await keep(content)

    async with stores.shards.user_tx(ann) as tx:
        assert await read_content(tx, file_id) == content
        assert [len(chunk) for chunk in await read_chunks(tx, file_id, 1, 5)] == [CHUNK_BYTES, 3]
        assert await read_chunks(tx, file_id, 3, 5) == []


async def test_another_user_has_none_of_it(stores: Stores, keep: Keep) -> None:
    file_id = await keep(b"mine")
    bob = await stores.new_user()

    async with stores.shards.user_tx(bob) as tx:
        assert await missing(tx, [file_id]) == [file_id]
        assert await read_chunks(tx, file_id, 0, 5) == []
        with pytest.raises(NoSuchFile):
            await read_content(tx, file_id)


async def test_limits_hold_wherever_a_file_comes_from(keep: Keep) -> None:
    limits = Limits(file_bytes=10, total_bytes=15, files=3)
    with pytest.raises(FileTooLarge):
        await keep(b"x" * 11, limits=limits)
    await keep(b"x" * 10, limits=limits)
    with pytest.raises(StorageFull, match="no room"):
        await keep(b"x" * 6, limits=limits)
    for _ in range(2):
        await keep(b"x", limits=limits)
    with pytest.raises(StorageFull, match="3 files"):
        await keep(b"x", limits=limits)


async def test_two_at_once_do_not_find_the_same_room(stores: Stores, ann: int, keep: Keep) -> None:
    limits = Limits(total_bytes=15)
    async with stores.shards.user_tx(ann) as tx:
        await put(tx, NewFile(uuid4(), "a", "text/plain", b"x" * 10, "upload"), limits)
        other = asyncio.create_task(keep(b"x" * 10, limits=limits))
        async with asyncio.timeout(20):
            while not await stores.as_migrator(_WAITING):  # only the database knows
                assert not other.done()
                await asyncio.sleep(0.01)

    with pytest.raises(StorageFull):
        await other


_WAITING = "select from pg_locks where locktype = 'advisory' and not granted"


async def test_pictures_are_made_ready_once_and_only_for_their_owner(stores: Stores, ann: int, keep: Keep) -> None:
    picture = await keep(documents.picture("JPEG", (2000, 20)), "image/jpeg")
    text = await keep(b"words")
    broken = await keep(b"\x89PNG\r\n\x1a\n", "image/png")
    bob = await stores.new_user()
    reader = PictureReader(stores.shards)

    first = await reader.read(ann, [text, picture, broken, picture, uuid4()])
    again = await reader.read(ann, [picture])

    assert list(first) == [picture]
    assert again[picture] is first[picture]
    assert await reader.read(bob, [picture]) == {}


async def test_a_deleted_picture_is_not_shown_from_memory(stores: Stores, ann: int, keep: Keep) -> None:
    picture = await keep(documents.picture(), "image/png")
    reader = PictureReader(stores.shards)
    assert await reader.read(ann, [picture])

    async with stores.shards.user_tx(ann) as tx:
        await tx.execute("delete from files where user_id = $1", ann)

    assert await reader.read(ann, [picture]) == {}


async def test_a_picture_that_is_deleted_while_it_is_read_is_not_shown(
    stores: Stores, ann: int, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = await keep(documents.picture(), "image/png")

    async def gone(tx: UserTx, file_id: UUID) -> bytes:
        await tx.execute("delete from files where user_id = $1 and id = $2", tx.user_id, file_id)
        return await read_content(tx, file_id)

    monkeypatch.setattr(pictures, "read_content", gone)

    assert await PictureReader(stores.shards).read(ann, [picture]) == {}


async def test_a_picture_larger_than_the_room_is_made_ready_each_time(stores: Stores, ann: int, keep: Keep) -> None:
    picture = await keep(documents.picture(), "image/png")
    reader = PictureReader(stores.shards, kept_bytes=10)

    first, again = await reader.read(ann, [picture]), await reader.read(ann, [picture])

    assert first[picture].content == again[picture].content
    assert first[picture] is not again[picture]


async def test_a_picture_that_takes_too_long_is_not_shown(stores: Stores, ann: int, keep: Keep) -> None:
    picture = await keep(documents.picture(), "image/png")

    assert await PictureReader(stores.shards, replace(SHRINKING, seconds=0.01)).read(ann, [picture]) == {}


async def test_a_text_is_read_for_many_at_once(tmp_path: Path) -> None:
    reader = TextReader(tmp_path)

    assert await reader.read("text/plain", b"hello") == ("ready", "hello")
    assert await reader.read("text/plain", b"again") == ("ready", "again")
