"""One listener's place in a user's feed: a bounded buffer that the feed fills and the listener empties."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from artel.events.codec import Entry


@dataclass(frozen=True, slots=True)
class BufferLimits:
    """What may wait for a slow listener before it is dropped; it comes back with `Last-Event-ID` and misses nothing."""

    max_entries: int = 1_000
    max_bytes: int = 4 * 2**20


class Subscription:
    """Events of one user, in order, since a known position.

    `principal` is what the listener proved to be when it came (opaque here); `Hub.close` chooses by it.
    """

    __slots__ = (
        "_bytes",
        "_entries",
        "_leave",
        "_limits",
        "_nudged",
        "_on_slow",
        "_on_violation",
        "_waiter",
        "closed",
        "position",
        "principal",
        "session_id",
        "start_id",
        "user_id",
    )

    def __init__(
        self,
        user_id: int,
        session_id: int | None,
        principal: object,
        limits: BufferLimits,
        leave: Callable[[Subscription], None],
        on_violation: Callable[[], None],
        on_slow: Callable[[], None] = lambda: None,
    ) -> None:
        self.user_id = user_id
        self.session_id = session_id
        self.principal = principal
        self.closed = False
        self.position = 0
        """The id up to which everything was looked at, whether it concerned this listener or not."""
        self.start_id = 0
        """The id after which this listener sees everything; a client that comes back with it misses nothing."""
        self._limits = limits
        self._leave = leave
        self._on_violation = on_violation
        self._on_slow = on_slow
        self._entries: list[Entry] = []
        self._bytes = 0
        self._nudged = False
        self._waiter: asyncio.Future[None] | None = None

    def deliver(self, entry: Entry) -> None:
        """Puts an entry into the buffer, or closes the subscription when there is no room. For the feed."""
        if not self._is_mine(entry) or (entry.id <= self.position and not entry.begins_anew):
            return
        self.position = entry.id
        if not self._wants(entry) or self.closed:
            return
        self._bytes += len(entry.payload)
        if len(self._entries) >= self._limits.max_entries or self._bytes > self._limits.max_bytes:
            self._on_slow()
            self.close()
            return
        self._entries.append(entry)
        self._wake()

    def begin(self, start_id: int, replay: list[Entry], replayed_to: int) -> None:
        """Puts what was missed before what has come in the meantime, each event once. For the feed."""
        self.start_id = start_id
        self.position = max(self.position, replayed_to)
        live = [entry for entry in self._entries if entry.id > replayed_to]
        self._entries = [entry for entry in replay if self._is_mine(entry) and self._wants(entry)] + live

    def _is_mine(self, entry: Entry) -> bool:
        if entry.user_id == self.user_id:
            return True
        self._on_violation()
        return False

    def _wants(self, entry: Entry) -> bool:
        return self.session_id is None or entry.session_id is None or entry.session_id == self.session_id

    async def next(self) -> list[Entry]:
        """Everything that waits, as soon as anything does; empty after a `nudge` and when closed."""
        if not (self._entries or self.closed or self._nudged):
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._nudged = False
        if self.closed:
            return []
        entries, self._entries, self._bytes = self._entries, [], 0
        return entries

    def nudge(self) -> None:
        """Lets `next` return now, so that its caller can do what is due."""
        self._nudged = True
        self._wake()

    def close(self) -> None:
        """Ends the subscription; what still waits is not delivered."""
        if self.closed:
            return
        self.closed = True
        self._entries = []
        self._leave(self)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
