"""Counting attempts, with Redis and without."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from redis.asyncio import Redis

from artel.accounts.attempts import AttemptLimits, Attempts, TooManyAttempts
from artel.events.client import redis_client

LIMITS = AttemptLimits(by_email_and_address=3, by_address=6, minutes=5)


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.flushdb()  # pyright: ignore[reportUnknownMemberType]
    await client.aclose()


async def _allowed(attempts: Attempts, times: int, email: str = "a@x.org", address: str = "192.0.2.1") -> int:
    for number in range(times):
        try:
            await attempts.count(email, address)
        except TooManyAttempts:
            return number
    return times


async def test_whoever_is_stopped_is_told_for_how_long(redis: Redis) -> None:
    attempts = Attempts(redis, LIMITS)
    await _allowed(attempts, 3)

    with pytest.raises(TooManyAttempts) as stopped:
        await attempts.count("a@x.org", "192.0.2.1")

    assert stopped.value.retry_after is not None
    assert 0 < stopped.value.retry_after <= 300


async def test_processes_count_together(redis: Redis) -> None:
    first, second = Attempts(redis, LIMITS), Attempts(redis, LIMITS)

    assert await _allowed(first, 2) == 2
    assert await _allowed(second, 5) == 1


async def test_another_user_and_another_network_are_not_concerned(redis: Redis) -> None:
    attempts = Attempts(redis, LIMITS)
    await _allowed(attempts, 9)

    assert await _allowed(attempts, 1, email="b@x.org") == 1
    assert await _allowed(attempts, 1, address="192.0.2.2") == 1


async def test_one_network_cannot_try_many_users(redis: Redis) -> None:
    attempts = Attempts(redis, LIMITS)

    done = [await _allowed(attempts, 1, email=f"{number}@x.org") for number in range(9)]

    assert sum(done) == LIMITS.by_address


async def test_addresses_of_one_ipv6_network_are_one(redis: Redis) -> None:
    attempts = Attempts(redis, LIMITS)

    done = [await _allowed(attempts, 1, address=f"2001:db8:1:1::{number}") for number in range(1, 9)]

    assert sum(done) == LIMITS.by_email_and_address
    assert await _allowed(attempts, 1, address="2001:db8:1:2::1") == 1
    assert await _allowed(attempts, 9, email="c@x.org", address="::ffff:192.0.2.7") == 3
    assert await _allowed(attempts, 1, email="c@x.org", address="192.0.2.7") == 0


async def test_a_right_password_begins_anew(redis: Redis) -> None:
    attempts = Attempts(redis, LIMITS)
    await _allowed(attempts, 2)

    await attempts.succeeded("A@x.org", "192.0.2.1")

    assert await _allowed(attempts, 9) == 3


async def test_without_redis_the_gate_is_neither_shut_nor_open() -> None:
    nowhere = redis_client("redis://127.0.0.1:1")
    attempts = Attempts(nowhere, LIMITS)

    assert await _allowed(attempts, 9) == 3
    assert await _allowed(attempts, 1, email="b@x.org") == 1
    await attempts.succeeded("a@x.org", "192.0.2.1")
    await nowhere.aclose()


@pytest.mark.parametrize("address", ["", "unknown", "unix:", "1.2.3"])
async def test_whoever_has_no_address_is_counted_as_one(redis: Redis, address: str) -> None:
    assert await _allowed(Attempts(redis, LIMITS), 9, address=address) == 3
