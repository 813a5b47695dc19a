"""The limits of one user, and what is used of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from artel.kit.clock import Clock, utc_now
from artel.store.limits import LIMITLESS, Windows
from artel.store.shards import Shards
from artel.store.tx import UserTx

_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LimitUse:
    """`limit` None: there is none. `used` None: it is not counted. `free_at` None: it is free when one makes room."""

    name: str
    limit: int | None
    used: int | None
    free_at: datetime | None = None


class MyLimits:
    """Reads them. Runs are counted only while they are limited."""

    def __init__(
        self, user_id: int, shards: Shards, storage_bytes: Callable[[UserTx], int], clock: Clock = utc_now
    ) -> None:
        """storage_bytes: how many bytes of files the user may have."""
        self._user_id = user_id
        self._shards = shards
        self._storage_bytes = storage_bytes
        self._clock = clock

    async def read(self) -> list[LimitUse]:
        """All limits there are."""
        windows = Windows.of(self._clock())
        async with self._shards.user_tx(self._user_id) as tx:
            row = await tx.fetchrow(_USED, tx.user_id, windows.hour, windows.day, windows.month)
            megabytes = self._storage_bytes(tx) // _MEGABYTE
            limits = tx.entry.limits
        assert row is not None
        room = None if megabytes >= LIMITLESS else megabytes
        counts = limits.count_runs
        hour, day, month = windows.end("hour"), windows.end("day"), windows.end("month")
        return [
            LimitUse("runs_hour", limits.runs_hour, row["runs_hour"] if counts else None, hour),
            LimitUse("runs_day", limits.runs_day, row["runs_day"] if counts else None, day),
            LimitUse("tokens_day", limits.tokens_day, row["tokens_day"], day),
            LimitUse("tokens_month", limits.tokens_month, row["tokens_month"], month),
            LimitUse("storage_mb", room, -(-row["bytes"] // _MEGABYTE)),
            LimitUse("agents", limits.agents, row["agents"]),
            LimitUse("streams", limits.streams, None),
            LimitUse("requests_minute", limits.requests_minute, None),
        ]


_USED = """
select
    (select coalesce(sum(runs), 0)::bigint from run_counts where user_id = $1 and hour = $2) as runs_hour,
    (select coalesce(sum(runs), 0)::bigint from run_counts where user_id = $1 and hour >= $3) as runs_day,
    (select coalesce(sum(size), 0)::bigint from files where user_id = $1) as bytes,
    (select count(*) from user_agents where user_id = $1 and not is_orchestrator) as agents,
    coalesce(sum(input_tokens + output_tokens), 0)::bigint as tokens_month,
    coalesce(sum(input_tokens + output_tokens) filter (where created_at >= $3), 0)::bigint as tokens_day
from usage where user_id = $1 and created_at >= $4
"""
