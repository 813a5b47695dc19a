"""Live delivery: positions, replay, filters, slow listeners, healing, closing, isolation."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from artel.events.client import redis_client
from artel.events.codec import Entry, encode
from artel.events.hub import Hub
from artel.events.log import EventLog, LogLimits
from artel.events.subscriber import Subscriber
from artel.events.subscription import BufferLimits
from artel.events.types import Event, Resync, RunCompleted, TasksProgress
from artel.kit.errors import Unavailable
from tests.support.events import EventRoom, NewRoom, closed, read, step, steps

USER, OTHER = 7, 8


async def test_events_arrive_in_order_from_now_on(room: EventRoom):
    await room.say(USER, step(0))
    subscription = await room.hub.subscribe(USER)
    await room.say(USER, *map(step, range(1, 101)))
    assert steps(await read(subscription, 100)) == list(range(1, 101))


async def test_all_listeners_of_two_processes_share_the_same_stream(new_room: NewRoom):
    async with new_room() as here, new_room() as there:
        listeners = [await hub.subscribe(USER) for hub in (here.hub, here.hub, there.hub)]
        for number in range(40):
            (here if number % 2 else there).outbox.emit(USER, step(number))
            if number % 7 == 0:
                await asyncio.sleep(0)
        first, second, third = [await read(each, 40) for each in listeners]
        assert [each.sse for each in first] == [each.sse for each in second] == [each.sse for each in third]
        assert sorted(steps(first)) == list(range(40))
        assert first[0] is second[0]


async def test_replay_after_each_id_then_live(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    start = subscription.start_id
    await room.say(USER, *map(step, range(20)))
    ids = [start, *(entry.id for entry in await read(subscription, 20))]
    for seen, event_id in enumerate(ids):
        late = await room.hub.subscribe(USER, last_event_id=str(event_id))
        assert late.start_id == event_id
        await room.say(USER, step(100 + seen))
        assert steps(await read(late, 21)) == [*range(seen, 20), *range(100, 101 + seen)]
        late.close()


async def test_a_listener_that_joins_amid_a_storm_misses_and_repeats_nothing(new_room: NewRoom):
    async with new_room() as here, new_room() as there:
        first = await here.hub.subscribe(USER)

        async def storm() -> None:
            for number in range(900):
                there.outbox.emit(USER, step(number))
                await asyncio.sleep(0)

        storming = asyncio.create_task(storm())
        seen = await read(first, 50)
        late = [await here.hub.subscribe(USER, last_event_id=str(entry.id)) for entry in seen[:50:5]]
        await storming
        for skipped, each in zip(range(1, 51, 5), late, strict=True):
            assert steps(await read(each, 900 - skipped)) == list(range(skipped, 900))


@pytest.mark.parametrize("nonsense", ["", "abc", "-1", "1.5", "٣", "9" * 17, "9" * 10_000, "1-0", "1\n"])
async def test_an_id_that_is_none_gives_resync_and_goes_on_from_there(room: EventRoom, nonsense: str):
    await room.say(USER, step(1))
    subscription = await room.hub.subscribe(USER, last_event_id=nonsense)
    await room.say(USER, step(2))
    resync, live = await read(subscription, 2)
    assert resync.event == Resync(reason="unknown_id")
    assert resync.id == subscription.start_id == live.prev
    assert live.event == step(2)


async def test_an_id_of_the_future_gives_resync(room: EventRoom):
    future = await room.log.last_id(USER) + 10**9
    subscription = await room.hub.subscribe(USER, last_event_id=str(future))
    assert [entry.event for entry in await read(subscription, 1)] == [Resync(reason="unknown_id")]


async def test_an_id_that_was_trimmed_gives_resync(new_room: NewRoom):
    async with new_room(log_limits=LogLimits(max_entries=10)) as room:
        start = await room.log.last_id(USER)
        await room.say(USER, *map(step, range(500)))
        subscription = await room.hub.subscribe(USER, last_event_id=str(start))
        assert [entry.event for entry in await read(subscription, 1)] == [Resync(reason="trimmed")]


async def test_a_session_stream_holds_its_session_and_what_concerns_the_whole_space(room: EventRoom):
    live = await room.hub.subscribe(USER, session_id=5)
    await room.say(USER, step(1, session_id=5), step(2, session_id=6), step(3), step(4, session_id=5))
    replayed = await room.hub.subscribe(USER, session_id=5, last_event_id=str(live.start_id))
    for each in (live, replayed):
        assert steps(await read(each, 3)) == [1, 3, 4]


async def test_a_session_stream_knows_how_far_the_space_has_come(room: EventRoom):
    quiet = await room.hub.subscribe(USER, session_id=5)
    busy = await room.hub.subscribe(USER, session_id=6)
    await room.say(USER, *(step(number, session_id=6) for number in range(10)))
    entries = await read(busy, 10)
    assert quiet.position == entries[-1].id


async def test_nobody_hears_another_user(room: EventRoom):
    mine, theirs = await room.hub.subscribe(USER), await room.hub.subscribe(OTHER)
    room.outbox.emit(USER, step(1))
    room.outbox.emit(OTHER, step(2))
    await room.outbox.flush()
    assert steps(await read(mine, 1)) == [1]
    assert steps(await read(theirs, 1)) == [2]
    assert room.violations == []


async def test_a_foreign_event_in_a_users_channel_is_stopped_and_counted(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    async with room.hub.waiter(USER, lambda _: True) as waiter:
        start = subscription.start_id
        foreign = b"%d %d %d - %s" % (OTHER, start, start + 1, encode(step(666)))
        await room.raw.publish(room.log.channel(USER), foreign)
        own = b"%d %d %d - %s" % (USER, start + 1, start + 2, encode(step(1)))
        await room.raw.publish(room.log.channel(USER), own)
        assert steps(await read(subscription, 1)) == [1]
        assert await waiter.result(1) == step(1)
    assert len(room.violations) == 2


async def test_a_foreign_event_in_a_users_log_is_stopped_on_replay(room: EventRoom):
    await room.say(USER, step(1))
    start = await room.log.last_id(USER)
    foreign = b"%d %d %d - %s" % (OTHER, start, start + 1, encode(step(666)))
    await room.raw.xadd(room.log.channel(USER), {"e": foreign, "o": "0"}, id=f"{start + 1}-0")
    await room.raw.hset(f"{room.log.channel(USER)}:head", "last", str(start + 1))
    subscription = await room.hub.subscribe(USER, last_event_id=str(start))
    await room.say(USER, step(2))
    assert steps(await read(subscription, 1)) == [2]
    assert room.violations == ["seen"]


async def test_nonsense_on_a_channel_does_not_end_the_events_of_the_process(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    await room.raw.publish(room.log.channel(USER), b"nonsense")
    await room.say(USER, step(1))
    assert steps(await read(subscription, 1)) == [1]


@pytest.mark.parametrize(
    ("limits", "fits"),
    [
        (BufferLimits(max_entries=10), 10),
        (BufferLimits(max_bytes=10 * len(encode(step(1)))), 10),
    ],
)
async def test_a_listener_that_does_not_read_is_dropped_and_the_others_are_not(
    new_room: NewRoom, limits: BufferLimits, fits: int
):
    async with new_room(buffer_limits=limits) as room:
        slow, quick = await room.hub.subscribe(USER), await room.hub.subscribe(USER)
        for _ in range(fits):
            await room.say(USER, step(1))
            assert len(await read(quick, 1)) == 1
        assert not slow.closed
        await room.say(USER, step(1))
        await read(quick, 1)
        assert slow.closed
        assert await slow.next() == []
        again = await room.hub.subscribe(USER, last_event_id=str(slow.start_id))
        assert len(await read(again, fits + 1)) == fits + 1


async def test_a_replay_may_be_larger_than_the_buffer(new_room: NewRoom):
    async with new_room(buffer_limits=BufferLimits(max_entries=10)) as room:
        start = await room.log.last_id(USER)
        await room.say(USER, *map(step, range(100)))
        subscription = await room.hub.subscribe(USER, last_event_id=str(start))
        assert steps(await read(subscription, 100)) == list(range(100))


async def test_a_lost_connection_is_mended_without_gap_or_duplicate(new_room: NewRoom):
    async with new_room() as here, new_room() as there:
        subscription = await here.hub.subscribe(USER)
        entries: list[Entry] = []
        for round_ in range(5):
            for number in range(20):
                there.outbox.emit(USER, step(round_ * 20 + number))
                if number == 10:
                    await there.raw.client_kill_filter(_type="pubsub")
            entries += await read(subscription, 20)
        assert steps(entries) == list(range(100))


async def test_messages_that_were_lost_are_read_from_the_log(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    channel = room.log.channel(USER)
    await room.say(USER, step(0))
    await read(subscription, 1)
    feed = room.hub._feeds[USER]  # pyright: ignore[reportPrivateUsage]
    await room.subscriber.unsubscribe(channel, feed.on_message)
    await room.say(USER, step(1), step(2))
    await room.subscriber.subscribe(channel, feed.on_message)
    await room.say(USER, step(3))
    assert steps(await read(subscription, 3)) == [1, 2, 3]


async def test_what_a_replay_held_is_not_delivered_again_when_it_arrives_late(room: EventRoom):
    first = await room.hub.subscribe(USER)
    channel = room.log.channel(USER)
    feed = room.hub._feeds[USER]  # pyright: ignore[reportPrivateUsage]
    await room.subscriber.unsubscribe(channel, feed.on_message)
    await room.say(USER, step(1), step(2))
    late = await room.hub.subscribe(USER, last_event_id=str(first.start_id))
    for _, fields in await room.raw.xrange(channel):
        feed.on_message(fields[b"e"])
    await room.subscriber.subscribe(channel, feed.on_message)
    await room.say(USER, step(3))
    for each in (first, late):
        assert steps(await read(each, 3)) == [1, 2, 3]


async def test_a_log_wiped_under_a_listener_gives_resync(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    await room.say(USER, step(1))
    await read(subscription, 1)
    await room.raw.delete(*[key async for key in room.raw.scan_iter(match=f"{room.prefix}:*")])
    await room.say(USER, step(2))
    resync = await read(subscription, 1)
    assert resync[0].event == Resync(reason="lost")
    await room.say(USER, step(3))
    assert steps(await read(subscription, 1)) == [3]
    again = await room.hub.subscribe(USER, last_event_id=str(resync[0].id))
    assert steps(await read(again, 1)) == [3]


async def test_closing_by_principal_closes_just_those(room: EventRoom):
    gone = await room.hub.subscribe(USER, principal=(USER, "sign-in 1"))
    stays = await room.hub.subscribe(USER, principal=(USER, "sign-in 2"))
    assert room.hub.principals() == {(USER, "sign-in 1"), (USER, "sign-in 2")}
    waiting = asyncio.create_task(gone.next())
    await asyncio.sleep(0)
    assert room.hub.close(lambda principal: principal == (USER, "sign-in 1")) == 1
    assert await waiting == []
    assert gone.closed
    await room.say(USER, step(1))
    assert steps(await read(stays, 1)) == [1]
    assert await gone.next() == []


async def test_closing_a_user_leaves_the_others(room: EventRoom):
    mine, theirs = await room.hub.subscribe(USER), await room.hub.subscribe(OTHER)
    assert room.hub.close_user(USER) == 1
    assert (mine.closed, theirs.closed) == (True, False)


async def test_a_control_message_closes_streams_in_another_process(new_room: NewRoom):
    async with new_room() as here, new_room() as there:
        there.control.on("revoked", lambda payload: there.hub.close(lambda each: each == payload["sign_in"]))
        stream = await there.hub.subscribe(USER, principal="sign-in 1")
        other = await there.hub.subscribe(USER, principal="sign-in 2")
        assert await here.control.publish("revoked", {"sign_in": "sign-in 1"})
        await closed(stream)
        assert not other.closed


async def test_the_last_listener_turns_off_the_light_and_the_next_turns_it_on(room: EventRoom):
    for number in range(5):
        subscription = await room.hub.subscribe(USER)
        await room.say(USER, step(number))
        assert steps(await read(subscription, 1)) == [number]
        subscription.close()
        assert len(room.hub) == 0
    async with asyncio.timeout(5):
        while await room.raw.pubsub_numsub(room.log.channel(USER)) != [(room.log.channel(USER).encode(), 0)]:
            pass  # asking Redis again is the waiting


async def test_a_nudge_returns_an_empty_handed_next(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    waiting = asyncio.create_task(subscription.next())
    await asyncio.sleep(0)
    subscription.nudge()
    assert await waiting == []
    assert not subscription.closed


async def test_a_waiter_gets_what_was_said_after_it_came(room: EventRoom):
    run_id = uuid4()

    def wanted(event: Event) -> bool:
        return isinstance(event, RunCompleted) and event.run_id == run_id

    await room.say(USER, RunCompleted(run_id=run_id, cost="$1.00"))
    async with room.hub.waiter(USER, wanted) as waiter:
        assert await waiter.result(0.01) is None
        await room.say(OTHER, RunCompleted(run_id=run_id, cost="$2.00"))
        await room.say(USER, step(1), RunCompleted(run_id=uuid4()), RunCompleted(run_id=run_id, cost="$3.00"))
        assert await waiter.result(5) == RunCompleted(run_id=run_id, cost="$3.00")
        assert await waiter.result(0) == RunCompleted(run_id=run_id, cost="$3.00")


async def test_an_event_that_this_version_does_not_know_passes_a_waiter_by(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    async with room.hub.waiter(USER, lambda _: True) as waiter:
        start = subscription.start_id
        unknown = b'%d %d %d - {"type":"of_tomorrow"}' % (USER, start, start + 1)
        known = b"%d %d %d - %s" % (USER, start + 1, start + 2, encode(step(1)))
        await room.raw.publish(room.log.channel(USER), unknown + b"\n" + known)
        assert await waiter.result(5) == TasksProgress(completed=1, total=0)
        assert b"of_tomorrow" in (await read(subscription, 2))[0].sse


async def test_a_hub_that_shuts_ends_its_streams_and_each_new_one_at_once(room: EventRoom):
    subscription = await room.hub.subscribe(USER)
    room.hub.shut()
    assert subscription.closed
    assert (await room.hub.subscribe(USER)).closed
    assert len(room.hub) == 0


@pytest.mark.parametrize("leaves", ["the hub", "the user"])
async def test_a_stream_that_is_closed_while_it_opens_ends_at_once(room: EventRoom, leaves: str):
    opening = asyncio.create_task(room.hub.subscribe(USER))
    await asyncio.sleep(0)
    assert len(room.hub) == 1
    if leaves == "the hub":
        room.hub.shut()
    else:
        room.hub.close_user(USER)

    subscription = await opening

    assert subscription.closed
    assert await subscription.next() == []
    assert len(room.hub) == 0


async def test_a_request_that_is_called_off_while_its_stream_opens_is_called_off(room: EventRoom):
    opening = asyncio.create_task(room.hub.subscribe(USER))
    await asyncio.sleep(0)
    opening.cancel()

    with pytest.raises(asyncio.CancelledError):
        await opening
    assert len(room.hub) == 0


async def test_who_waits_for_an_event_may_do_so_until_the_hub_is_closed(room: EventRoom):
    room.hub.shut()
    async with room.hub.waiter(USER, lambda event: isinstance(event, TasksProgress)) as waiter:
        await room.say(USER, step(1))
        assert await waiter.result(5) == TasksProgress(completed=1, total=0)
    async with room.hub.waiter(USER, lambda _: True) as waiter:
        assert room.hub.waiting == 1
        waiting = asyncio.create_task(waiter.result(20))
        await asyncio.sleep(0)
        room.hub.release_waiters()
        assert await waiting is None
    assert room.hub.waiting == 0
    await room.hub.aclose()
    with pytest.raises(Unavailable):
        await room.hub.subscribe(USER)


async def test_many_who_come_at_once_share_one_opening(room: EventRoom):
    subscriptions = await asyncio.gather(*(room.hub.subscribe(USER) for _ in range(50)))
    await room.say(USER, step(1))
    assert [steps(await read(each, 1)) for each in subscriptions] == [[1]] * 50


async def test_one_who_gives_up_while_the_feed_opens_does_not_stop_the_others(room: EventRoom):
    hub = room.hub
    impatient = asyncio.create_task(hub.subscribe(USER))
    patient = asyncio.create_task(hub.subscribe(USER))
    await asyncio.sleep(0)
    impatient.cancel()
    subscription = await patient
    await room.say(USER, step(1))
    assert steps(await read(subscription, 1)) == [1]
    assert len(hub) == 1


async def test_without_redis_a_subscription_is_refused_and_leaves_nothing_behind(new_room: NewRoom):
    async with new_room() as room:
        hub = Hub(room.log, Subscriber(room.redis, confirm_s=0.05), on_violation=lambda: None)
        with pytest.raises(Unavailable):
            await hub.subscribe(USER)
        assert len(hub) == 0
        await hub.aclose()


async def test_without_a_log_subscribers_and_waiters_are_refused_and_leave_nothing_behind(room: EventRoom):
    nowhere = redis_client("unix:///nowhere")
    hub = Hub(EventLog(nowhere, prefix=room.prefix), room.subscriber, on_violation=lambda: None)
    with pytest.raises(Unavailable):
        await hub.subscribe(USER)
    with pytest.raises(Unavailable):
        async with hub.waiter(USER, lambda _: True):
            pass
    assert len(hub) == 0
    await hub.aclose()
    await nowhere.aclose()
