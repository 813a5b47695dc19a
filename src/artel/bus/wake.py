"""Wake-ups: "this user has ready work", through a Redis Stream that all workers share.

A wake-up carries no work, only a user id; the truth is in `tasks`. A lost one costs seconds, since the sweeper finds
what was not taken up, so they are not acknowledged and a Redis outage is only waited out.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

STREAM = "bus:wake"
GROUP = "workers"
_LENGTH = 10_000
_BLOCK_MS = 2_000
"""Well below the time after which the client takes a silent server for dead."""

_Streams = list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]
"""What XREADGROUP answers under RESP2."""


class Wakes:
    """One process's end of the queue."""

    def __init__(self, redis: Redis, consumer: str) -> None:
        """redis: speaks RESP2 and does not decode; `receive` blocks one connection of its pool meanwhile."""
        self._redis = redis
        self._consumer = consumer

    async def join(self) -> None:
        """Makes the group where it is missing (a new or emptied Redis)."""
        with suppress(ResponseError):
            await self._redis.xgroup_create(STREAM, GROUP, id="$", mkstream=True)

    async def leave(self) -> None:
        """Takes this consumer off the group."""
        with suppress(RedisError, OSError):
            await self._redis.xgroup_delconsumer(STREAM, GROUP, self._consumer)

    async def send(self, user_ids: Iterable[int]) -> None:
        """Wakes a worker for each user; an outage is ignored, the sweeper makes up for it."""
        with suppress(RedisError, OSError):
            pipe = self._redis.pipeline(transaction=False)
            for user_id in user_ids:
                pipe.xadd(STREAM, {"user": user_id}, maxlen=_LENGTH, approximate=True)
            await pipe.execute()

    async def receive(self, at_most: int) -> list[int]:
        """Waits up to 2 s for users to be woken, each once.

        Raises:
            RedisError: Redis does not answer.
        """
        try:
            answer: Any = await self._redis.xreadgroup(
                GROUP, self._consumer, {STREAM: ">"}, count=at_most, block=_BLOCK_MS, noack=True
            )
        except ResponseError:
            await self.join()
            return []
        streams: _Streams = answer
        return list({int(fields[b"user"]): None for _stream, entries in streams for _id, fields in entries})
