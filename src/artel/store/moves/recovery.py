"""Ends moves that were begun and are done by nobody any more, as the directory says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog
from sqlalchemy import text

from artel.kit.errors import ArtelError
from artel.store.moves.errors import UserBusy
from artel.store.moves.ledger import Ledger, Moving
from artel.store.moves.places import clear, open_again
from artel.store.shards import Shards, ShardUnknown

Tell = Callable[[int], Awaitable[None]]
"""Tells every process that what it knows of this user is old."""

_FENCED = text("select users_on_the_move()")
_log = structlog.get_logger("artel.moves")


class Recovery:
    """Takes over what dead movers left."""

    def __init__(self, shards: Shards, ledger: Ledger, tell: Tell) -> None:
        self._shards = shards
        self._ledger = ledger
        self._tell = tell

    async def look(self) -> Sequence[int]:
        """Ends the moves whose leases ran out; answers their users.

        Raises:
            StoreUnavailable: the directory does not answer. What another shard holds up waits for the next look.
        """
        ended: list[int] = []
        for user_id in await self._ledger.expired():
            moving = await self._ledger.take_over(user_id)
            if moving is not None and await self._ended(moving):
                ended.append(user_id)
        return ended

    async def look_for_strays(self) -> Sequence[int]:
        """Lets users in who are fenced though nobody moves them, and deletes copies that belong to no move."""
        ended: list[int] = []
        for shard in self._shards.by_name:
            # In this order: whoever is fenced by a move that lives has had a row since before.
            async with self._shards.shard_system_tx(shard) as session:
                fenced = (await session.scalars(_FENCED)).all()
            moved = {moving.user_id for moving in await self._ledger.all()} if fenced else set[int]()
            for user_id in fenced:
                moving = await self._ledger.adopt(user_id, shard) if user_id not in moved else None
                if moving is not None and await self._ended(moving):
                    ended.append(user_id)
        return ended

    async def _ended(self, moving: Moving) -> bool:
        try:
            await self.finish(moving)
        except ArtelError as error:
            _log.warning("move_not_ended", user_id=moving.user_id, step=moving.step, error=error.slug)
            return False
        _log.info("move_ended", user_id=moving.user_id, source=moving.source, target=moving.target, step=moving.step)
        return True

    async def finish(self, moving: Moving) -> None:
        """Ends a move that is ours.

        First the user may come in again, then what is left over is deleted: a shard that is away must not keep
        anybody out.

        Raises:
            ShardUnknown: not both shards are known here.
            StoreUnavailable, UserBusy: it goes on with the next look.
        """
        user_id, move = moving.user_id, moving.move
        if not {moving.source, moving.target} <= self._shards.by_name.keys():
            raise ShardUnknown
        async with self._ledger.kept(moving):
            home = await self._ledger.home(user_id)
            try:
                if home is not None:
                    await open_again(self._shards, home, user_id, move)
                    self._shards.forget(user_id)
                    await self._tell(user_id)
                for shard in {moving.source, moving.target} - {home}:
                    await clear(self._shards, shard, user_id, move)
            except asyncpg.LockNotAvailableError as error:
                raise UserBusy from error
        await self._ledger.end(moving)
