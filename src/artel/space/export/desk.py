"""Hands out exports: one at a time for each user, and only so many an hour."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from artel.accounts.pace import EXPORTS, Pace
from artel.accounts.users import Account
from artel.files.library import Files
from artel.kit.clock import Clock
from artel.kit.errors import RateLimited
from artel.space.export.export import Exporter
from artel.store.shards import Shards
from artel.store.tx import UserTx


class ExportUnderWay(RateLimited):
    """An export of your data is being sent already. Wait until it is done."""

    slug = "export-under-way"
    pause = 30


class TooManyExports(RateLimited):
    """You have exported your data ten times within an hour. Wait as long as Retry-After says."""

    slug = "too-many-exports"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a user owns."""

    agents: int
    chats: int
    messages: int
    memories: int
    files: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """An export that is ready to be sent. name: what it is called where it is saved."""

    name: str
    pieces: AsyncGenerator[bytes]
    close: Callable[[], None]
    """Call it in the end, sent or not."""


class ExportDesk:
    """Of one process."""

    def __init__(self, shards: Shards, pace: Pace, clock: Clock, version: str) -> None:
        """version: of Artel."""
        self._shards = shards
        self._pace = pace
        self._clock = clock
        self._version = version
        self._under_way: set[int] = set()

    async def open(self, account: Account, files: Files) -> Parcel:
        """Reads everything but the files' bytes, which are read while they are sent.

        Raises:
            ExportUnderWay, TooManyExports, ExportTooSlow, StoreUnavailable: there is nothing to send.
        """
        user_id = account.id
        if user_id in self._under_way:
            raise ExportUnderWay
        self._under_way.add(user_id)
        try:
            await self._pace.count(EXPORTS, str(user_id), error=TooManyExports)
            exporter = Exporter(user_id, self._shards, files)
            export = await exporter.prepare(account, self._clock().astimezone(UTC))
        except BaseException:
            self._under_way.discard(user_id)
            raise

        def close() -> None:
            self._under_way.discard(user_id)
            export.close()

        return Parcel(name_of(export.made_at), exporter.stream(export, self._version), close)

    async def extent(self, user_id: int) -> Extent:
        """How much it will be."""
        async with self._shards.user_tx(user_id) as tx:
            return await read_extent(tx)


def name_of(moment: datetime) -> str:
    """Of an archive that is made now."""
    return f"artel-{moment:%Y-%m-%d}.zip"


async def read_extent(tx: UserTx) -> Extent:
    """Of the transaction's user."""
    row = await tx.fetchrow(_EXTENT, tx.user_id)
    assert row is not None
    return Extent(**dict(row))


_EXTENT: Final = """
select (select count(*) from user_agents where user_id = $1 and not is_orchestrator) as agents,
    (select count(*) from chat_sessions where user_id = $1) as chats,
    (select count(*) from messages where user_id = $1) as messages,
    (select count(*) from memories where user_id = $1) as memories,
    (select count(*) from files where user_id = $1) as files,
    (select coalesce(sum(size), 0)::bigint from files where user_id = $1) as file_bytes
"""
