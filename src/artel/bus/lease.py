"""Leases: this process says that it lives, learns what it lost, and takes up what the dead have left.

A process renews one row, whatever it holds; a task's lease is its process's. The question "what of mine is lost" names
only tasks that were held before it was asked, so a task seated meanwhile is never taken for lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy import text

from artel.bus.claim import give_up, take_back
from artel.bus.model import Ending, Held, Observer
from artel.bus.worker import Worker
from artel.kit.errors import ArtelError
from artel.store.shards import Shards

_WAITING_SECONDS = 1.0
"""Ready work is swept up only when its wake-up had this long to be heard."""
_USERS_A_SWEEP = 200
_MISSED_SECONDS = 60

_log = structlog.get_logger("artel.bus")


class Leases:
    """The heartbeat of one process."""

    def __init__(self, shards: Shards, worker: Worker, lease_seconds: float, stray_seconds: float) -> None:
        self._shards = shards
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._stray_seconds = stray_seconds

    async def beat(self) -> None:
        """Renews the lease on every shard and stops tasks that are no longer ours."""
        by_shard: dict[str, list[Held]] = defaultdict(list)
        for held in list(self._worker.held.values()):
            by_shard[(await self._shards.entry(held.user_id)).shard].append(held)
        for shard in self._shards.by_name:
            try:
                await self._beat(shard, by_shard[shard])
            except ArtelError as error:
                _log.warning("heartbeat missed", shard=shard, error=str(error))

    async def _beat(self, shard: str, held: Sequence[Held]) -> None:
        async with self._shards.shard_system_tx(shard) as session:
            await session.execute(_RENEW, {"worker": self._worker.id, "seconds": self._lease_seconds})
            if not held:
                return
            lost = await session.scalars(
                _LOST,
                {
                    "worker": self._worker.id,
                    "users": [task.user_id for task in held],
                    "ids": [task.id for task in held],
                    "epochs": [task.epoch for task in held],
                },
            )
            for task in lost:
                self._worker.end(task, Ending.LOST)

    async def find_strays(self) -> Sequence[int]:
        """Makes ready what this process was given but does not know of: a commit whose answer was lost on the way.

        Answers the users concerned.
        """
        users: list[int] = []
        for shard in self._shards.by_name:
            known = list(self._worker.held)
            async with self._shards.shard_system_tx(shard) as session:
                found = (await session.scalars(_ASTRAY, {"worker": self._worker.id, "known": known, "seconds": self._stray_seconds})).all()
            for user_id in found:
                async with self._shards.user_tx(user_id) as tx:
                    await give_up(tx, self._worker.id, known, self._stray_seconds)
            users.extend(found)
        return users

    async def resign(self) -> None:
        """Gives the lease up, so that nobody waits for it to run out."""
        for shard in self._shards.by_name:
            async with self._shards.shard_system_tx(shard) as session:
                await session.execute(_RESIGN, {"worker": self._worker.id})

    async def bury_others(self) -> None:
        """Ends every other lease at once: right only where no other process can be alive (embedded stores)."""
        for shard in self._shards.by_name:
            async with self._shards.shard_system_tx(shard) as session:
                await session.execute(_BURY, {"worker": self._worker.id})


class Sweeper:
    """Looks, shard by shard, for users whose work nobody does."""

    def __init__(self, shards: Shards, observer: Observer, wake: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        """wake: tells the workers that these users have ready work."""
        self._shards = shards
        self._observer = observer
        self._wake = wake

    async def sweep(self) -> None:
        """One look at every shard; one that does not answer is passed over."""
        for shard in self._shards.by_name:
            try:
                await self._sweep(shard)
            except ArtelError as error:
                _log.warning("sweep failed", shard=shard, error=str(error))

    async def _sweep(self, shard: str) -> None:
        async with self._shards.shard_system_tx(shard) as session:
            dead = (await session.scalars(_REAP)).all()
            missed = [
                user
                for worker in dead
                for user in await session.scalars(_SERVED, {"worker": worker, "seconds": _MISSED_SECONDS})
            ]
            found = (await session.execute(_FIND, {"waiting": _WAITING_SECONDS, "at_most": _USERS_A_SWEEP})).all()
        orphaned = [row.user_id for row in found if row.has_orphans]
        for user_id in orphaned:
            async with self._shards.user_tx(user_id) as tx:
                taken = await take_back(tx)
            _log.info("work of a dead process taken back", user_id=user_id, tasks=taken)
        if missed or orphaned:
            self._observer.interrupted(sorted({*missed, *orphaned}))
        if found:
            await self._wake([row.user_id for row in found])


_RENEW = text(
    """
    insert into workers (id, lease_until) values (:worker, now() + :seconds * interval '1 second')
    on conflict (id) do update set lease_until = excluded.lease_until
    """
)
_LOST = text("select tasks_lost(:worker, :users, :ids, :epochs)")
_ASTRAY = text("select users_astray(:worker, :known, :seconds)")
_RESIGN = text("delete from workers where id = :worker")
_BURY = text("update workers set lease_until = '-infinity' where id <> :worker")
_REAP = text("delete from workers where lease_until < now() returning id")
_SERVED = text("select users_served_by(:worker, now() - :seconds * interval '1 second')")
_FIND = text("select user_id, has_orphans from users_with_work(:waiting, :at_most)")
