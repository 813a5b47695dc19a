"""Files as rows: closed by row-level security like everything of a user's, and gone with the user."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from artel.kit.errors import NotFound
from artel.store.tx import UserTx

CHUNK_BYTES: Final = 256 * 1024

Source = Literal["upload", "tool"]
TextStatus = Literal["none", "ready", "failed"]


class NoSuchFile(NotFound):
    """You have no file under this id."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is about to be stored. `text`: what could be read in it."""

    id: UUID
    name: str
    media_type: str
    content: bytes
    source: Source
    text_status: TextStatus = "none"
    text: str | None = None


async def put(tx: UserTx, new: NewFile) -> None:
    """Stores a file in pieces of `CHUNK_BYTES`."""
    digest = hashlib.sha256(new.content).digest()
    size = len(new.content)
    fields = (new.id, new.name, new.media_type, size, digest, new.source, new.text_status, new.text)
    await tx.execute(_PUT, tx.user_id, *fields)
    for number, start in enumerate(range(0, size, CHUNK_BYTES)):
        await tx.execute(_PUT_CHUNK, tx.user_id, new.id, number, new.content[start : start + CHUNK_BYTES])


async def read_content(tx: UserTx, file_id: UUID) -> bytes:
    """All bytes of a file.

    Raises:
        NoSuchFile: it is not this user's.
    """
    if await tx.fetchval(_EXISTS, tx.user_id, file_id) is None:
        raise NoSuchFile
    return b"".join(row["content"] for row in await tx.fetch(_CHUNKS, tx.user_id, file_id))


async def missing(tx: UserTx, file_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of the ids that are no files of this user's, in their order."""
    found = {row["id"] for row in await tx.fetch(_FOUND, tx.user_id, list(file_ids))}
    return [file_id for file_id in file_ids if file_id not in found]


_PUT = """
insert into files (user_id, id, name, media_type, size, sha256, source, text_status, text)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_PUT_CHUNK = "insert into file_chunks (user_id, file_id, number, content) values ($1, $2, $3, $4)"

_EXISTS = "select true from files where user_id = $1 and id = $2"

_CHUNKS = "select content from file_chunks where user_id = $1 and file_id = $2 order by number"

_FOUND = "select id from files where user_id = $1 and id = any($2::uuid[])"
