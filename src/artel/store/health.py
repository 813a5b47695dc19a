"""Whether each store answers, and what a shard says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select, text

from artel.kit.errors import Unavailable
from artel.store.shards import Shards
from artel.store.tables import User

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


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A process that takes tasks, as its shard knows it."""

    id: str
    started_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class ShardState:
    """A shard by its own words: versions, what waits, who works."""

    name: str
    accounts: int
    postgres: str
    revision: str
    """Of the schema."""
    ready: int
    running: int
    oldest_ready_seconds: float
    workers: Sequence[WorkerState]


class ShardsHealth:
    """What an administrator is told of the shards."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def look(self) -> Mapping[str, ShardState | None]:
        """By the shard's name; None when it does not answer."""
        try:
            async with self._shards.system_tx() as session:
                counted = await session.execute(select(User.shard, func.count()).group_by(User.shard))
                accounts: Mapping[str, int] = dict(counted.all())
        except Unavailable:
            accounts = {}
        return {name: await self._state(name, accounts.get(name, 0)) for name in self._shards.by_name}

    async def _state(self, name: str, accounts: int) -> ShardState | None:
        try:
            async with self._shards.shard_system_tx(name) as session:
                about = (await session.execute(_ABOUT)).one()
                workers = (await session.execute(_WORKERS)).all()
        except Unavailable:
            return None
        return ShardState(
            name,
            accounts,
            about.postgres,
            about.revision,
            about.ready,
            about.running,
            about.oldest_ready_seconds,
            [WorkerState(row.id, row.started_at, row.is_alive) for row in workers],
        )


_ABOUT = text(
    "select current_setting('server_version') as postgres, (select version_num from alembic_version) as revision,"
    " ready, running, oldest_ready_seconds from work_ahead()"
)
# Those that died long ago are nobody's concern.
_WORKERS = text(
    "select id, started_at, lease_until > now() as is_alive from workers"
    " where lease_until > now() - interval '1 hour' order by started_at"
)
