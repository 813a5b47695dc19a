"""Transactions of the bus that may have to be tried twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError

from artel.store.shards import Shards, StoreUnavailable
from artel.store.tx import UserTx

_TRIES = 3
_PATIENCE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_T = TypeVar("_T")


async def settle(shards: Shards, user_id: int, write: Callable[[UserTx], Awaitable[_T]]) -> _T:
    """Runs `write` in a transaction of its own, again when PostgreSQL sacrificed it to end a deadlock.

    Everything here locks in one order (agents, plans' runs, tasks by id, messages), so deadlocks are rare; what
    cascades from a deletion has an order of its own.
    """
    for _ in range(_TRIES - 1):
        try:
            async with shards.user_tx(user_id) as tx:
                return await write(tx)
        except asyncpg.DeadlockDetectedError:
            continue
        except DBAPIError as error:
            if not _is_deadlock(error):
                raise
    async with shards.user_tx(user_id) as tx:
        return await write(tx)


async def outlast(shards: Shards, user_id: int, write: Callable[[UserTx], Awaitable[_T]]) -> _T:
    """As `settle`, and waits out an outage of the store: what a running task has come to was paid for.

    `write` may be repeated after a commit whose acknowledgement was lost: it must then come to the same.

    Raises:
        StoreUnavailable: it did not come back within a minute.
    """
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await settle(shards, user_id, write)
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _is_deadlock(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == asyncpg.DeadlockDetectedError.sqlstate
