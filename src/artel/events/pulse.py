"""One timer for the heartbeats of all streams of a process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from itertools import count

from artel.events.subscription import Subscription
from artel.kit.background import end_tasks


class Pulse:
    """Nudges each subscription once a period, so that its stream shows a sign of life.

    The subscriptions are spread over the slots of the period: thousands of heartbeats in one moment would delay events.
    """

    def __init__(self, period_s: float = 15.0, slots: int = 60) -> None:
        self._tick_s = period_s / slots
        self._slots: list[set[Subscription]] = [set() for _ in range(slots)]
        self._turn = count()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to beat."""
        self._task = asyncio.create_task(self._run(), name="events-pulse")

    async def aclose(self) -> None:
        """Stops beating."""
        if self._task:
            await end_tasks(self._task)
            self._task = None

    @contextlib.contextmanager
    def beats(self, subscription: Subscription) -> Generator[None]:
        """Nudges the subscription once a period while the context lasts."""
        slot = self._slots[next(self._turn) % len(self._slots)]
        slot.add(subscription)
        try:
            yield
        finally:
            slot.discard(subscription)

    async def _run(self) -> None:
        while True:
            for slot in self._slots:
                await asyncio.sleep(self._tick_s)
                for subscription in slot:
                    subscription.nudge()
