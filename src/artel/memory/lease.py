"""The lease on a user's index: one process writes it at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError
from artel.memory.vectors import Space
from artel.store.shards import Shards
from artel.store.tx import UserTx

LEASE_SECONDS: Final = 30.0
_RENEW_SECONDS: Final = 8.0

_log = structlog.get_logger("artel.memory")


@dataclass(frozen=True, slots=True)
class IndexState:
    """What is to be done to a user's index beside its queue. space: where every vector is; next_space: where they are
    to be. Older spaces are dropped at `drop_spaces_at`."""

    space: str | None
    next_space: str | None
    purge_wanted_at: datetime | None
    compared_at: datetime | None
    drop_spaces_at: datetime | None

    def has_errands(self, space: Space | None) -> bool:
        """Whether something is to be done though nothing waits."""
        return bool(self.purge_wanted_at or self.drop_spaces_at or self.is_elsewhere(space))

    def is_elsewhere(self, space: Space | None) -> bool:
        """Whether the vectors are in another space than this one."""
        return space is not None and self.space is not None and self.space != space.name


@dataclass(slots=True)
class Lease:
    """Ours until `is_lost`: then another process may write, and nothing more must be begun."""

    state: IndexState
    is_lost: bool = False


class LeaseLost(ArtelError):
    """Another process writes this user's index now."""


@asynccontextmanager
async def lease(shards: Shards, user_id: int, worker: str) -> AsyncGenerator[Lease | None]:
    """The lease, renewed until the end and then given back; None when another process has it."""
    async with shards.user_tx(user_id) as tx:
        state = await _take(tx, worker)
    if state is None:
        yield None
        return
    held = Lease(state)
    renewing = asyncio.create_task(_renew(shards, user_id, worker, held), name="memory-lease")
    try:
        yield held
    finally:
        await end_tasks(renewing)
        await _give_back(shards, user_id, worker)


async def _take(tx: UserTx, worker: str) -> IndexState | None:
    row = await tx.fetchrow(_TAKE, tx.user_id, worker, LEASE_SECONDS)
    return IndexState(**dict(row)) if row is not None else None


async def _renew(shards: Shards, user_id: int, worker: str, held: Lease) -> None:
    while True:
        await asyncio.sleep(_RENEW_SECONDS)
        try:
            async with shards.user_tx(user_id) as tx:
                held.is_lost = await _take(tx, worker) is None
        except ArtelError as error:
            # It runs out by itself if this goes on; then another process begins where we were, which does no harm.
            _log.warning("memory_lease_not_renewed", user_id=user_id, error=error.slug)


async def _give_back(shards: Shards, user_id: int, worker: str) -> None:
    try:
        async with shards.user_tx(user_id) as tx:
            await tx.execute(_GIVE_BACK, tx.user_id, worker)
    except ArtelError as error:
        _log.warning("memory_lease_not_given_back", user_id=user_id, error=error.slug)


_TAKE: Final = """
insert into memory_state (user_id, worker, lease_until)
values ($1, $2, now() + $3::double precision * interval '1 second')
on conflict (user_id) do update set worker = excluded.worker, lease_until = excluded.lease_until
where memory_state.worker = excluded.worker or memory_state.lease_until is null or memory_state.lease_until < now()
returning space, next_space, purge_wanted_at, compared_at, drop_spaces_at
"""

_GIVE_BACK: Final = """
update memory_state set worker = null, lease_until = null where user_id = $1 and worker = $2
"""
