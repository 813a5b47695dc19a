"""Tasks that run beside everything else until they are told to end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

_ASK_AGAIN_SECONDS = 0.1


async def end_tasks(*tasks: asyncio.Task[None]) -> None:
    """Cancels tasks until they are over. What they raised is not raised here.

    Asking once is not enough: a library may swallow a cancellation (a Redis client that is just connecting does, and
    `asyncio.wait_for` of Python 3.11), and whoever waits for the end would wait for ever.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_ASK_AGAIN_SECONDS)


class Recurring(ABC):
    """Takes its turn every so many seconds, from `start` to `aclose`."""

    def __init__(self, name: str, every: float) -> None:
        self.name = name
        self._every = every
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def turn(self) -> None:
        """What is to be done; whatever it raises ends it all."""

    def start(self) -> None:
        """Takes the first turn, soon."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def aclose(self) -> None:
        """Takes no more turns. Harmless before the start."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _run(self) -> None:
        while True:
            await self.turn()
            await asyncio.sleep(self._every)
