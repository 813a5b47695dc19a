"""Ends the questions that nobody answered in time. Every process looks; the row lets only one of them end each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import text

from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.store.shards import Shards

_EVERY_SECONDS = 15.0
_USERS_A_LOOK = 200
_FIND = text("select users_with_expired_approvals(:at_most)")

_log = structlog.get_logger(__name__)


class Expiry(Recurring):
    """The look at every shard, now and then."""

    def __init__(self, shards: Shards, expire: Callable[[int], Awaitable[int]], every: float = _EVERY_SECONDS) -> None:
        """expire: ends what of this user's waited too long, and answers how much that was. every: seconds."""
        super().__init__("expiry", every)
        self._shards = shards
        self._expire = expire

    async def turn(self) -> None:
        """Looks once; what a shard that does not answer holds waits for the next look."""
        for shard in self._shards.by_name:
            try:
                async with self._shards.shard_system_tx(shard) as session:
                    users = (await session.scalars(_FIND, {"at_most": _USERS_A_LOOK})).all()
                for user_id in users:
                    await self._expire(user_id)
            except ArtelError as error:
                _log.warning("expired_questions_not_ended", shard=shard, error=error.slug)
