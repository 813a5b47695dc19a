"""Whether each store answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from artel.kit.errors import Unavailable
from artel.store.shards import Shards

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, raises `Unavailable` when not. Bound in time by its caller."""


def store_checks(shards: Shards, redis: Redis) -> Mapping[str, Check]:
    """One check for each store, by its name."""
    checks: dict[str, Check] = {f"postgres:{name}": partial(_ask_shard, shards, name) for name in shards.by_name}
    return {**checks, "redis": partial(_ask_redis, redis)}


async def _ask_shard(shards: Shards, name: str) -> None:
    async with shards.shard_system_tx(name) as session:
        await session.execute(text("select 1"))


async def _ask_redis(redis: Redis) -> None:
    try:
        await redis.ping()  # pyright: ignore[reportUnknownMemberType]
    except (RedisError, OSError) as error:
        raise Unavailable from error
