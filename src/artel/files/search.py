"""What an agent may do with its user's files: see what there is, read a text piece by piece, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from artel.store.shards import Shards

AROUND: Final = 200
"""Characters shown before and after a place that was found."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """About a file. `text`: a piece of what is in it, where one was asked for; `at`: where that piece begins."""

    id: UUID
    name: str
    media_type: str
    size: int
    text_status: str
    characters: int
    created_at: datetime
    text: str = ""
    at: int = 0


class FileSearch:
    """Over any user's files; whoever calls says whose."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def newest(self, user_id: int, limit: int, skip: int = 0) -> tuple[Sequence[FileFacts], int]:
        """The newest first; and how many there are in all."""
        async with self._shards.user_tx(user_id) as tx:
            rows = await tx.fetch(_NEWEST, user_id, limit, skip)
            total: int = await tx.fetchval("select count(*) from files where user_id = $1", user_id)
        return [_facts(row) for row in rows], total

    async def read(self, user_id: int, file_id: UUID, offset: int, limit: int) -> FileFacts | None:
        """Characters of a file's text from `offset` on; None when it is not this user's."""
        async with self._shards.user_tx(user_id) as tx:
            row = await tx.fetchrow(_READ, user_id, file_id, offset, limit)
        return _facts(row) if row is not None else None

    async def search(self, user_id: int, words: Sequence[str], limit: int) -> Sequence[FileFacts]:
        """Files in whose text or name every word stands, whatever its case; each with the place of the first word."""
        patterns = [f"%{_escaped(word)}%" for word in words]
        async with self._shards.user_tx(user_id) as tx:
            rows = await tx.fetch(_SEARCH, user_id, patterns, words[0], limit, AROUND)
        return [_facts(row) for row in rows]


def _facts(row: asyncpg.Record) -> FileFacts:
    return FileFacts(
        id=row["id"],
        name=row["name"],
        media_type=row["media_type"],
        size=row["size"],
        text_status=row["text_status"],
        characters=row["characters"],
        created_at=row["created_at"],
        text=row["text"] or "",
        at=row["at"],
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_FACTS = "id, name, media_type, size, text_status, characters, created_at"

_NEWEST = f"""
select {_FACTS}, null as text, 0::bigint as at from files where user_id = $1 order by id desc limit $2 offset $3
"""

_READ = f"""
select {_FACTS}, substr(text, $3::int + 1, $4::int) as text, $3::bigint as at from files where user_id = $1 and id = $2
"""

# The place is looked for only in what was found.
_SEARCH = f"""
with found as materialized (
    select {_FACTS}, text, strpos(lower(text), lower($3)) as place from files
    where user_id = $1 and concat_ws(' ', name, text) ilike all ($2::text[])
    order by id desc limit $4
)
select {_FACTS}, substr(text, greatest(1, place - $5::int), 2 * $5::int) as text,
    greatest(0, place - $5::int - 1)::bigint as at
from found order by id desc
"""
