"""Indexes of memory made anew, for a command that runs beside a server and takes part in its work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from artel.app.databases import Stores
from artel.app.memory import MemoryHouse, open_memory
from artel.app.models import server_credentials
from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError
from artel.llm.pool import ModelPool
from artel.memory.rebuild import rebuild, waiting
from artel.settings import Settings
from artel.store.shards import Shards
from artel.telemetry.metrics import Metrics

_MODEL_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5


class NoMemory(ArtelError):
    """Artel has no vector store here. Set QDRANT_URL, or let 'artel serve' keep one in its data directory."""

    slug = "no-memory"


class ModelAway(ArtelError):
    """The embedding model does not answer. Repair that first: what is indexed without it is found by its words only."""

    slug = "model-away"


async def rebuild_memory(
    settings: Settings, stores: Stores, users: Sequence[int], tell: Callable[[int, int], None]
) -> int:
    """Makes the indexes of these users anew, and returns when they stand; answers how many passages that were.

    tell: told now and then how many passages are done, and of how many.

    Raises:
        NoMemory, ModelAway: nothing was changed.
        ContextUnavailable, StoreUnavailable: some may have been; repeat it.
    """
    async with AsyncExitStack() as stack:
        shards, pool = (
            Shards(stores.shards, other_passwords=stores.other_passwords),
            ModelPool(server_credentials(settings)),
        )
        stack.push_async_callback(shards.stop)
        await shards.start()
        await stack.enter_async_context(pool)
        opening = open_memory(settings, stores, shards, pool, Metrics(), sweeps=False)
        memory = await stack.enter_async_context(opening)
        if memory is None:
            raise NoMemory
        return await _rebuild(shards, memory, users, tell)


async def _rebuild(shards: Shards, memory: MemoryHouse, users: Sequence[int], tell: Callable[[int, int], None]) -> int:
    await _wait_for_model(memory)
    space = memory.embedder.space if memory.embedder is not None else None
    total = 0
    for user_id in users:
        total += await rebuild(shards, memory.contexts, user_id, space)
        memory.indexer.wake(user_id)
    telling = asyncio.create_task(_tell(shards, users, total, tell))
    try:
        await memory.indexer.idle()
    finally:
        await end_tasks(telling)
    tell(total, total)
    return total


async def _wait_for_model(memory: MemoryHouse) -> None:
    if memory.embedder is not None and not await memory.embedder.opened(_MODEL_SECONDS):
        raise ModelAway


async def _tell(shards: Shards, users: Sequence[int], total: int, tell: Callable[[int, int], None]) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        left = sum([await waiting(shards, user_id) for user_id in users])
        tell(max(0, total - left), total)
