"""Removes everything of users who have left, from every store, whatever dies meanwhile. `docs/data.md` tells it.

Every step may be repeated, by several processes at once; a store that is away keeps its own step open and no other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from redis.exceptions import RedisError

from artel.accounts.leaving import Leaver, Leaving
from artel.events.log import EventLog
from artel.kit.errors import ArtelError
from artel.memory.context import Contexts
from artel.store.schema import METADATA
from artel.store.shards import Shards
from artel.store.tables import ShardUser

QUIET_SECONDS: Final = 120.0
"""After the first look; longer than any writer may still be on its way to a store."""
_AGAIN_SECONDS: Final = 10.0
_ROWS_AT_ONCE: Final = 500

FENCE: Final = "fence"

_log = structlog.get_logger(__name__)


class Erasures:
    """Of one installation."""

    def __init__(
        self,
        shards: Shards,
        leaving: Leaving,
        log: EventLog,
        contexts: Contexts | None,
        *,
        tell_all: Callable[[int], Awaitable[None]],
        forget: Callable[[int], Awaitable[None]],
        quiet: float = QUIET_SECONDS,
    ) -> None:
        """contexts: None where this process knows of no vector store, as then no process does. tell_all: ends, in every
        process, what runs for the user. forget: what is counted of the user in Redis. quiet: seconds."""
        self._shards = shards
        self._leaving = leaving
        self._log = log
        self._contexts = contexts
        self._tell_all = tell_all
        self._forget = forget
        self._quiet = quiet
        self._steps: Mapping[str, Callable[[int], Awaitable[None]]] = {
            FENCE: self._fence,
            "rows": self._rows,
            "events": self._events,
            "vectors": self._vectors,
        }

    async def begin(self, user_id: int) -> None:
        """Ends a user's account at once and for good; what is left in the stores is removed by `carry_on`, in whatever
        process.

        Raises:
            Unauthenticated: there is no such user.
            LastAdministrator, StoreUnavailable: nothing was changed.
        """
        await self._leaving.begin(user_id)
        await self._tell_all(user_id)
        _log.info("account_ended", user_id=user_id)

    async def carry_on(self, user_id: int | None = None) -> None:
        """Does what can be done now, of this user or of all whose time has come."""
        for leaver in await self._leaving.claim(user_id):
            if leaver.done >= self._steps.keys():
                if user_id is None:
                    await self._look_again(leaver.id)
            else:
                await self._first_look(leaver)

    async def left_over(self, user_id: int) -> list[str]:
        """Where something of the user's is left: tables by shard, keys, the vector store. Empty: nowhere.

        Raises:
            StoreUnavailable, ContextUnavailable, RedisError: it cannot be said now.
        """
        found: list[str] = []
        for shard in self._shards.by_name:
            async with self._shards.leaving_tx(user_id, shard) as tx:
                for table in owned_tables():
                    # The name is one of our own.
                    if await tx.fetchval(f"select true from {table} where user_id = $1 limit 1", user_id):
                        found.append(f"{shard}: {table}")
        found += await self._log.keys_of(user_id)
        if self._contexts is not None and not await self._contexts.of(user_id).is_gone():
            found.append("vectors")
        return found

    async def _first_look(self, leaver: Leaver) -> None:
        done = set(leaver.done)
        for name, step in self._steps.items():
            if name not in done and (name == FENCE or FENCE in done) and await self._tried(leaver.id, name, step):
                await self._leaving.note(leaver.id, name)
                done.add(name)
        await self._leaving.postpone(leaver.id, self._quiet if done >= self._steps.keys() else _AGAIN_SECONDS)

    async def _look_again(self, user_id: int) -> None:
        """What came late goes too; the row stays until nothing came any more."""
        tried = [await self._tried(user_id, name, step) for name, step in self._steps.items()]
        try:
            left = await self.left_over(user_id) if all(tried) else ["not known"]
        except (ArtelError, RedisError, OSError) as error:
            left = [f"not known: {type(error).__name__}"]
        if left:
            _log.warning("user_not_erased_yet", user_id=user_id, left=left)
            await self._leaving.postpone(user_id, _AGAIN_SECONDS)
        else:
            await self._leaving.finish(user_id)
            _log.info("user_erased", user_id=user_id)

    async def _tried(self, user_id: int, name: str, step: Callable[[int], Awaitable[None]]) -> bool:
        try:
            await step(user_id)
        except (ArtelError, RedisError, OSError) as error:
            _log.warning("erasure_held_up", user_id=user_id, step=name, error=type(error).__name__)
            return False
        return True

    async def _fence(self, user_id: int) -> None:
        """No transaction of the user's succeeds from here on, also of a process that has not heard the news."""
        await self._tell_all(user_id)
        for shard in self._shards.by_name:
            async with self._shards.leaving_tx(user_id, shard) as tx:
                await tx.execute("update shard_users set state = 'leaving' where user_id = $1", user_id)

    async def _rows(self, user_id: int) -> None:
        """Children first, so that no cascade has much to do; on every shard, since a move may have left a copy."""
        for shard in self._shards.by_name:
            for table in owned_tables():
                gone = f"DELETE {_ROWS_AT_ONCE}"
                while gone == f"DELETE {_ROWS_AT_ONCE}":
                    async with self._shards.leaving_tx(user_id, shard) as tx:
                        gone = await tx.execute(_SOME.format(table=table), user_id, _ROWS_AT_ONCE)

    async def _events(self, user_id: int) -> None:
        await self._log.erase(user_id)
        await self._forget(user_id)

    async def _vectors(self, user_id: int) -> None:
        if self._contexts is not None:
            await self._contexts.of(user_id).erase()


def owned_tables() -> list[str]:
    """The tables of users' rows, children before their parents; that of the users themselves is the last."""
    children_first = [table.name for table in reversed(METADATA.sorted_tables) if "user_id" in table.c]
    assert children_first[-1] == ShardUser.__tablename__
    return children_first


_SOME: Final = """
delete from {table} where user_id = $1 and ctid = any(array(select ctid from {table} where user_id = $1 limit $2))
"""
