"""Figures that nobody counts as they happen: how much work waits, who is there, what was spent. Looked up now and then.

Every process tells those of the whole installation, so that any one of them is enough; rules take the greatest, not
the sum (see docs/watching.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.store.shards import Shards
from artel.telemetry.metrics import Metrics

_EVERY_SECONDS: Final = 5.0
_SELDOM: Final = 100
"""The users and agents are counted again after so many times as long as counting took: at most a hundredth of one
processor of the database, however many they are."""
_ANSWER_SECONDS: Final = 5.0
_AHEAD = text("select ready, running, oldest_ready_seconds from work_ahead()")
_MEMORIES = text("select memories_waiting()")
_COUNTS = text("select users, agents from users_and_agents()")
_SPENT = text("select provider, usd, counted_to from spent_since(:since)")
_PROCESSES = text("select count(*) from workers where lease_until > now()")

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Shard:
    """What is known of one."""

    ready: int = 0
    oldest: float = 0.0
    memories: int = 0
    processes: int = 0
    users: int = 0
    agents: int = 0
    count_again: float = 0.0
    spent_to: datetime | None = None


class Gauges(Recurring):
    """Asks every shard and Redis, for `/metrics`. What does not answer leaves its figures as they were."""

    def __init__(self, shards: Shards, redis: Redis, metrics: Metrics) -> None:
        super().__init__("gauges", _EVERY_SECONDS)
        self._shards = shards
        self._redis = redis
        self._metrics = metrics
        self._known: dict[str, _Shard] = {}
        self._looked = time.monotonic()
        metrics.figures_age_seconds.set_function(lambda: time.monotonic() - self._looked)
        metrics.registry.register(PoolCollector(shards))

    async def look(self) -> None:
        """Asks once."""
        names = list(self._shards.by_name)
        answers = await asyncio.gather(*map(self._ask, names), self._ask_redis())
        for name, answers_now in zip([*(f"postgres:{name}" for name in names), "redis"], answers, strict=True):
            self._metrics.store_up.labels(name).set(answers_now)
        if all(answers[:-1]):
            self._looked = time.monotonic()
        self._tell()

    async def turn(self) -> None:
        """Asks."""
        await self.look()

    async def _ask(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._read(name, self._known.setdefault(name, _Shard()))
        except (ArtelError, TimeoutError) as error:
            _log.warning("gauges_not_read", shard=name, error=type(error).__name__)
            return False
        return True

    async def _read(self, name: str, known: _Shard) -> None:
        async with self._shards.shard_system_tx(name) as session:
            ahead = (await session.execute(_AHEAD)).one()
            known.ready, known.oldest = ahead.ready, ahead.oldest_ready_seconds
            known.memories = (await session.execute(_MEMORIES)).scalar_one()
            known.processes = (await session.execute(_PROCESSES)).scalar_one()
            began = time.monotonic()
            if began >= known.count_again:
                known.users, known.agents = (await session.execute(_COUNTS)).one()
                now = time.monotonic()
                known.count_again = now + _SELDOM * (now - began)
            spent = (await session.execute(_SPENT, {"since": known.spent_to})).all()
        for provider, usd, counted_to in spent:
            known.spent_to = counted_to
            if provider is not None:
                self._metrics.spend_usd.labels(provider).inc(float(usd))

    async def _ask_redis(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._redis.ping()  # pyright: ignore[reportUnknownMemberType]
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    def _tell(self) -> None:
        metrics, shards = self._metrics, self._known
        metrics.queue_depth.set(sum(shard.ready for shard in shards.values()))
        metrics.oldest_ready_task_seconds.set(max((shard.oldest for shard in shards.values()), default=0.0))
        metrics.memory_waiting.set(sum(shard.memories for shard in shards.values()))
        # Every process has a lease on every shard.
        metrics.processes.set(max((shard.processes for shard in shards.values()), default=0))
        users = sum(shard.users for shard in shards.values())
        agents = sum(shard.agents for shard in shards.values())
        metrics.user_agent_count_avg.set(agents / users if users else 0.0)
        for name, shard in shards.items():
            metrics.users.labels(name).set(shard.users)
            metrics.agents_active.labels(name).set(shard.agents)


class PoolCollector(Collector):
    """The connections of this process to each shard, read when they are asked for."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def collect(self) -> Iterable[Metric]:
        """For the registry."""
        lent = GaugeMetricFamily("artel_store_pool_lent", "Connections in use.", labels=["shard"])
        most = GaugeMetricFamily("artel_store_pool_most", "Connections there may be.", labels=["shard"])
        waits = CounterMetricFamily(
            "artel_store_pool_waits", "Transactions for which no connection was free at once.", labels=["shard"]
        )
        seconds = CounterMetricFamily("artel_store_pool_wait_seconds", "How long they waited.", labels=["shard"])
        exhausted = CounterMetricFamily(
            "artel_store_pool_exhausted", "Those that got none in time and failed.", labels=["shard"]
        )
        failures = CounterMetricFamily(
            "artel_store_failures",
            "Transactions that the database did not answer or did not end.",
            labels=["shard"],
        )
        for name, shard in self._shards.by_name.items():
            pool = shard.pool
            failures.add_metric([name], pool.figures.failures)
            lent.add_metric([name], pool.lent)
            most.add_metric([name], pool.most)
            waits.add_metric([name], pool.figures.waits)
            seconds.add_metric([name], pool.figures.waited_seconds)
            exhausted.add_metric([name], pool.figures.exhausted)
        return (lent, most, waits, seconds, exhausted, failures)
