"""One user's files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from artel.files.kinds import is_program, media_type_of
from artel.files.names import clean_name
from artel.files.store import (
    CHUNK_BYTES,
    Limits,
    NewFile,
    NoSuchFile,
    TextStatus,
    kept,
    put,
    read_chunks,
    room_of,
    too_large,
)
from artel.kit.errors import BadRequest, FieldProblem, Invalid
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tool_tables import StoredFile
from artel.store.tx import UserTx

_CHUNKS_AT_ONCE: Final = 4


class FileTypeRefused(BadRequest):
    """Programs are not taken. Send a document, a picture, a recording or source code."""

    # Nobody here can use them, and they could be handed on.

    status = 415
    slug = "file-type-refused"


class EmptyFile(Invalid):
    """There is nothing in this file."""

    slug = "empty-file"


ReadText = Callable[[str, bytes], Awaitable[tuple[TextStatus, str | None]]]
"""From a media type and a file's bytes."""

Also = Callable[[UserTx, StoredFile], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a user's room is taken. `used_bytes` and `files`: what there is."""

    used_bytes: int
    files: int
    limits: Limits


class Files:
    """Takes them in, lists them, gives them out, deletes them."""

    def __init__(self, user_id: int, shards: Shards, ids: IdMaker, limits: Limits, read_text: ReadText) -> None:
        self._user_id = user_id
        self._shards = shards
        self._ids = ids
        self._read_text = read_text
        self.limits = limits

    async def add(self, name: str, content: bytes, *, also: Also | None = None) -> StoredFile:
        """Stores a file with the text that is in it; `also` runs in the same transaction.

        Raises:
            EmptyFile, FileTooLarge, FileTypeRefused, StorageFull: nothing was stored.
        """
        if not content:
            raise EmptyFile(fields=[FieldProblem("file", "It is empty.", "empty_file")])
        if len(content) > self.limits.file_bytes:
            raise too_large(self.limits.file_bytes)
        if is_program(content):
            raise FileTypeRefused
        name = clean_name(name)
        media_type = await asyncio.to_thread(media_type_of, content, name)
        status, text = await self._read_text(media_type, content)
        new = NewFile(self._ids.uuid(), name, media_type, content, "upload", status, text)
        async with self._shards.user_tx(self._user_id) as tx:
            row = await put(tx, new, self.limits)
            if also is not None:
                await also(tx, row)
        return row

    async def page(self, limit: int, before: UUID | None = None) -> tuple[Sequence[StoredFile], bool]:
        """The newest first, at most `limit`; and whether there are more."""
        query = select(StoredFile).where(StoredFile.user_id == self._user_id)
        if before is not None:
            query = query.where(StoredFile.id < before)
        async with self._shards.user_tx(self._user_id) as tx:
            rows = (await tx.session.scalars(query.order_by(StoredFile.id.desc()).limit(limit + 1))).all()
        return rows[:limit], len(rows) > limit

    async def room(self) -> Room:
        """How much there is, and how much there may be."""
        async with self._shards.user_tx(self._user_id) as tx:
            used, files = await kept(tx)
            limits = replace(self.limits, total_bytes=room_of(tx, self.limits))
        return Room(used, files, limits)

    async def get(self, file_id: UUID) -> StoredFile:
        """A file without its bytes.

        Raises:
            NoSuchFile: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            row = await tx.session.scalar(
                select(StoredFile).where(StoredFile.user_id == self._user_id, StoredFile.id == file_id)
            )
        if row is None:
            raise NoSuchFile
        return row

    async def content(self, file_id: UUID, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from `start` to before `end`, in pieces; no transaction stays open between them.

        Raises:
            NoSuchFile: it was deleted meanwhile.
        """
        at = start
        while at < end:
            first = at // CHUNK_BYTES
            async with self._shards.user_tx(self._user_id) as tx:
                chunks = await read_chunks(tx, file_id, first, _CHUNKS_AT_ONCE)
            if not chunks:
                raise NoSuchFile
            offset = first * CHUNK_BYTES
            piece = b"".join(chunks)[at - offset : end - offset]
            at += len(piece)
            yield piece

    async def remove(self, file_id: UUID) -> None:
        """Deletes a file; the messages it was sent with stay.

        Raises:
            NoSuchFile: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            if await tx.fetchval(_REMOVE, self._user_id, file_id) is None:
                raise NoSuchFile


_REMOVE = "delete from files where user_id = $1 and id = $2 returning id"
