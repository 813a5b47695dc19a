"""A user's index made anew from what is stored, because somebody wants it so."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import uuid4

from artel.memory.context import Contexts
from artel.memory.lease import lease
from artel.memory.vectors import Space
from artel.store.shards import Shards

_ASK_AGAIN_SECONDS: Final = 0.2


async def rebuild(shards: Shards, contexts: Contexts, user_id: int, space: Space | None) -> int:
    """Throws the user's index away and queues everything; answers how many passages that are.

    Waits for whoever writes the index now, and leaves the new one as they know the old: with its space.

    Raises:
        ContextUnavailable, StoreUnavailable: perhaps nothing was done; it can be repeated.
    """
    worker = uuid4().hex
    while True:
        async with lease(shards, user_id, worker) as held:
            if held is not None:
                return await _throw_away(shards, contexts, user_id, space)
        await asyncio.sleep(_ASK_AGAIN_SECONDS)


async def waiting(shards: Shards, user_id: int) -> int:
    """How many of the user's passages are not indexed as they are."""
    async with shards.user_tx(user_id) as tx:
        return await tx.fetchval(_WAITING, tx.user_id)


async def _throw_away(shards: Shards, contexts: Contexts, user_id: int, space: Space | None) -> int:
    # Queued first: if we die in between, everything is written over the old index, which does no harm.
    async with shards.user_tx(user_id) as tx:
        await tx.execute(_QUEUE, tx.user_id)
        count: int = await tx.fetchval(_WAITING, tx.user_id)
        await tx.execute(_START_OVER, tx.user_id, space.name if space is not None else None)
    context = contexts.of(user_id)
    await context.erase()
    if count:
        await context.ensure([space] if space is not None else [])
    return count


_QUEUE: Final = """
update memories set indexed_revision = 0, indexed_space = null where user_id = $1 and superseded_by is null
"""

_WAITING: Final = "select count(*) from memories where user_id = $1 and indexed_revision < revision"

_START_OVER: Final = """
update memory_state set space = $2, next_space = null, drop_spaces_at = null, purge_wanted_at = null where user_id = $1
"""
