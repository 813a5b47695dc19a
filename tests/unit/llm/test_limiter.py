"""Seats at a provider are shared fairly, and none is ever lost."""

from __future__ import annotations

import asyncio

import pytest

from artel.llm.limiter import FairLimiter, QueueFull


async def settle() -> None:
    """Lets every task that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_the_limit_run_at_once() -> None:
    limiter, running, most = FairLimiter(3), 0, 0

    async def call(owner: int) -> None:
        nonlocal running, most
        await limiter.acquire(owner)
        running += 1
        most = max(most, running)
        await settle()
        running -= 1
        limiter.release()

    await asyncio.gather(*(call(owner % 2) for owner in range(20)))
    assert most == 3
    assert limiter.idle
    assert limiter.waiting == 0


async def test_owners_take_turns() -> None:
    # given one seat, and ann with many calls before bob's first
    limiter, order = FairLimiter(1), list[str]()
    await limiter.acquire("x")

    async def call(owner: str, name: str) -> None:
        await limiter.acquire(owner)
        order.append(name)
        limiter.release()

    calls = [asyncio.create_task(call("ann", f"a{number}")) for number in range(4)]
    await settle()
    calls += [asyncio.create_task(call("bob", f"b{number}")) for number in range(2)]
    await settle()
    assert limiter.waiting == 6
    # when the seat becomes free
    limiter.release()
    await asyncio.gather(*calls)
    # then bob waits for one call of ann's, not for four
    assert order == ["a0", "b0", "a1", "b1", "a2", "a3"]


async def test_who_gives_up_waiting_loses_nobody_a_seat() -> None:
    limiter = FairLimiter(1)
    await limiter.acquire("x")
    first = asyncio.create_task(limiter.acquire("a"))
    second = asyncio.create_task(limiter.acquire("a"))
    await settle()
    first.cancel()
    await settle()
    assert limiter.waiting == 1
    limiter.release()
    await second
    limiter.release()
    assert limiter.idle


async def test_a_seat_given_in_the_moment_of_giving_up_is_passed_on() -> None:
    # given a waiter that was handed the seat but has not run since
    limiter = FairLimiter(1)
    await limiter.acquire("x")
    loser = asyncio.create_task(limiter.acquire("a"))
    heir = asyncio.create_task(limiter.acquire("b"))
    await settle()
    limiter.release()
    # when it is cancelled
    loser.cancel()
    await asyncio.gather(loser, return_exceptions=True)
    # then the next one has the seat
    await asyncio.wait_for(heir, 1)
    limiter.release()
    assert limiter.idle


async def test_a_queue_has_an_end() -> None:
    limiter = FairLimiter(1, max_waiting=1)
    await limiter.acquire()
    waiting = asyncio.create_task(limiter.acquire())
    await settle()
    with pytest.raises(QueueFull):
        await limiter.acquire()
    limiter.release()
    await waiting
