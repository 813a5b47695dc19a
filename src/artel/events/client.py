"""The Redis client as events want it: it fails fast, because those who call it know better when to try again."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

_CONNECT_S = 2.0
_ANSWER_S = 5.0


def redis_client(url: str) -> Redis:
    """A client for `redis://`, `rediss://` or `unix://`, with timeouts and without hidden retries.

    redis-py would try each command four times over several seconds: the outbox could not say that Redis is away, and
    requests would hang instead of answering 503.
    """
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
        url,
        socket_connect_timeout=_CONNECT_S,
        socket_timeout=_ANSWER_S,
        retry=Retry(NoBackoff(), 0),
    )
