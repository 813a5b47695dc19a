"""Users whose turn it is, each once, first come first served."""

from __future__ import annotations

import asyncio


class Line:
    """A queue in which a user who already waits does not stand a second time."""

    def __init__(self) -> None:
        self._waiting: dict[int, None] = {}
        self._someone = asyncio.Event()

    def join(self, user_id: int) -> None:
        """Puts a user at the end, unless they wait already."""
        self._waiting[user_id] = None
        self._someone.set()

    def leave(self) -> list[int]:
        """Takes everybody out."""
        users = list(self._waiting)
        self._waiting.clear()
        return users

    async def first(self) -> int:
        """Takes the first user out, as soon as there is one."""
        while not self._waiting:
            self._someone.clear()
            await self._someone.wait()
        user_id = next(iter(self._waiting))
        del self._waiting[user_id]
        return user_id
