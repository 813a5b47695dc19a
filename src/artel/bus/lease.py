"""Leases: this process says that it lives, and learns what it lost.

A process renews one row on every shard, each in a loop of its own, whatever it holds; a task's lease is its process's.
The question "what of mine is lost" names only tasks that were held before it was asked, so a task seated meanwhile is
never taken for lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import text

from artel.bus.claim import give_up
from artel.bus.model import Ending, Held
from artel.bus.worker import Worker
from artel.kit.errors import ArtelError, Unauthenticated, Unavailable
from artel.store.shards import Shards

_log = structlog.get_logger("artel.bus")


class Leases:
    """The heartbeat of one process."""

    def __init__(self, shards: Shards, worker: Worker, lease_seconds: float, stray_seconds: float) -> None:
        self._shards = shards
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._stray_seconds = stray_seconds

    async def beat(self, shard: str) -> None:
        """Renews the lease on one shard and stops tasks of its users that are no longer ours."""
        # First what is held, then the question: in this order, see above.
        held = [held for held in list(self._worker.held.values()) if await self._lives_on(held, shard)]
        try:
            async with asyncio.timeout(self._lease_seconds / 2), self._shards.shard_system_tx(shard) as session:
                await session.execute(_RENEW, {"worker": self._worker.id, "seconds": self._lease_seconds})
                lost = (await session.scalars(_LOST, self._mine(held))).all() if held else ()
        except (ArtelError, TimeoutError) as error:
            _log.warning("heartbeat missed", shard=shard, error=str(error))
            return
        epochs = {task.id: task.epoch for task in held}
        for task in lost:
            self._worker.end_epoch(task, epochs[task], Ending.LOST)

    async def _lives_on(self, held: Held, shard: str) -> bool:
        try:
            return (await self._shards.entry(held.user_id)).shard == shard
        except Unauthenticated:
            # The user was deleted, with everything they owned.
            self._worker.end_epoch(held.id, held.epoch, Ending.LOST)
        except Unavailable:
            # The directory is away; it must not cost us the leases on other shards.
            pass
        return False

    def _mine(self, held: Sequence[Held]) -> dict[str, object]:
        return {
            "worker": self._worker.id,
            "users": [task.user_id for task in held],
            "ids": [task.id for task in held],
            "epochs": [task.epoch for task in held],
        }

    async def find_strays(self, shard: str) -> Sequence[int]:
        """Makes ready what this process was given but does not know of: a commit whose answer was lost on the way.

        Answers the users concerned.
        """
        known: list[UUID] = [task for task, _epoch in self._worker.held]
        async with self._shards.shard_system_tx(shard) as session:
            question = {"worker": self._worker.id, "known": known, "seconds": self._stray_seconds}
            users = (await session.scalars(_ASTRAY, question)).all()
        for user_id in users:
            try:
                async with self._shards.user_tx(user_id) as tx:
                    await give_up(tx, self._worker.id, known, self._stray_seconds)
            except ArtelError as error:
                _log.warning("stray task not given up", user_id=user_id, error=str(error))
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
