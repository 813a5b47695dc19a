"""What one process runs for its events, started over a real Valkey, and ways to read a subscription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from artel.app.counting import EventCounts
from artel.events.client import redis_client
from artel.events.codec import Entry
from artel.events.control import ControlChannel
from artel.events.hub import Hub
from artel.events.log import EventLog, LogLimits
from artel.events.outbox import Outbox, OutboxLimits
from artel.events.subscriber import Subscriber
from artel.events.subscription import BufferLimits, Subscription
from artel.events.types import Event, TasksProgress
from artel.telemetry.metrics import Metrics

PATIENCE_S = 20.0
"""A test that waits longer has failed."""


@dataclass
class EventRoom:
    """The events of one process: two of them with the same prefix are two processes of one installation."""

    redis: Redis
    prefix: str
    log: EventLog
    outbox: Outbox
    subscriber: Subscriber
    hub: Hub
    control: ControlChannel
    violations: list[str] = field(default_factory=list[str])
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def raw(self) -> Any:
        """The Redis client for commands whose types redis-py leaves open."""
        return self.redis

    async def say(self, user_id: int, *events: Event) -> None:
        """Emits and waits until they are in the log."""
        for event in events:
            self.outbox.emit(user_id, event)
        await self.outbox.flush()


@asynccontextmanager
async def event_room(
    url: str,
    prefix: str,
    *,
    log_limits: LogLimits | None = None,
    outbox_limits: OutboxLimits | None = None,
    buffer_limits: BufferLimits | None = None,
) -> AsyncGenerator[EventRoom]:
    """Everything started and connected; stopped at the end."""
    redis = redis_client(url)
    violations: list[str] = []
    log = EventLog(redis, log_limits, prefix)
    metrics = Metrics()
    counts = EventCounts(metrics)
    outbox = Outbox(log, outbox_limits, on_emit=counts.emitted, on_loss=metrics.events_lost.inc)
    subscriber = Subscriber(redis, confirm_s=PATIENCE_S)  # the machine of a test may be busy
    hub = Hub(
        log,
        subscriber,
        on_violation=lambda: violations.append("seen"),
        limits=buffer_limits,
        on_resync=counts.resynced,
        on_slow=metrics.sse_dropped.inc,
    )
    control = ControlChannel(redis, subscriber, f"{prefix}:control")
    outbox.start()
    subscriber.start()
    try:
        await subscriber.wait_connected(PATIENCE_S)
        await control.start()
        yield EventRoom(redis, prefix, log, outbox, subscriber, hub, control, violations, metrics)
    finally:
        await outbox.aclose(timeout=0.5)
        await hub.aclose()
        await subscriber.aclose()
        await redis.aclose()


NewRoom = Callable[..., AbstractAsyncContextManager[EventRoom]]
"""`async with new_room(log_limits=...) as room`: one more process of this test's installation."""


@pytest.fixture
def new_room(redis_url: str) -> NewRoom:
    """Starts the events of one more process; all of a test's processes share an installation that no other test has."""
    prefix = f"test-{uuid4().hex}"

    def start(**limits: object) -> AbstractAsyncContextManager[EventRoom]:
        return event_room(redis_url, prefix, **limits)  # type: ignore[arg-type]

    return start


@pytest.fixture
async def room(new_room: NewRoom) -> AsyncGenerator[EventRoom]:
    """The events of one process."""
    async with new_room() as started:
        yield started


def step(number: int, session_id: int | None = None, total: int = 0) -> TasksProgress:
    """A small event that tells its number."""
    return TasksProgress(completed=number, total=total, session_id=session_id)


def steps(entries: list[Entry]) -> list[int]:
    """The numbers of `step` events, in the order they came; others must not be among them."""
    events = [entry.event for entry in entries]
    assert all(isinstance(event, TasksProgress) for event in events), events
    return [event.completed for event in events if isinstance(event, TasksProgress)]


async def read(subscription: Subscription, count: int) -> list[Entry]:
    """The next `count` entries; fails when the subscription closes or they do not come."""
    return await read_until(subscription, lambda entries: len(entries) >= count)


async def read_until(subscription: Subscription, enough: Callable[[list[Entry]], bool]) -> list[Entry]:
    """Entries until there are enough; fails when the subscription closes or they do not come."""
    entries: list[Entry] = []
    async with asyncio.timeout(PATIENCE_S):
        while not enough(entries):
            entries += await subscription.next()
            assert not subscription.closed, "the subscription was closed"
    return entries


async def closed(subscription: Subscription) -> None:
    """Returns when the subscription is closed."""
    async with asyncio.timeout(PATIENCE_S):
        while not subscription.closed:
            await subscription.next()
