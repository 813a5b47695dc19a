"""Keeps users' indexes up to date in the background: some users at once, one batch each in turn.

Nothing is held in memory but who is to be looked at; what waits, waits in PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError, Unauthenticated
from artel.store.shards import Shards
from artel.store.sweeps import UserSweep

USERS_AT_ONCE: Final = 2
_SWEEP_SECONDS: Final = 5.0
_FIRST_BACKOFF: Final = 1.0
_LONGEST_BACKOFF: Final = 300.0
_FIND: Final = "select users_with_memory_work(:at_most, :space)"

_log = structlog.get_logger("artel.memory")


class TakesTurns(Protocol):
    """What does the work; see `turn.Turns`."""

    async def take(self, user_id: int) -> float | None: ...
    def doubt(self, user_id: int) -> None: ...


@dataclass(slots=True)
class Backoff:
    """How long a user waits whose turn failed: longer each time, and as long as the error says."""

    first: float = _FIRST_BACKOFF
    failures: int = 0

    def failed(self, error: Exception) -> float:
        """Seconds until the next try."""
        pause = min(self.first * 2.0**self.failures, _LONGEST_BACKOFF)
        self.failures += 1
        asked = error.retry_after if isinstance(error, ArtelError) else None
        return max(pause, asked or 0.0)

    def worked(self) -> None:
        """Begins anew."""
        self.failures = 0


@dataclass(slots=True)
class _Waiting:
    """When a user's next turn may begin, by the loop's clock. is_woken: somebody called during the turn."""

    at: float
    backoff: Backoff
    is_woken: bool = False


class Indexer:
    """Of one process. Users whose turn failed wait longer each time, up to five minutes; others do not notice."""

    def __init__(self, turns: TakesTurns, at_once: int = USERS_AT_ONCE, first_backoff: float = _FIRST_BACKOFF) -> None:
        """first_backoff: seconds after the first failure."""
        self._turns = turns
        self._at_once = at_once
        self._first_backoff = first_backoff
        self._waiting: dict[int, _Waiting] = {}
        self._busy: dict[int, _Waiting] = {}
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self, user_id: int) -> None:
        """There may be something to do for this user, such as after an answer. Costs nothing, never waits."""
        if (busy := self._busy.get(user_id)) is not None:
            busy.is_woken = True
        elif user_id not in self._waiting:
            self._waiting[user_id] = _Waiting(asyncio.get_running_loop().time(), Backoff(self._first_backoff))
            self._changed.set()

    def doubt(self, user_id: int) -> None:
        """This user's index is lost, or seems to be (`ContextLost`): it is built anew, message or not."""
        self._turns.doubt(user_id)
        self.wake(user_id)

    def start(self) -> None:
        """Begins."""
        self._tasks = [asyncio.create_task(self._work(), name=f"indexer-{n}") for n in range(self._at_once)]

    async def aclose(self) -> None:
        """Ends what is under way; it goes on where it was in the next process."""
        await end_tasks(*self._tasks)

    async def idle(self) -> None:
        """Returns when nobody waits and nothing is under way. For tests and commands."""
        while self._waiting or self._busy:
            self._changed.clear()
            await self._changed.wait()

    async def _work(self) -> None:
        while True:
            user_id = await self._next()
            waiting = self._busy[user_id] = self._waiting.pop(user_id)
            try:
                again = await self._turn(user_id, waiting)
            finally:
                del self._busy[user_id]
                self._changed.set()
            if again is None and waiting.is_woken:
                again = 0.0
            if again is not None:
                waiting.at, waiting.is_woken = asyncio.get_running_loop().time() + again, False
                self._waiting[user_id] = waiting
                self._changed.set()

    async def _turn(self, user_id: int, waiting: _Waiting) -> float | None:
        try:
            again = await self._turns.take(user_id)
        except Unauthenticated:
            # The user is gone.
            return None
        except ArtelError as error:
            pause = waiting.backoff.failed(error)
            _log.warning("memory_not_indexed", user_id=user_id, error=error.slug, again_in=pause)
            return pause
        except Exception as error:
            _log.exception("memory_indexing_failed", user_id=user_id)
            return waiting.backoff.failed(error)
        waiting.backoff.worked()
        return again

    async def _next(self) -> int:
        """Who has waited longest for a turn that may begin."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            first = min(self._waiting.items(), key=lambda item: item[1].at, default=None)
            pause = None if first is None else first[1].at - loop.time()
            if first is not None and pause is not None and pause <= 0:
                return first[0]
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue


class MemorySweep(UserSweep):
    """Finds the users whose work nobody in this process was told of."""

    def __init__(
        self,
        shards: Shards,
        indexer: Indexer,
        space: Callable[[], str | None],
        lost: Callable[[], Awaitable[tuple[int, ...]]],
        every: float = _SWEEP_SECONDS,
    ) -> None:
        """space: of the embedding model; None when there is none, so that nothing waits for it. lost: users whose
        index was lost."""

        async def wake(user_id: int) -> None:
            indexer.wake(user_id)

        super().__init__("memory-sweep", shards, _FIND, wake, every=every, asked=lambda: {"space": space()})
        self._indexer = indexer
        self._lost = lost

    async def turn(self) -> None:
        """Looks once; what a shard that does not answer holds waits for the next look."""
        for user_id in await self._lost():
            self._indexer.doubt(user_id)
        await super().turn()
