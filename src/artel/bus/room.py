"""The slots of one process: how many are taken, and how many of them one user may have."""

from __future__ import annotations

import asyncio
from collections import Counter


class Room:
    """Counts slots from the moment they are promised to a transaction that may seat tasks, so it never holds too many.

    A quarter of the slots (of four and more) is out of one user's reach: however long a user's queue is and however
    slow their models are, others find room.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._share = slots - slots // 4
        self._taken: Counter[int] = Counter()
        self._total = 0
        self._closed = False
        self._has_room = asyncio.Event()
        self._is_empty = asyncio.Event()
        self._look()

    @property
    def free(self) -> int:
        """How many more tasks this process takes, of whatever users."""
        return 0 if self._closed else max(0, self._slots - self._total)

    @property
    def closed(self) -> bool:
        """Nothing is reserved any more."""
        return self._closed

    def reserve(self, user_id: int, at_most: int) -> int:
        """Takes up to `at_most` slots for a user; answers how many it got. Each is to be released."""
        got = max(0, min(at_most, self.free, self._share - self._taken[user_id]))
        self._taken[user_id] += got
        self._total += got
        self._look()
        return got

    def release(self, user_id: int, count: int = 1) -> None:
        """Gives slots back."""
        self._taken[user_id] -= count
        self._total -= count
        if not self._taken[user_id]:
            del self._taken[user_id]
        self._look()

    def close(self) -> None:
        """From now on nothing is reserved."""
        self._closed = True
        self._look()

    async def until_free(self) -> None:
        """Returns when there is a free slot."""
        await self._has_room.wait()

    async def until_empty(self) -> None:
        """Returns when no slot is taken."""
        await self._is_empty.wait()

    def _look(self) -> None:
        for event, holds in ((self._has_room, self.free > 0), (self._is_empty, not self._total)):
            if holds:
                event.set()
            else:
                event.clear()
