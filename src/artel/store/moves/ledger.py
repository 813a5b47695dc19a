"""The rows of the directory that say who is being moved, how far it came, and who does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError, NotFound
from artel.store.moves.errors import MoveLost, MoveUnderWay
from artel.store.shards import Shards

LEASE_SECONDS = 20.0

_log = structlog.get_logger("artel.moves")


class NobodyToMove(NotFound):
    """There is no such account."""


@dataclass(frozen=True, slots=True)
class Moving:
    """A move that `mover` does, or did until its lease ran out. move: its number, also in `shard_users.move`."""

    user_id: int
    move: int
    source: str
    target: str
    step: str
    mover: UUID


class Ledger:
    """One process's view of the rows. All times are the directory's."""

    def __init__(self, shards: Shards, lease_seconds: float = LEASE_SECONDS) -> None:
        self.mover = uuid4()
        self._shards = shards
        self._lease_seconds = lease_seconds

    async def begin(self, user_id: int, target: str) -> Moving | None:
        """Writes down that this process moves the user; None when the user lives there already.

        Raises:
            NobodyToMove: there is no such user.
            MoveUnderWay: somebody does, or did and has not been taken over yet.
        """
        async with self._shards.system_tx() as session:
            source = await session.scalar(_HOME_LOCKED, {"id": user_id})
            if source is None:
                raise NobodyToMove
            if await session.scalar(_IS_MOVING, {"id": user_id}):
                raise MoveUnderWay
            if source == target:
                return None
            return await self._insert(session, user_id, source, target)

    async def adopt(self, user_id: int, shard: str) -> Moving | None:
        """Takes a user on who is fenced on a shard and whom nobody moves; None when somebody does after all."""
        async with self._shards.system_tx() as session:
            home = await session.scalar(_HOME_LOCKED, {"id": user_id})
            if await session.scalar(_IS_MOVING, {"id": user_id}):
                return None
            return await self._insert(session, user_id, home or shard, shard)

    async def _insert(self, session: AsyncSession, user_id: int, source: str, target: str) -> Moving:
        row = {"id": user_id, "source": source, "target": target, "mover": self.mover, "seconds": self._lease_seconds}
        answer = (await session.execute(_BEGIN, row)).one_or_none()
        if answer is None:
            raise MoveUnderWay
        return Moving(*answer)

    async def expired(self) -> Sequence[int]:
        """Users whose movers do not live any more."""
        async with self._shards.system_tx() as session:
            return (await session.scalars(_EXPIRED)).all()

    async def take_over(self, user_id: int) -> Moving | None:
        """The move of a mover whose lease ran out is ours now; None when there is none."""
        async with self._shards.system_tx() as session:
            row = (
                await session.execute(_TAKE_OVER, {"id": user_id, "mover": self.mover, "seconds": self._lease_seconds})
            ).one_or_none()
        return Moving(*row) if row is not None else None

    async def all(self) -> Sequence[Moving]:
        """Everybody who is on the way."""
        async with self._shards.system_tx() as session:
            return [Moving(*row) for row in await session.execute(_ALL)]

    async def home(self, user_id: int) -> str | None:
        """Where the user lives, of the directory itself."""
        async with self._shards.system_tx() as session:
            return await session.scalar(_HOME, {"id": user_id})

    async def is_ours(self, moving: Moving) -> bool:
        """Whether nobody took it over; renews the lease then."""
        async with self._shards.system_tx() as session:
            return await session.scalar(_RENEW, self._of(moving)) is not None

    async def reached(self, moving: Moving, step: str) -> None:
        """Notes the step, and renews the lease.

        Raises:
            MoveLost: it is not ours any more.
        """
        async with self._shards.system_tx() as session:
            await self._own(session, moving, step)

    async def switch(self, moving: Moving) -> None:
        """The user lives at the target from now on.

        Raises:
            MoveLost: the move is not ours any more, or the user is gone; nothing was changed.
        """
        async with self._shards.system_tx() as session:
            await self._own(session, moving, "switched")
            places = {"id": moving.user_id, "source": moving.source, "target": moving.target}
            if await session.scalar(_SWITCH, places) is None:
                raise MoveLost

    async def end(self, moving: Moving) -> None:
        """The move is over, whichever way."""
        async with self._shards.system_tx() as session:
            await session.execute(_END, self._of(moving))

    @asynccontextmanager
    async def kept(self, moving: Moving) -> AsyncGenerator[None]:
        """Renews the lease meanwhile."""
        renewing = asyncio.create_task(self._renew(moving), name="move-lease")
        try:
            yield
        finally:
            await end_tasks(renewing)

    async def _renew(self, moving: Moving) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 4)
            try:
                await self.is_ours(moving)
            except ArtelError as error:
                _log.warning("lease_of_move_not_renewed", user_id=moving.user_id, error=error.slug)

    async def _own(self, session: AsyncSession, moving: Moving, step: str) -> None:
        if await session.scalar(_STEP, self._of(moving, step=step)) is None:
            raise MoveLost

    def _of(self, moving: Moving, **more: str) -> dict[str, Any]:
        return {
            "id": moving.user_id,
            "move": moving.move,
            "mover": self.mover,
            "seconds": self._lease_seconds,
            **more,
        }


_LEASE = "now() + :seconds * interval '1 second'"
_MINE = "id = :id and move = :move and mover = :mover"
_COLUMNS = "id, move, source, target, step, mover"
_HOME = text("select shard from users where id = :id")
_HOME_LOCKED = text("select shard from users where id = :id for update")
_IS_MOVING = text("select true from moves where id = :id")
_BEGIN = text(
    f"""
    insert into moves (id, source, target, step, mover, lease_until)
    values (:id, :source, :target, 'begun', :mover, {_LEASE}) on conflict (id) do nothing returning {_COLUMNS}
    """
)
_EXPIRED = text("select id from moves where lease_until < now() order by id")
_TAKE_OVER = text(
    f"""
    update moves set mover = :mover, lease_until = {_LEASE} where id = :id and lease_until < now() returning {_COLUMNS}
    """
)
_ALL = text(f"select {_COLUMNS} from moves order by started_at")
_STEP = text(f"update moves set step = :step, lease_until = {_LEASE} where {_MINE} returning id")
_RENEW = text(f"update moves set lease_until = {_LEASE} where {_MINE} returning id")
_SWITCH = text("update users set shard = :target where id = :id and shard = :source returning id")
_END = text(f"delete from moves where {_MINE}")
