"""How many calls may run at one provider at once, shared fairly between those who ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable


class QueueFull(Exception):
    """Too many calls are waiting already."""


class FairLimiter:
    """`limit` seats; who waits is served in turns between owners, first come first served within one.

    So one user's hundred calls delay another user's single call by one call, not by a hundred.
    """

    def __init__(self, limit: int, max_waiting: int = 10_000) -> None:
        self._limit = limit
        self._free = limit
        self._max_waiting = max_waiting
        self._waiting = 0
        self._queues: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def idle(self) -> bool:
        """Whether no seat is taken."""
        return self._free == self._limit

    @property
    def waiting(self) -> int:
        """How many calls wait for a seat."""
        return self._waiting

    async def acquire(self, owner: Hashable = None) -> None:
        """Takes a seat, waiting for one if need be; each must be given back with `release`.

        Raises:
            QueueFull: too many wait already.
        """
        if self._free > 0:
            self._free -= 1
            return
        if self._waiting >= self._max_waiting:
            raise QueueFull
        turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(owner, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the seat came in the same moment: pass it on
            else:
                self._forget(owner, turn)
            raise

    def release(self) -> None:
        """Gives a seat back: to the next in turn, or to the free ones."""
        while self._queues:
            owner, queue = next(iter(self._queues.items()))
            turn = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues.move_to_end(owner)
            else:
                del self._queues[owner]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, owner: Hashable, turn: asyncio.Future[None]) -> None:
        queue = self._queues.get(owner)
        if queue is not None and turn in queue:
            queue.remove(turn)
            self._waiting -= 1
            if not queue:
                del self._queues[owner]
