"""Figures that nobody counts as they happen: how much work waits, looked up now and then."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.store.shards import Shards
from artel.telemetry.metrics import Metrics

_EVERY_SECONDS = 5.0
_AHEAD = text("select ready, running, oldest_ready_seconds from work_ahead()")
_MEMORIES = text("select memories_waiting()")

_log = structlog.get_logger(__name__)


class Gauges(Recurring):
    """Asks every shard what lies ahead, for `/metrics`. Every process tells the whole installation's figures."""

    def __init__(self, shards: Shards, metrics: Metrics) -> None:
        super().__init__("gauges", _EVERY_SECONDS)
        self._shards = shards
        self._metrics = metrics

    async def look(self) -> None:
        """Asks once. A shard that does not answer leaves the figures as they were.

        Raises:
            ArtelError: a shard does not answer.
        """
        ready, oldest, waiting = 0, 0.0, 0
        for shard in self._shards.by_name:
            async with self._shards.shard_system_tx(shard) as session:
                ahead = (await session.execute(_AHEAD)).one()
                waiting += (await session.execute(_MEMORIES)).scalar_one()
            ready += ahead.ready
            oldest = max(oldest, ahead.oldest_ready_seconds)
        self._metrics.queue_depth.set(ready)
        self._metrics.memory_waiting.set(waiting)
        self._metrics.oldest_ready_task_seconds.set(oldest)

    async def turn(self) -> None:
        """Asks, and goes on when a shard does not answer."""
        try:
            await self.look()
        except ArtelError as error:
            _log.warning("gauges_not_read", error=error.slug)
