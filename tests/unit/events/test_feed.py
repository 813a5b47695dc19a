"""The chain of one user's events in a process."""

from __future__ import annotations

import asyncio

from artel.events.codec import Entry
from artel.events.feed import Feed
from artel.events.log import EventLog
from tests.support.events import EventRoom, step, steps

USER = 7


class Ear:
    """Keeps what a feed hands out."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.heard = asyncio.Event()

    def deliver(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.heard.set()


async def lines(room: EventRoom) -> list[bytes]:
    return [fields[b"e"] for _, fields in await room.raw.xrange(room.log.channel(USER))]


def open_feed(room: EventRoom, log: EventLog | None = None) -> tuple[Feed, Ear]:
    feed, ear = Feed(USER, log or room.log, asyncio.Semaphore(1)), Ear()
    feed.sinks.add(ear)
    return feed, ear


async def test_messages_that_come_while_it_opens_are_kept_until_the_position_is_known(room: EventRoom):
    feed, ear = open_feed(room)
    await room.say(USER, step(1))
    before = await lines(room)
    feed.on_message(before[0])
    await feed.open()
    assert ear.entries == []  # the position is beyond it
    await room.say(USER, step(2))
    feed.on_message((await lines(room))[1])
    assert steps(ear.entries) == [2]


async def test_the_same_message_twice_is_handed_out_once(room: EventRoom):
    feed, ear = open_feed(room)
    await feed.open()
    await room.say(USER, step(1), step(2))
    message = b"\n".join(await lines(room))
    feed.on_message(message)
    feed.on_message(message)
    assert steps(ear.entries) == [1, 2]


async def test_what_was_lost_while_it_opened_is_mended(room: EventRoom):
    class LateAnswer(EventLog):
        """Its position is already old when it arrives: an event came, and the connection broke, in between."""

        async def last_id(self, user_id: int) -> int:
            position = await super().last_id(user_id)
            await room.say(USER, step(1))
            feed.mend()
            return position

    feed, ear = open_feed(room, LateAnswer(room.redis, prefix=room.prefix))
    await feed.open()
    async with asyncio.timeout(5):
        await ear.heard.wait()
    assert steps(ear.entries) == [1]
    feed.close()


async def test_a_flood_during_mending_is_not_kept_in_memory_but_nothing_is_lost(room: EventRoom):
    feed, ear = open_feed(room)
    await feed.open()
    await room.say(USER, *map(step, range(1_500)))
    flood = b"\n".join((await lines(room))[1:])
    feed.on_message(flood)  # the first is missing: the log is read, at the next turn of the loop
    for _ in range(4):
        feed.on_message(flood)
    assert len(feed._pending) < 4_500  # pyright: ignore[reportPrivateUsage]
    while len(ear.entries) < 1_500:
        ear.heard.clear()
        async with asyncio.timeout(5):
            await ear.heard.wait()
    assert steps(ear.entries) == list(range(1_500))
    feed.close()
