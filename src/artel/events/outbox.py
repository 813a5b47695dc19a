"""The way of events out of this process: gathered, sent to the log in batches, in order, never silently lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import structlog
from redis.exceptions import RedisError

from artel.events.log import EventLog
from artel.events.record import Record, record_of, tear
from artel.events.types import Event, Resync
from artel.kit.background import end_tasks

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much may wait for Redis, and how it is sent."""

    max_records: int = 20_000
    max_bytes: int = 32 * 2**20
    batch_records: int = 500
    batch_bytes: int = 2**20
    """A script call runs alone in Redis, so it is kept to about a millisecond or two."""
    first_pause_s: float = 0.05
    longest_pause_s: float = 2.0
    """Between attempts while Redis cannot be reached; doubles from the first to the longest."""


@dataclass(slots=True)
class _Loss:
    """What a user missed while the backlog was full."""

    answers: set[UUID] = field(default_factory=set[UUID])


class Outbox:
    """`emit` is synchronous and never waits; one task sends whatever has gathered.

    So the cost of an event falls as load rises.
    While Redis cannot be reached a bounded backlog is kept. When it is full, the users whose events did not fit get a
    `resync` once Redis is back, and answers that lost text stay silent until `message_completed` brings them whole.
    Belongs to one event loop.
    """

    def __init__(
        self,
        log: EventLog,
        limits: OutboxLimits | None = None,
        *,
        on_emit: Callable[[Event], None] = lambda _: None,
        on_loss: Callable[[], None] = lambda: None,
    ) -> None:
        """on_emit: told of each event; on_loss: of each that found no room. Both must be quick."""
        self._log = log
        self._on_emit = on_emit
        self._on_loss = on_loss
        self._limits = limits or OutboxLimits()
        self._sender = uuid4().hex
        self._batch_number = 0
        self._waiting: deque[Record] = deque()
        self._bytes = 0
        self._emitted = 0
        self._sent = 0
        self._lost: dict[int, _Loss] = {}
        self._silenced: set[int] = set()
        self._wake = asyncio.Event()
        self._flushes: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._error: RedisError | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def backlog(self) -> int:
        """Events that are not yet in Redis."""
        return len(self._waiting)

    @property
    def error(self) -> str | None:
        """Why the last attempt failed (the kind of error), None while all is well; for `/readyz`."""
        return type(self._error).__name__ if self._error else None

    def start(self) -> None:
        """Begins to send; what was emitted before is sent first."""
        self._task = asyncio.create_task(self._run(), name="events-outbox")

    async def aclose(self, timeout: float = 5.0) -> None:
        """Sends what waits, for at most `timeout` seconds, then stops."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self.flush()
        if self._task:
            await end_tasks(self._task)
            self._task = None

    def emit(self, user_id: int, event: Event) -> None:
        """Says that something happened in a user's space. Never waits and never fails for want of Redis."""
        if user_id in self._silenced:
            return
        record = record_of(user_id, event)
        self._on_emit(event)
        if user_id in self._lost or self._is_full(record):
            self._lose(record)
            return
        self._push(record)

    def silence(self, user_id: int) -> None:
        """Nothing more is said to this user, who is gone for good: ids are never given out again."""
        self._silenced.add(user_id)

    async def flush(self) -> None:
        """Returns when everything that was emitted until now is in Redis."""
        if self._sent >= self._emitted and not self._lost:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        news_of_losses = sum(1 + len(loss.answers) for loss in self._lost.values())
        self._flushes.append((self._emitted + news_of_losses, done))
        await done

    def _is_full(self, record: Record) -> bool:
        limits = self._limits
        return len(self._waiting) >= limits.max_records or self._bytes + record.size > limits.max_bytes

    def _push(self, record: Record) -> None:
        self._waiting.append(record)
        self._bytes += record.size
        self._emitted += 1
        self._wake.set()

    def _lose(self, record: Record) -> None:
        self._on_loss()
        loss = self._lost.get(record.user_id)
        if loss is None:
            loss = self._lost[record.user_id] = _Loss()
            _log.warning("events_backlog_full", user_id=record.user_id, backlog=len(self._waiting))
        if record.answer:
            loss.answers.add(record.answer)

    def _confess(self) -> None:
        """Puts into the queue, for each user who missed something, the news of it."""
        lost, self._lost = self._lost, {}
        for user_id, loss in lost.items():
            for message_id in loss.answers:
                self._push(tear(user_id, message_id))
            news = Resync(reason="overflow")
            self._on_emit(news)
            self._push(record_of(user_id, news))

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._send(self._take_batch())
                self._resolve_flushes()
                if self._lost and not self._waiting:
                    self._confess()

    def _take_batch(self) -> list[Record]:
        """The oldest records that make one script call. They stay in the queue until Redis has them."""
        batch: list[Record] = []
        size = 0
        for record in self._waiting:
            size += record.size
            if batch and (len(batch) >= self._limits.batch_records or size > self._limits.batch_bytes):
                break
            batch.append(record)
        return batch

    async def _send(self, batch: list[Record]) -> None:
        self._batch_number += 1
        pause = self._limits.first_pause_s
        while True:
            try:
                await self._log.append(self._sender, self._batch_number, batch)
                break
            except RedisError as error:
                if self._error is None:
                    _log.warning("events_redis_unreachable", error=type(error).__name__, backlog=self.backlog)
                self._error = error
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._limits.longest_pause_s)
        if self._error is not None:
            _log.info("events_redis_back", backlog=self.backlog)
            self._error = None
        for record in batch:
            self._waiting.popleft()
            self._bytes -= record.size
        self._sent += len(batch)

    def _resolve_flushes(self) -> None:
        while self._flushes and self._flushes[0][0] <= self._sent:
            _, done = self._flushes.popleft()
            if not done.done():
                done.set_result(None)
