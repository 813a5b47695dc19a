"""The work of whoever was shut out ends with their right, whoever said so: a page, a command, another process."""

from __future__ import annotations

import asyncio

import structlog

from artel.accounts.revocation import Revoked
from artel.bus.bus import Bus
from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError, Unauthenticated
from artel.store.shards import Shards

_log = structlog.get_logger(__name__)


class Eviction:
    """Hears of every change of a right, and stops the runs of users who are disabled now. Every process does: to stop
    what is stopped changes nothing. What a dying process misses nobody claims (`bus.claim`)."""

    def __init__(self, shards: Shards, bus: Bus) -> None:
        self._shards = shards
        self._bus = bus
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, revoked: Revoked) -> None:
        """Looks at the user the news is about, soon."""
        if revoked.proofs is not None:
            return
        task = asyncio.create_task(self._look(revoked.user_id), name="eviction")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Looks no further."""
        await end_tasks(*self._tasks)

    async def _look(self, user_id: int) -> None:
        self._shards.forget(user_id)
        try:
            if not (await self._shards.entry(user_id)).is_active:
                await self._bus.cancel_user(user_id)
        except Unauthenticated:
            return
        except ArtelError as error:
            _log.warning("eviction_failed", user_id=user_id, error=error.slug)
