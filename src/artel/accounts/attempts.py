"""How often one may try to sign in or to register: counted in Redis for all processes, here while Redis is away."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Any

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.kit.errors import RateLimited

_log = structlog.get_logger(__name__)

_REDIS_SECONDS = 0.5
_IPV6_NETWORK_BITS = 64


class TooManyAttempts(RateLimited):
    """Too many attempts. Wait as long as Retry-After says, then try again."""

    slug = "too-many-attempts"


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Attempts in five minutes."""

    by_email_and_address: int = 10
    by_address: int = 100
    minutes: int = 5


class Attempts:
    """Counts attempts by network address, and by e-mail address and network address together.

    Never by e-mail alone: a stranger could lock a user out.
    """

    def __init__(self, redis: Redis, limits: AttemptLimits | None = None) -> None:
        limits = limits or AttemptLimits()
        self._pair = RateLimitItemPerMinute(limits.by_email_and_address, limits.minutes, namespace="sign-in")
        self._address = RateLimitItemPerMinute(limits.by_address, limits.minutes, namespace="sign-in-address")
        # The options are annotated as plain values; the documented `connection_pool` is not one.
        pool: Any = redis.connection_pool
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="limits", connection_pool=pool)
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, email: str, address: str) -> None:
        """Counts one attempt before it is looked at.

        Raises:
            TooManyAttempts: with the seconds to wait.
        """
        network = _network(address)
        await self._hit(self._address, network)
        await self._hit(self._pair, email.strip().lower()[:254], network)

    async def count_address(self, address: str) -> None:
        """Counts one where nobody says yet who they are.

        Raises:
            TooManyAttempts: with the seconds to wait.
        """
        await self._hit(self._address, _network(address))

    async def succeeded(self, email: str, address: str) -> None:
        """A right password makes its wrong ones forgotten."""
        names = (email.strip().lower()[:254], _network(address))
        await self._own.clear(self._pair, *names)
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                await self._shared.clear(self._pair, *names)
        except (RedisError, OSError, TimeoutError):
            return

    async def _hit(self, item: RateLimitItem, *names: str) -> None:
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                await _take(self._shared, item, names)
        except (RedisError, OSError, TimeoutError) as error:
            # Redis away: neither is everybody locked out nor the gate wide open.
            _log.warning("attempts_counted_locally", error=type(error).__name__)
            await _take(self._own, item, names)


async def _take(limiter: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, ...]) -> None:
    if await limiter.hit(item, *names):
        return
    stats = await limiter.get_window_stats(item, *names)
    raise TooManyAttempts(retry_after=max(1, ceil(stats.reset_time - time.time())))


def _network(address: str) -> str:
    """What one customer of a network usually has: an IPv4 address, or a /64 of IPv6."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(IPv6Address(int(ip) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS))
    return str(ip)
