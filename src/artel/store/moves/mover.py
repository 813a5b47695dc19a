"""Moves one user at a time. Every step is written down first, so that whoever comes next can end it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
import structlog

from artel.kit.errors import ArtelError
from artel.store.moves.copying import Copier
from artel.store.moves.errors import UserBusy
from artel.store.moves.ledger import LEASE_SECONDS, Ledger, Moving
from artel.store.moves.owned import ROOT, ahead_of_the_fence, same_tables
from artel.store.moves.places import arrive, clear, fence, open_again, own
from artel.store.moves.recovery import Recovery, Tell
from artel.store.shards import Shards

POINTS = ("begun", "arrived", "ahead", "fenced", "copied", "noted", "switched", "opened", "cleared")
"""Between them a mover may be killed; see `Mover`."""

_FENCE_TRIES = 10
_FENCE_PAUSE = 0.5

_log = structlog.get_logger("artel.moves")

_T = TypeVar("_T")
Pass = Callable[[str], Awaitable[None]]


async def _pass(point: str) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A user who lives elsewhere now. size: bytes that were copied. fenced: seconds in which the user had to wait."""

    user_id: int
    source: str
    target: str
    rows: int
    size: int
    seconds: float
    fenced: float


class Mover:
    """Moves users for one process."""

    def __init__(self, shards: Shards, tell: Tell, *, at: Pass = _pass, lease_seconds: float = LEASE_SECONDS) -> None:
        """at: told each of POINTS as it is passed."""
        self._shards = shards
        self._tell = tell
        self._at = at
        self._ledger = Ledger(shards, lease_seconds)
        self.recovery = Recovery(shards, self._ledger, tell)

    async def move(self, user_id: int, target: str) -> Moved | None:
        """Moves a user to a shard; None when they live there already. What goes wrong is taken back.

        Raises:
            NobodyToMove, MoveUnderWay, MoveLost, UserBusy, SchemasDiffer, CopyDiffers, StoreUnavailable: the user lives
                where they lived; or, after the switch, at the target, and the rest is done by whoever looks next.
        """
        begun = time.monotonic()
        moving = await self._ledger.begin(user_id, target)
        if moving is None:
            return None
        try:
            async with self._ledger.kept(moving):
                rows, size, fenced = await self._carry(moving)
            await self._ledger.end(moving)
        except BaseException:
            with suppress(ArtelError):
                await asyncio.shield(self._take_back(moving))
            raise
        return Moved(user_id, moving.source, target, rows, size, time.monotonic() - begun, fenced)

    async def _take_back(self, moving: Moving) -> None:
        # Of a move that is not ours any more somebody else takes care.
        if await self._ledger.is_ours(moving):
            await self.recovery.finish(moving)

    async def _carry(self, moving: Moving) -> tuple[int, int, float]:
        user_id, move = moving.user_id, moving.move
        await self._at("begun")
        await self._patiently(lambda: arrive(self._shards, moving.target, user_id, move))
        await self._at("arrived")
        ahead = await self._patiently(lambda: self._copy_ahead(moving))
        await self._at("ahead")
        await self._ledger.reached(moving, "fenced")
        since = time.monotonic()
        await self._patiently(lambda: fence(self._shards, moving.source, user_id, move))
        await self._at("fenced")
        rest = await self._patiently(lambda: self._copy(moving))
        await self._at("copied")
        await self._ledger.reached(moving, "copied")
        await self._at("noted")
        await self._ledger.switch(moving)
        await self._at("switched")
        await open_again(self._shards, moving.target, user_id, move)
        fenced = time.monotonic() - since
        await self._at("opened")
        self._shards.forget(user_id)
        await self._tell(user_id)
        await self._patiently(lambda: clear(self._shards, moving.source, user_id, move))
        await self._at("cleared")
        return ahead[0] + rest[0], ahead[1] + rest[1], fenced

    async def _copy_ahead(self, moving: Moving) -> tuple[int, int]:
        """All that can be brought up to date later, while everybody works."""
        user_id = moving.user_id
        async with (
            self._shards.mover_tx(moving.source, user_id, snapshot=True) as source,
            self._shards.mover_tx(moving.target, user_id) as target,
        ):
            tables = await same_tables(source, target)
            await own(target, user_id, moving.move)
            copier = Copier(source, target, user_id)
            await copier.prepare()
            ahead = ahead_of_the_fence(tables)
            for table in tables:
                if table.name in ahead:
                    await (copier.update(table) if table.name == ROOT else copier.insert(table))
                    await copier.compare(table, whole=True)
        return copier.rows, copier.size

    async def _copy(self, moving: Moving) -> tuple[int, int]:
        """The rest, and what has changed since, while the user waits."""
        user_id = moving.user_id
        async with (
            self._shards.mover_tx(moving.source, user_id, snapshot=True) as source,
            self._shards.mover_tx(moving.target, user_id) as target,
        ):
            tables = await same_tables(source, target)
            await own(source, user_id, moving.move)
            await own(target, user_id, moving.move)
            copier = Copier(source, target, user_id)
            await copier.prepare()
            ahead = ahead_of_the_fence(tables)
            for table in tables:
                await (copier.update(table) if table.name in ahead else copier.insert(table))
            for table in tables:
                await copier.compare(table)
        return copier.rows, copier.size

    @staticmethod
    async def _patiently(act: Callable[[], Awaitable[_T]]) -> _T:
        """Tries again while somebody holds a lock; the user's own calls pass in the pauses."""
        for _ in range(_FENCE_TRIES - 1):
            with suppress(asyncpg.LockNotAvailableError):
                return await act()
            await asyncio.sleep(_FENCE_PAUSE)
        try:
            return await act()
        except asyncpg.LockNotAvailableError as error:
            raise UserBusy from error
