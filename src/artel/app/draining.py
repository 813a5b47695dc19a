"""How a process leaves without anybody noticing: see docs/cluster.md."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from artel.bus.bus import Bus
from artel.events.hub import Hub
from artel.events.outbox import Outbox
from artel.kit.background import end_tasks

_LOOK_SECONDS: Final = 0.05
_LAST_EVENTS_SECONDS: Final = 2.0

_log = structlog.get_logger("artel.server")


class Draining:
    """The draining of one process."""

    def __init__(self, bus: Bus, hub: Hub, outbox: Outbox, seconds: float, notice_seconds: float) -> None:
        """seconds: for what runs here to come to its end. notice_seconds: it takes at least so long."""
        self._bus = bus
        self._hub = hub
        self._outbox = outbox
        self._seconds = seconds
        self._notice_seconds = notice_seconds
        self.begun = False
        """New work is left to others; `/readyz` says so."""

    async def drain(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Ends the streams, gives what runs here and who waits for it the time to come to an end, and hands the rest
        over. hurried: it is not to take any longer."""
        began = time.monotonic()
        running = len(self._bus.worker.held)
        self.begun = True
        self._hub.shut()
        emptied = asyncio.create_task(self._bus.drain(), name="drain")
        try:
            while not hurried():
                passed = time.monotonic() - began
                is_over = passed >= self._seconds or (emptied.done() and not self._hub.waiting)
                if is_over and passed >= self._notice_seconds:
                    break
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await end_tasks(emptied)
        left = len(self._bus.worker.held)
        await self._bus.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._outbox.flush(), _LAST_EVENTS_SECONDS)
        self._hub.release_waiters()
        _log.info("drained", ran=running, handed_over=left, seconds=round(time.monotonic() - began, 2))
