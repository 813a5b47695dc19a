"""One user's live events in this process: follows the chain of ids, mends it from the log, hands entries out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog
from redis.exceptions import RedisError

from artel.events.codec import Entry, encode, parse_lines
from artel.events.log import EventLog, Gap
from artel.events.types import Resync

_log = structlog.get_logger(__name__)

_MAX_PENDING = 4_096
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class Sink(Protocol):
    """Who takes entries from a feed."""

    def deliver(self, entry: Entry) -> None:
        """Takes the next entry; quick, and never raises."""
        ...


def resync_entry(user_id: int, event_id: int, reason: Resync) -> Entry:
    """News for listeners of this process alone: it is not in the log, it stands at the log's present end."""
    return Entry(user_id, event_id, event_id, None, encode(reason))


class Feed:
    """All of a user's listeners see the same entries in the same order, each at most once.

    An entry whose `prev` is not the last one seen means that something was missed: what came is kept aside, the log is
    read from the last seen id, and if it no longer reaches back, the listeners get a `resync`.
    """

    def __init__(
        self,
        user_id: int,
        log: EventLog,
        slots: asyncio.Semaphore,
        on_resync: Callable[[Resync], None] = lambda _: None,
    ) -> None:
        """slots: bounds how many feeds of this process read the log at once."""
        self.user_id = user_id
        self.last_id = 0
        self.sinks: set[Sink] = set()
        self.opening: asyncio.Task[None] | None = None
        """Done when the position is known; the hub sets it."""
        self._log = log
        self._slots = slots
        self._on_resync = on_resync
        self._pending: list[Entry] = []
        self._live = False
        self._again = False
        self._mending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Finds the position to go on from; call it when the channel is subscribed.

        Raises:
            RedisError: Redis cannot be reached.
        """
        async with self._slots:
            self.last_id = await self._log.last_id(self.user_id)
        self._live = True
        if self._again:
            self.mend()
        else:
            self._take_pending()

    def close(self) -> None:
        """Stops what runs in the background."""
        for task in (self.opening, self._mending):
            if task:
                task.cancel()

    def on_message(self, message: bytes) -> None:
        """Takes a published message."""
        entries = parse_lines(message)
        if self._live:
            for entry in entries:
                self._advance(entry)
        else:
            self._keep(entries)

    def mend(self) -> None:
        """Reads what may have been missed from the log."""
        self._again = True
        if self._live:
            self._live = False
            self._mending = asyncio.create_task(self._mend(), name=f"events-mend-{self.user_id}")

    def _keep(self, entries: list[Entry]) -> None:
        self._pending += entries
        if len(self._pending) > _MAX_PENDING:
            # The last one alone shows that the rest is missing; the log has it.
            del self._pending[:-1]

    def _advance(self, entry: Entry) -> None:
        if not self._live:
            self._keep([entry])
        elif entry.id <= self.last_id:
            return
        elif entry.prev != self.last_id:
            self._keep([entry])
            self.mend()
        else:
            self._hand_out(entry)

    def _hand_out(self, entry: Entry) -> None:
        self.last_id = entry.id
        for sink in tuple(self.sinks):
            sink.deliver(entry)

    def _take_pending(self) -> None:
        pending, self._pending = self._pending, []
        for entry in pending:
            self._advance(entry)

    async def _mend(self) -> None:
        pause = _FIRST_PAUSE_S
        while self._again:
            self._again = False
            try:
                await self._read_missed()
            except RedisError:
                self._again = True
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
        self._live = True
        self._take_pending()

    async def _read_missed(self) -> None:
        async with self._slots:
            missed = await self._log.after(self.user_id, self.last_id)
        if isinstance(missed, Gap):
            _log.warning("events_gap", user_id=self.user_id)
            news = Resync(reason="lost")
            self._on_resync(news)
            self._hand_out(resync_entry(self.user_id, missed.last_id, news))
        else:
            for entry in missed.entries:
                self._hand_out(entry)
