"""Sending: order, batches, the bounded backlog and what is said when it was full."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from artel.events.log import Replay
from artel.events.outbox import Outbox, OutboxLimits
from artel.events.types import Event, MessageCompleted, MessageDelta, MessageStarted, Resync
from tests.support.events import EventRoom, NewRoom, step, steps

USER, OTHER = 7, 8
AGENT = "user7_coder"


async def events_after(room: EventRoom, user_id: int, event_id: int) -> list[Event]:
    replay = await room.log.after(user_id, event_id)
    assert isinstance(replay, Replay)
    return [entry.event for entry in replay.entries]


async def test_emitting_does_not_wait_and_keeps_the_order(room: EventRoom):
    start = await room.log.last_id(USER)
    for number in range(1_500):
        room.outbox.emit(USER, step(number))
    assert room.outbox.backlog == 1_500
    await room.outbox.flush()
    replay = await room.log.after(USER, start)
    assert isinstance(replay, Replay)
    assert steps(replay.entries) == list(range(1_500))
    assert room.outbox.backlog == 0


async def test_what_was_emitted_before_the_start_is_sent_first(room: EventRoom):
    start = await room.log.last_id(USER)
    outbox = Outbox(room.log)
    outbox.emit(USER, step(1))
    outbox.start()
    outbox.emit(USER, step(2))
    await outbox.aclose()
    assert await events_after(room, USER, start) == [step(1), step(2)]


async def test_flush_waits_only_for_what_was_emitted_before_it(room: EventRoom):
    await room.outbox.flush()
    start = await room.log.last_id(USER)
    room.outbox.emit(USER, step(1))
    flushed = asyncio.create_task(room.outbox.flush())
    await asyncio.sleep(0)
    room.outbox.emit(USER, step(2))
    await flushed
    assert (await events_after(room, USER, start))[:1] == [step(1)]


async def test_a_full_backlog_tells_those_who_lost_something_and_nobody_else(new_room: NewRoom):
    async with new_room(outbox_limits=OutboxLimits(max_records=10)) as room:
        mine, theirs = await room.log.last_id(USER), await room.log.last_id(OTHER)
        room.outbox.emit(OTHER, step(0))
        for number in range(20):
            room.outbox.emit(USER, step(number))
        await room.outbox.flush()
        await room.say(USER, step(100))
        expected = [*(step(number) for number in range(9)), Resync(reason="overflow"), step(100)]
        assert await events_after(room, USER, mine) == expected
        assert await events_after(room, OTHER, theirs) == [step(0)]


async def test_the_backlog_is_bounded_in_bytes_too(new_room: NewRoom):
    message_id = uuid4()
    async with new_room(outbox_limits=OutboxLimits(max_bytes=50_000)) as room:
        start = await room.log.last_id(USER)
        big = MessageCompleted(message_id=message_id, agent_id=AGENT, content="x" * 20_000)
        for _ in range(5):
            room.outbox.emit(USER, big)
        await room.outbox.flush()
        assert await events_after(room, USER, start) == [big, big, Resync(reason="overflow")]


async def test_an_answer_that_lost_text_arrives_whole_and_never_with_a_hole(new_room: NewRoom):
    message_id, intact = uuid4(), uuid4()

    def delta(text: str) -> Event:
        return MessageDelta(message_id=message_id, agent_id=AGENT, text=text)

    completed = MessageCompleted(message_id=message_id, agent_id=AGENT, content="abc")
    async with new_room(outbox_limits=OutboxLimits(max_records=3)) as room:
        start = await room.log.last_id(USER)
        room.outbox.emit(USER, MessageStarted(message_id=intact, agent_id=AGENT))
        room.outbox.emit(USER, MessageStarted(message_id=message_id, agent_id=AGENT))
        for text in ("a", "b"):
            room.outbox.emit(USER, delta(text))
        await room.outbox.flush()
        await room.say(USER, delta("c"), completed)
        said = await events_after(room, USER, start)
        assert said[2:] == [delta("a"), Resync(reason="overflow"), completed]
        partials, _ = await room.log.fold_partials(USER)
        assert set(partials) == {intact}


async def test_closing_sends_what_waits(room: EventRoom):
    start = await room.log.last_id(USER)
    outbox = Outbox(room.log)
    outbox.start()
    outbox.emit(USER, step(1))
    await outbox.aclose()
    assert await events_after(room, USER, start) == [step(1)]
