"""Seats waiting work in this process: users take turns, and a task that cannot be read does not block its queue."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from artel.bus.claim import claim, fail_ready
from artel.bus.endings import Unprepared
from artel.bus.line import Line
from artel.bus.model import INTERNAL, Held, Observer, Runner
from artel.bus.room import Room
from artel.bus.settle import settle
from artel.bus.worker import Worker
from artel.kit.errors import ArtelError, Unavailable
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx

_AT_ONCE = 8
"""Claims in flight."""
_TURN_SECONDS = 10.0
"""A claim that takes longer waits for a store that does not answer; others want their turn."""
_A_TURN = 16
"""Tasks seated in one turn; who has more stands in line again."""

_OF_THE_STORE = (
    Unavailable,
    OSError,
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # On a connection that heard the server's last word, but not yet the end of the line.
    asyncpg.InternalClientError,
)

_log = structlog.get_logger("artel.bus")


class Claimer:
    """Claims for users whose turn it is, as long as there is room."""

    def __init__(
        self, shards: Shards, ids: IdMaker, worker: Worker, room: Room, runner: Runner, observer: Observer
    ) -> None:
        self._shards = shards
        self._ids = ids
        self._worker = worker
        self._room = room
        self._runner = runner
        self._observer = observer
        self._line = Line()
        self._next: int | None = None
        """Who is first, and waits for room."""
        self._full: set[int] = set()
        """Users who have all the slots one user may have, and perhaps more work."""

    def note(self, user_id: int) -> None:
        """This user may have work that can be seated."""
        self._line.join(user_id)

    def slot_freed(self, user_id: int) -> None:
        """A task of this user left its slot."""
        if user_id in self._full:
            self._full.discard(user_id)
            self.note(user_id)

    def leave(self) -> list[int]:
        """Users who wait for their turn here, and will have none."""
        users = {*self._line.leave(), *self._full, *([] if self._next is None else [self._next])}
        self._full.clear()
        return sorted(users)

    async def run(self) -> None:
        """Claims until it is cancelled."""
        turns = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as claims:
            while True:
                await turns.acquire()
                self._next = user_id = await self._line.first()
                room = await self._reserve(user_id)
                self._next = None
                if room:
                    claims.create_task(self._turn(user_id, room, turns))
                else:
                    turns.release()

    async def _reserve(self, user_id: int) -> int:
        """Slots for the user whose turn it is; 0 when they have all that one user may have.

        They wait here rather than at the end of the line: whoever freed the slot would otherwise be before them again.
        """
        while not (room := self._room.reserve(user_id, _A_TURN)):
            if self._room.free:
                self._full.add(user_id)
                break
            await self._room.until_free()
        return room

    async def _turn(self, user_id: int, room: int, turns: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._claim(user_id, room)
        except (ArtelError, TimeoutError) as error:
            # Whatever was seated is rolled back; the sweeper comes by again.
            _log.warning("claim failed", user_id=user_id, error=str(error))
        except Exception:
            _log.exception("claim failed", user_id=user_id)
        finally:
            turns.release()

    async def _claim(self, user_id: int, room: int) -> None:
        seated: list[Held] = []
        try:
            async with self._shards.user_tx(user_id) as tx:
                claimed = await claim(tx, self._worker.id, room)
                for held in claimed:
                    await self.prepare(tx, held)
            seated = claimed
        except Unprepared as culprit:
            _log.exception("task cannot be prepared", task=str(culprit.held.id))
            await self._fail(culprit.held)
            self.note(user_id)
        finally:
            self._room.release(user_id, room - len(seated))
        for held in seated:
            self._worker.start(held)
        if len(seated) == room:
            self.note(user_id)

    async def prepare(self, tx: UserTx, held: Held) -> None:
        """Reads what a task needs.

        Raises:
            Unprepared: it cannot be read, and that is not the store's trouble.
        """
        try:
            held.prepared = await self._runner.prepare(tx, held)
        except _OF_THE_STORE:
            # The store's trouble, not the task's.
            raise
        except Exception as error:
            raise Unprepared(held) from error

    async def _fail(self, held: Held) -> None:
        next_id = self._ids.uuid()
        finished = await settle(self._shards, held.user_id, lambda tx: fail_ready(tx, held.id, INTERNAL, next_id))
        if finished is not None:
            self._observer.finished(held, finished)
