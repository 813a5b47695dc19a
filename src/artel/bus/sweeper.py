"""Looks for work that nobody does: of processes that died, and whose wake-up was lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from artel.bus.claim import take_back
from artel.bus.model import Observer
from artel.bus.settle import settle
from artel.kit.errors import ArtelError
from artel.kit.ids import IdMaker
from artel.store.shards import Shards

_WAITING_SECONDS = 1.0
"""Ready work is swept up only when its wake-up had this long to be heard."""
_USERS_A_SWEEP = 200
_MISSED_SECONDS = 60

_log = structlog.get_logger("artel.bus")


class Sweeper:
    """Looks for users whose work nobody does, one shard at a time."""

    def __init__(
        self,
        shards: Shards,
        ids: IdMaker,
        observer: Observer,
        wake: Callable[[Sequence[int]], None],
        *,
        lease_seconds: float,
        beat_seconds: float,
    ) -> None:
        """wake: tells the workers that these users have ready work."""
        self._shards = shards
        self._ids = ids
        self._observer = observer
        self._wake = wake
        self._blink = timedelta(seconds=lease_seconds / 2)
        self._patience = timedelta(seconds=2 * beat_seconds)
        self._last_seen: dict[str, datetime] = {}
        self._judges_from: dict[str, datetime] = {}

    async def sweep(self, shard: str) -> None:
        """One look at a shard.

        Raises:
            StoreUnavailable: it does not answer.
        """
        async with self._shards.shard_system_tx(shard) as session:
            may_judge = self._may_judge(shard, await session.scalar(_NOW))
            missed = await self._bury(session) if may_judge else []
            found = (await session.execute(_FIND, {"waiting": _WAITING_SECONDS, "at_most": _USERS_A_SWEEP})).all()
        orphaned = [row.user_id for row in found if row.has_orphans] if may_judge else []
        for user_id in orphaned:
            await self._take_back(user_id)
        if missed or orphaned:
            self._observer.interrupted(sorted({*missed, *orphaned}))
        if found:
            self._wake([row.user_id for row in found])

    def _may_judge(self, shard: str, now: datetime) -> bool:
        """Whether an expired lease means a dead process.

        When we ourselves did not reach the shard for a while (it was down, this machine slept), others did not either:
        they get the time to renew their leases before their work, paid for perhaps, is taken away.
        """
        last = self._last_seen.get(shard, now)
        self._last_seen[shard] = now
        if now - last > self._blink:
            self._judges_from[shard] = now + self._patience
        return now >= self._judges_from.get(shard, now)

    async def _bury(self, session: AsyncSession) -> list[int]:
        """Removes expired leases; answers the users whose last events may have died with their process."""
        dead = (await session.scalars(_REAP)).all()
        served = [await session.scalars(_SERVED, {"worker": worker, "seconds": _MISSED_SECONDS}) for worker in dead]
        return [user_id for users in served for user_id in users]

    async def _take_back(self, user_id: int) -> None:
        try:
            taken = await settle(self._shards, user_id, lambda tx: take_back(tx, self._ids.uuid))
        except ArtelError as error:
            _log.warning("work of a dead process not taken back", user_id=user_id, error=str(error))
        else:
            _log.info("work of a dead process taken back", user_id=user_id, tasks=taken)


_NOW = text("select now()")
_REAP = text("delete from workers where lease_until < now() returning id")
_SERVED = text("select users_served_by(:worker, now() - :seconds * interval '1 second')")
_FIND = text("select user_id, has_orphans from users_with_work(:waiting, :at_most)")
