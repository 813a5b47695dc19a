"""The look at every shard, now and then, for users of whom something is to be done.

Every process looks; what is done must be safe when several do it, and say itself who goes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from sqlalchemy import text

from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.store.shards import Shards

_USERS_A_LOOK = 200

_log = structlog.get_logger(__name__)


class UserSweep(Recurring):
    """Finds users by a function of the database, which answers ids only, and acts on each."""

    def __init__(
        self,
        name: str,
        shards: Shards,
        find: str,
        act: Callable[[int], Awaitable[object]],
        *,
        every: float,
        at_once: int = 1,
        asked: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        """find: SQL that answers ids, with `:at_most`, and what `asked` says. act: on one user; what it raises is
        written down, and the next user is looked at. every: seconds. at_once: users of one shard."""
        super().__init__(name, every)
        self._shards = shards
        self._find = text(find)
        self._act = act
        self._at_once = at_once
        self._asked = asked

    async def turn(self) -> None:
        """Looks once; what a shard that does not answer holds waits for the next look."""
        for shard in self._shards.by_name:
            try:
                users = await self._users(shard)
            except ArtelError as error:
                _log.warning("shard_not_swept", sweep=self.name, shard=shard, error=error.slug)
                continue
            seats = asyncio.Semaphore(self._at_once)
            async with asyncio.TaskGroup() as group:
                for user_id in users:
                    group.create_task(self._one(user_id, seats))

    async def _users(self, shard: str) -> list[int]:
        async with self._shards.shard_system_tx(shard) as session:
            return list(await session.scalars(self._find, {"at_most": _USERS_A_LOOK, **self._asked()}))

    async def _one(self, user_id: int, seats: asyncio.Semaphore) -> None:
        async with seats:
            try:
                await self._act(user_id)
            except ArtelError as error:
                _log.warning("user_not_swept", sweep=self.name, user_id=user_id, error=error.slug)
            except Exception:
                # One user must not keep the others waiting.
                _log.exception("sweep_failed", sweep=self.name, user_id=user_id)
