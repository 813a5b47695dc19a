"""Whatever happens, every listener sees exactly the suffix of its stream: in order, without gap, without duplicate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artel.events.codec import Entry
from artel.events.subscription import BufferLimits, Subscription
from artel.events.types import TasksProgress
from tests.support.events import EventRoom, event_room, step

USERS = st.sampled_from([7, 8])
SESSIONS = st.sampled_from([None, None, 5, 6])
PROCESSES = st.integers(0, 1)

EMIT = st.tuples(st.just("emit"), PROCESSES, USERS, SESSIONS, st.integers(1, 12))
COME = st.tuples(st.just("come"), PROCESSES, USERS, SESSIONS)
LEAVE = st.tuples(st.just("leave"), st.integers(0, 9))
RETURN = st.tuples(st.just("return"), st.integers(0, 9), PROCESSES)
READ = st.tuples(st.just("read"), st.integers(0, 9))
BREAK = st.tuples(st.just("break"))
REST = st.tuples(st.just("rest"))
STEPS = st.lists(st.one_of(EMIT, EMIT, EMIT, COME, LEAVE, RETURN, READ, BREAK, REST), min_size=5, max_size=60)


@dataclass
class Listener:
    """A client that remembers its last id and everything it saw."""

    user_id: int
    session_id: int | None
    expected_from: int
    """How many events its user had when it came."""
    subscription: Subscription | None
    last_event_id: int
    seen: list[int] = field(default_factory=list[int])

    def take(self, entries: list[Entry]) -> None:
        for entry in entries:
            assert entry.id > self.last_event_id
            assert isinstance(entry.event, TasksProgress), entry.event
            self.last_event_id = entry.id
            self.seen.append(entry.event.completed)


class World:
    """Two processes, two users, and clients that come, go, read slowly and lose their connection."""

    def __init__(self, rooms: list[EventRoom]) -> None:
        self.rooms = rooms
        self.said: dict[int, list[TasksProgress]] = {7: [], 8: []}
        self.listeners: list[Listener] = []
        self.numbers = iter(range(10**9))

    async def emit(self, process: int, user_id: int, session_id: int | None, count: int) -> None:
        # Events of two processes have no order among them, unless one waits for the other.
        await self.rooms[1 - process].outbox.flush()
        for _ in range(count):
            event = step(next(self.numbers), session_id)
            self.said[user_id].append(event)
            self.rooms[process].outbox.emit(user_id, event)

    async def come(self, process: int, user_id: int, session_id: int | None) -> None:
        for room in self.rooms:
            await room.outbox.flush()
        subscription = await self.rooms[process].hub.subscribe(user_id, session_id=session_id)
        # What is in the log but still on its way to this process is seen or not; the position says which.
        already = len(self.said[user_id]) - await self._later_than(user_id, subscription.start_id)
        self.listeners.append(Listener(user_id, session_id, already, subscription, subscription.start_id))

    async def _later_than(self, user_id: int, event_id: int) -> int:
        replay = await self.rooms[0].log.after(user_id, event_id)
        return len(replay.entries)  # type: ignore[union-attr]

    async def leave(self, index: int) -> None:
        if listener := self._listener(index):
            if listener.subscription:
                listener.subscription.close()
            listener.subscription = None

    async def return_(self, index: int, process: int) -> None:
        if (listener := self._listener(index)) and (listener.subscription is None or listener.subscription.closed):
            listener.subscription = await self.rooms[process].hub.subscribe(
                listener.user_id, session_id=listener.session_id, last_event_id=str(listener.last_event_id)
            )

    async def read(self, index: int) -> None:
        if (listener := self._listener(index)) and listener.subscription:
            listener.subscription.nudge()
            listener.take(await listener.subscription.next())

    async def break_(self) -> None:
        await self.rooms[0].raw.client_kill_filter(_type="pubsub")

    async def rest(self) -> None:
        await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Everyone comes back and reads to the end, which a last event for the whole space marks."""
        for user_id in self.said:
            await self.emit(0, user_id, None, 1)
        await self.rooms[0].outbox.flush()
        for index, listener in enumerate(self.listeners):
            async with asyncio.timeout(20):
                while not listener.seen or listener.seen[-1] != self.said[listener.user_id][-1].completed:
                    await self.return_(index, 0)
                    assert listener.subscription
                    listener.take(await listener.subscription.next())

    def expected(self, listener: Listener) -> list[int]:
        return [
            event.completed
            for event in self.said[listener.user_id][listener.expected_from :]
            if listener.session_id is None or event.session_id in (None, listener.session_id)
        ]

    def _listener(self, index: int) -> Listener | None:
        return self.listeners[index % len(self.listeners)] if self.listeners else None


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
async def test_every_listener_sees_exactly_its_suffix(redis_url: str, steps: list[tuple[object, ...]]):
    prefix, limits = f"test-{uuid4().hex}", BufferLimits(max_entries=20)
    async with (
        event_room(redis_url, prefix, buffer_limits=limits) as here,
        event_room(redis_url, prefix, buffer_limits=limits) as there,
    ):
        world = World([here, there])
        deeds = {
            "emit": world.emit, "come": world.come, "leave": world.leave, "return": world.return_,
            "read": world.read, "break": world.break_, "rest": world.rest,
        }  # fmt: skip
        for name, *arguments in steps:
            await deeds[str(name)](*arguments)  # type: ignore[operator]
        await world.settle()
        for listener in world.listeners:
            assert listener.seen == world.expected(listener)
        assert here.violations == there.violations == []
