"""Heartbeats of all streams by one timer."""

from __future__ import annotations

import asyncio

from artel.events.pulse import Pulse
from tests.support.events import EventRoom


async def test_each_subscription_is_nudged_again_and_again_while_it_takes_part(room: EventRoom):
    pulse = Pulse(period_s=0.02, slots=4)
    pulse.start()
    subscriptions = [await room.hub.subscribe(7) for _ in range(9)]

    async def three_beats(index: int) -> list[list[object]]:
        with pulse.beats(subscriptions[index]):
            return [[*await subscriptions[index].next()] for _ in range(3)]

    async with asyncio.timeout(10):
        assert await asyncio.gather(*map(three_beats, range(9))) == [[[]] * 3] * 9
    await pulse.aclose()


async def test_beats_are_spread_over_the_period(room: EventRoom):
    pulse = Pulse(period_s=1, slots=5)
    subscriptions = [await room.hub.subscribe(7) for _ in range(10)]
    beats = [pulse.beats(each) for each in subscriptions]
    for each in beats:
        each.__enter__()
    assert [len(slot) for slot in pulse._slots] == [2] * 5  # pyright: ignore[reportPrivateUsage]
    for each in beats:
        each.__exit__(None, None, None)
    assert [len(slot) for slot in pulse._slots] == [0] * 5  # pyright: ignore[reportPrivateUsage]
