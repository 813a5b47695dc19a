"""Transactions of the bus that may have to be tried twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError

from artel.store.shards import Shards
from artel.store.tx import UserTx

_TRIES = 3
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


def _is_deadlock(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == asyncpg.DeadlockDetectedError.sqlstate
