"""How often something may be done: counted in Redis for all processes, here while Redis is away."""

from __future__ import annotations

import asyncio
import time
from math import ceil
from typing import Any, Final

import structlog
from limits import RateLimitItem, RateLimitItemPerHour
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.kit.errors import RateLimited

_log = structlog.get_logger(__name__)

EXPORTS: Final = RateLimitItemPerHour(10, namespace="export")
"""By the id of a user."""
_REDIS_SECONDS = 0.5


class Pace:
    """Counts under names; what is not counted any more leaves Redis by itself."""

    def __init__(self, redis: Redis) -> None:
        # The options are annotated as plain values; the documented `connection_pool` is not one.
        pool: Any = redis.connection_pool
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="limits", connection_pool=pool)
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, item: RateLimitItem, *names: str, error: type[RateLimited] = RateLimited) -> None:
        """Counts once, before it is done.

        Raises:
            RateLimited: an `error`, with the seconds to wait.
        """
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                await _take(self._shared, item, names, error)
        except (RedisError, OSError, TimeoutError) as away:
            # Redis away: neither is everybody locked out nor the gate wide open.
            _log.warning("attempts_counted_locally", error=type(away).__name__)
            await _take(self._own, item, names, error)

    async def forget(self, item: RateLimitItem, *names: str) -> None:
        """Begins anew; harmless while Redis is away."""
        await self._own.clear(item, *names)
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                await self._shared.clear(item, *names)
        except (RedisError, OSError, TimeoutError):
            return


async def _take(
    limiter: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, ...], error: type[RateLimited]
) -> None:
    if await limiter.hit(item, *names):
        return
    stats = await limiter.get_window_stats(item, *names)
    raise error(retry_after=max(1, ceil(stats.reset_time - time.time())))
