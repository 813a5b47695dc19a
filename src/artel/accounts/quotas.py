"""Limits that are counted in Redis for all processes: requests a minute and open streams. While Redis is away each
process counts for itself: neither is the door shut nor wide open.

Nothing is asked of Redis for users without these limits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, cast
from uuid import uuid4

import structlog
from cachetools import TTLCache
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.kit.background import Recurring
from artel.store.limits import LimitReached
from artel.store.shards import Shards

_log = structlog.get_logger(__name__)

_REDIS_SECONDS: Final = 0.5
_MINUTE: Final = 60
_RENEW_SECONDS: Final = 20.0
_LIFETIME_SECONDS: Final = 60
"""After so long without a word a process is dead, and its streams with it."""

# A hash by process: "how many:until when". KEYS[1]; ARGV: process, its count, how long it holds, limit.
_PLACE: Final = """
local now = tonumber(redis.call('TIME')[1])
local others = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    local count, until_then = string.match(all[i + 1], '^(%d+):(%d+)$')
    if tonumber(until_then) < now then
        redis.call('HDEL', KEYS[1], all[i])
    elseif all[i] ~= ARGV[1] then
        others = others + tonumber(count)
    end
end
local mine = tonumber(ARGV[2])
local limit = tonumber(ARGV[4])
if limit >= 0 and others + mine > limit then return 0 end
if mine > 0 then
    redis.call('HSET', KEYS[1], ARGV[1], mine .. ':' .. (now + tonumber(ARGV[3])))
    redis.call('EXPIRE', KEYS[1], ARGV[3])
else
    redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
"""
_HIT: Final = """
local hits = redis.call('INCR', KEYS[1])
if hits == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return hits
"""


class Quotas(Recurring):
    """Counts. While it runs, other processes know how many streams are open here."""

    def __init__(
        self,
        shards: Shards,
        redis: Redis,
        on_local: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """on_local: is called for each count that was made without Redis. clock: seconds since 1970."""
        super().__init__("quotas", _RENEW_SECONDS)
        self._shards = shards
        self._on_local = on_local
        self._clock = clock
        self._process = uuid4().hex
        self._streams: dict[int, int] = {}
        self._own_hits = TTLCache[tuple[int, int], int](maxsize=100_000, ttl=2 * _MINUTE)
        self._place = cast(Any, redis).register_script(_PLACE)
        self._hit = cast(Any, redis).register_script(_HIT)
        self._errands: set[asyncio.Task[None]] = set()

    async def request(self, user_id: int) -> None:
        """Counts a request.

        Raises:
            LimitReached: it was one too many for this minute.
            Unauthenticated: there is no such user any more.
        """
        limit = (await self._shards.entry(user_id)).limits.requests_minute
        if limit is None:
            return
        now = self._clock()
        minute = int(now // _MINUTE)
        hits = await self._ask(self._hit, f"requests:{user_id}:{minute}", 2 * _MINUTE)
        if hits is None:
            hits = self._own_hits[user_id, minute] = self._own_hits.get((user_id, minute), 0) + 1
        if hits > limit:
            raise LimitReached(
                f"This account may send {limit} requests a minute, and has. Wait until the minute is over.",
                reason="requests-used-up",
                figures={"limit": limit},
                retry_after=(minute + 1) * _MINUTE - now,
            )

    async def open_stream(self, user_id: int) -> Callable[[], None]:
        """Takes a place for a stream; call what it answers when the stream ends.

        Raises:
            LimitReached: as many as the user may have are open, in all processes together.
        """
        limit = (await self._shards.entry(user_id)).limits.streams
        if limit is None:
            return _nothing
        mine = self._streams[user_id] = self._streams.get(user_id, 0) + 1
        taken = await self._ask(self._place, f"streams:{user_id}", self._process, mine, _LIFETIME_SECONDS, limit)
        if taken is None:
            taken = mine <= limit
        if not taken:
            self._leave(user_id)
            raise LimitReached(
                f"This account may have {limit} event streams open at once, and has. Close a page or a program first.",
                reason="streams-used-up",
                figures={"limit": limit},
                retry_after=10,
            )
        return lambda: self._left(user_id)

    async def turn(self) -> None:
        """Says again how many streams are open here, once what was to be said before is said."""
        await asyncio.gather(*self._errands)
        for user_id in tuple(self._streams):
            await self._tell(user_id)

    def _leave(self, user_id: int) -> None:
        left = self._streams[user_id] - 1
        if left:
            self._streams[user_id] = left
        else:
            del self._streams[user_id]

    def _left(self, user_id: int) -> None:
        self._leave(user_id)
        errand = asyncio.create_task(self._tell(user_id))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _tell(self, user_id: int) -> None:
        mine = self._streams.get(user_id, 0)
        await self._ask(self._place, f"streams:{user_id}", self._process, mine, _LIFETIME_SECONDS, -1)

    async def _ask(self, script: Any, key: str, *arguments: object) -> int | None:
        """None while Redis is away."""
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                return int(await script(keys=[key], args=arguments))
        except (RedisError, OSError, TimeoutError) as error:
            self._on_local()
            _log.warning("quota_counted_locally", error=type(error).__name__)
            return None


def _nothing() -> None:
    """Nothing was taken."""
