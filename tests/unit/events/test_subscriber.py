"""The listening connection."""

from __future__ import annotations

import asyncio

import pytest

from artel.events.subscriber import Subscriber
from artel.kit.errors import Unavailable
from tests.support.events import EventRoom


async def test_each_channel_has_its_handler(room: EventRoom):
    inboxes: dict[str, asyncio.Queue[bytes]] = {name: asyncio.Queue() for name in ("a", "b")}
    for name, inbox in inboxes.items():
        await room.subscriber.subscribe(f"{room.prefix}:{name}", inbox.put_nowait)
    await room.raw.publish(f"{room.prefix}:a", b"\x00to a\xff")
    await room.raw.publish(f"{room.prefix}:b", b"to b")
    assert await asyncio.wait_for(inboxes["a"].get(), 5) == b"\x00to a\xff"
    assert await asyncio.wait_for(inboxes["b"].get(), 5) == b"to b"


async def test_a_handler_that_was_replaced_cannot_turn_the_channel_off(room: EventRoom):
    channel = f"{room.prefix}:a"
    old: asyncio.Queue[bytes] = asyncio.Queue()
    new: asyncio.Queue[bytes] = asyncio.Queue()
    old_handler, new_handler = old.put_nowait, new.put_nowait
    await room.subscriber.subscribe(channel, old_handler)
    await room.subscriber.subscribe(channel, new_handler)
    await room.subscriber.unsubscribe(channel, old_handler)
    await room.raw.publish(channel, b"x")
    assert await asyncio.wait_for(new.get(), 5) == b"x"
    assert old.empty()


async def test_it_says_when_it_is_back_and_has_all_its_channels_then(room: EventRoom):
    restored: asyncio.Queue[None] = asyncio.Queue()
    inbox: asyncio.Queue[bytes] = asyncio.Queue()
    channels = [f"{room.prefix}:{number}" for number in range(1_200)]
    await asyncio.gather(*(room.subscriber.subscribe(channel, inbox.put_nowait) for channel in channels))
    room.subscriber.on_restored(lambda: restored.put_nowait(None))
    await room.raw.client_kill_filter(_type="pubsub")
    await asyncio.wait_for(restored.get(), 5)
    assert room.subscriber.connected
    for channel in (channels[0], channels[-1]):
        await room.raw.publish(channel, channel.encode())
        assert await asyncio.wait_for(inbox.get(), 5) == channel.encode()


async def test_one_who_listens_while_the_connection_is_away_is_served_when_it_is_back(room: EventRoom):
    inbox: asyncio.Queue[bytes] = asyncio.Queue()
    await room.raw.client_kill_filter(_type="pubsub")
    await asyncio.wait_for(room.subscriber.subscribe(f"{room.prefix}:a", inbox.put_nowait), 5)
    await room.raw.publish(f"{room.prefix}:a", b"x")
    assert await asyncio.wait_for(inbox.get(), 5) == b"x"


async def test_without_redis_it_is_unavailable_and_says_so_in_time(room: EventRoom):
    subscriber = Subscriber(room.redis, confirm_s=0.01)
    with pytest.raises(Unavailable):
        await subscriber.subscribe("a", lambda _: None)
    with pytest.raises(Unavailable):
        await subscriber.wait_connected(timeout=0.01)
    assert not subscriber.connected
