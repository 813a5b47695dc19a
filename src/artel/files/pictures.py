"""Pictures as models are shown them: made ready in a confined process, and kept for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog
from cachetools import LRUCache

from artel.files.kinds import PICTURES
from artel.files.store import NoSuchFile, read_content
from artel.kit.confined.limits import MEBIBYTE, Limits
from artel.kit.confined.run import Confined, Ended
from artel.store.shards import Shards

SHRINKING: Final = Limits(seconds=20, cpu_seconds=15, address_space=1024 * MEBIBYTE, answer=4_000_000)

_PROGRAM: Final = "artel.files.shrinking"
_KEPT_BYTES: Final = 64 * MEBIBYTE
_log = structlog.get_logger("artel.files")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be sent to a model."""

    media_type: str
    content: bytes = field(repr=False)


class PictureReader:
    """Reads any user's pictures; each is made ready once, since a conversation shows it again with every answer."""

    def __init__(self, shards: Shards, limits: Limits = SHRINKING, kept_bytes: int = _KEPT_BYTES) -> None:
        self._shards = shards
        self._confined = Confined(_PROGRAM, limits)
        self._kept = LRUCache[tuple[int, UUID], Picture](
            maxsize=kept_bytes, getsizeof=lambda picture: len(picture.content)
        )

    async def read(self, user_id: int, file_ids: Sequence[UUID]) -> Mapping[UUID, Picture]:
        """Those of a user's files that are pictures and can be shown."""
        async with self._shards.user_tx(user_id) as tx:
            rows = await tx.fetch(_PICTURES, user_id, list(file_ids), list(PICTURES))
        there = {row["id"] for row in rows}
        return {
            file_id: picture
            for file_id in dict.fromkeys(file_ids)
            if file_id in there and (picture := await self._ready(user_id, file_id)) is not None
        }

    async def _ready(self, user_id: int, file_id: UUID) -> Picture | None:
        key = (user_id, file_id)
        if (kept := self._kept.get(key)) is not None:
            return kept
        try:
            async with self._shards.user_tx(user_id) as tx:
                content = await read_content(tx, file_id)
        except NoSuchFile:
            return None  # deleted a moment ago
        try:
            media_type, _, made = (await self._confined.run(content)).partition(b"\n")
        except Ended as ended:
            _log.info("picture_not_shown", size=len(content), reason=ended.reason)
            return None
        picture = Picture(media_type.decode(), made)
        if len(made) <= self._kept.maxsize:
            self._kept[key] = picture
        return picture


_PICTURES = "select id from files where user_id = $1 and id = any($2::uuid[]) and media_type = any($3::text[])"
