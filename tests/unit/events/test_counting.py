"""What becomes of events, as the metrics tell it."""

from __future__ import annotations

from artel.events.log import LogLimits
from artel.events.outbox import OutboxLimits
from artel.events.subscription import BufferLimits
from tests.support.events import EventRoom, NewRoom, read, step

USER = 7


def counted(room: EventRoom, name: str, **labels: str) -> float:
    return room.metrics.registry.get_sample_value(f"artel_{name}_total", labels) or 0.0


async def test_events_are_counted_by_type(room: EventRoom) -> None:
    await room.say(USER, step(1), step(2))

    assert counted(room, "events_published", type=step(1).type) == 2


async def test_a_position_that_is_not_found_is_counted_by_the_reason(new_room: NewRoom) -> None:
    async with new_room(log_limits=LogLimits(max_entries=10)) as room:
        start = await room.log.last_id(USER)
        await room.say(USER, *map(step, range(500)))
        await room.hub.subscribe(USER, last_event_id=str(start))
        await room.hub.subscribe(USER, last_event_id="nonsense")

        assert counted(room, "event_resyncs", reason="trimmed") == 1
        assert counted(room, "event_resyncs", reason="unknown_id") == 1


async def test_a_log_that_lost_its_tail_is_counted(room: EventRoom) -> None:
    subscription = await room.hub.subscribe(USER)
    await room.say(USER, step(1))
    await read(subscription, 1)
    await room.raw.delete(*[key async for key in room.raw.scan_iter(match=f"{room.prefix}:*")])
    await room.say(USER, step(2))
    await read(subscription, 1)

    assert counted(room, "event_resyncs", reason="lost") == 1


async def test_what_found_no_room_is_counted_and_its_user_told(new_room: NewRoom) -> None:
    async with new_room(outbox_limits=OutboxLimits(max_records=10)) as room:
        for number in range(15):
            room.outbox.emit(USER, step(number))
        await room.outbox.flush()

        assert counted(room, "events_lost") == 5
        assert counted(room, "event_resyncs", reason="overflow") == 1
        assert counted(room, "events_published", type="resync") == 1


async def test_a_listener_that_is_too_slow_is_counted(new_room: NewRoom) -> None:
    async with new_room(buffer_limits=BufferLimits(max_entries=3)) as room:
        slow = await room.hub.subscribe(USER)
        reader = await room.hub.subscribe(USER)
        await room.say(USER, step(1))
        await read(reader, 1)
        await room.say(USER, *map(step, range(2, 5)))
        while not slow.closed:
            await reader.next()

        assert counted(room, "sse_dropped") == 1
