"""Files as rows: closed by row-level security like everything of a user's, and gone with the user."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from artel.kit.clock import utc_now
from artel.kit.errors import NotFound, RateLimited, TooLarge
from artel.store.tool_tables import StoredFile
from artel.store.tx import UserTx

CHUNK_BYTES: Final = 256 * 1024
MEGABYTE: Final = 1_000_000

Source = Literal["upload", "tool"]
TextStatus = Literal["none", "ready", "failed"]


class NoSuchFile(NotFound):
    """You have no file under this id."""


class FileTooLarge(TooLarge):
    """The file is too large. Split it, or send only the part that matters."""

    slug = "file-too-large"


class StorageFull(RateLimited):
    """There is no room left for this file. Delete files you no longer need, or ask the administrator for more room."""

    slug = "storage-full"
    pause = 3600
    """Only deleting makes room: whoever waits had better ask seldom."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be kept."""

    file_bytes: int = 25 * MEGABYTE
    """Of one file."""
    total_bytes: int = 1000 * MEGABYTE
    """Of all files of a user."""
    files: int = 10_000
    """Of a user."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is about to be stored. `text`: what could be read in it."""

    id: UUID
    name: str
    media_type: str
    content: bytes = field(repr=False)
    source: Source
    text_status: TextStatus = "none"
    text: str | None = field(default=None, repr=False)
    created_at: datetime = field(default_factory=utc_now)


def too_large(at_most: int) -> FileTooLarge:
    """The error of a file that has more bytes."""
    megabytes = at_most // MEGABYTE
    return FileTooLarge(
        f"The file is larger than {megabytes} MB, which is the limit.",
        reason="file-above-limit",
        figures={"limit_mb": megabytes},
    )


async def put(tx: UserTx, new: NewFile, limits: Limits) -> StoredFile:
    """Stores a file in pieces of `CHUNK_BYTES`.

    Raises:
        FileTooLarge, StorageFull: nothing was stored.
    """
    size = len(new.content)
    if size > limits.file_bytes:
        raise too_large(limits.file_bytes)
    await _find_room(tx, size, limits)
    row = StoredFile(
        user_id=tx.user_id,
        id=new.id,
        name=new.name,
        media_type=new.media_type,
        size=size,
        sha256=hashlib.sha256(new.content).digest(),
        source=new.source,
        text_status=new.text_status,
        text=new.text,
        characters=len(new.text or ""),
        created_at=new.created_at,
    )
    tx.session.add(row)
    await tx.session.flush()
    for number, start in enumerate(range(0, size, CHUNK_BYTES)):
        await tx.execute(_PUT_CHUNK, tx.user_id, new.id, number, new.content[start : start + CHUNK_BYTES])
    return row


async def _find_room(tx: UserTx, size: int, limits: Limits) -> None:
    # Several at once would each find the same room.
    await tx.execute(_ONE_AT_A_TIME, tx.user_id)
    used, files = await kept(tx)
    total = room_of(tx, limits)
    if used + size > total:
        raise StorageFull(
            f"Your files take {used // MEGABYTE} of {total // MEGABYTE} MB, so there is no room "
            "for this one. Delete files you no longer need, or ask the administrator for more room.",
            reason="storage-used-up",
            figures={"used_mb": used // MEGABYTE, "total_mb": total // MEGABYTE},
        )
    if files >= limits.files:
        raise StorageFull(
            f"You have {limits.files} files, which is the limit. Delete some you no longer need.",
            reason="files-used-up",
            figures={"limit": limits.files},
        )


def room_of(tx: UserTx, limits: Limits) -> int:
    """How many bytes of files the user may have: as many as everybody, unless an administrator said otherwise."""
    own = tx.entry.limits.storage_mb
    return limits.total_bytes if own is None else own * MEGABYTE


async def kept(tx: UserTx) -> tuple[int, int]:
    """The bytes of all files of the user, and how many files these are."""
    row = await tx.fetchrow(_KEPT, tx.user_id)
    assert row is not None
    return row["bytes"], row["files"]


async def read_content(tx: UserTx, file_id: UUID) -> bytes:
    """All bytes of a file.

    Raises:
        NoSuchFile: it is not this user's.
    """
    if await tx.fetchval(_EXISTS, tx.user_id, file_id) is None:
        raise NoSuchFile
    return b"".join(row["content"] for row in await tx.fetch(_CHUNKS, tx.user_id, file_id))


async def read_chunks(tx: UserTx, file_id: UUID, first: int, at_most: int) -> list[bytes]:
    """Pieces of a file from a number on; fewer at its end, and none where it is gone."""
    return [row["content"] for row in await tx.fetch(_SOME_CHUNKS, tx.user_id, file_id, first, first + at_most)]


async def missing(tx: UserTx, file_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of the ids that are no files of this user's, in their order; the others stay until the transaction ends."""
    found = {row["id"] for row in await tx.fetch(_FOUND, tx.user_id, list(file_ids))}
    return [file_id for file_id in file_ids if file_id not in found]


_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('files', $1))"

_KEPT = "select coalesce(sum(size), 0)::bigint as bytes, count(*) as files from files where user_id = $1"

_PUT_CHUNK = "insert into file_chunks (user_id, file_id, number, content) values ($1, $2, $3, $4)"

_EXISTS = "select true from files where user_id = $1 and id = $2"

_CHUNKS = "select content from file_chunks where user_id = $1 and file_id = $2 order by number"

_SOME_CHUNKS = """
select content from file_chunks where user_id = $1 and file_id = $2 and number >= $3 and number < $4 order by number
"""

_FOUND = "select id from files where user_id = $1 and id = any($2::uuid[]) for key share"
