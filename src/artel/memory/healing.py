"""An index that lost something is made whole again: PostgreSQL is the truth."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog

from artel.memory.context import ContextStore
from artel.memory.index import index_again
from artel.store.shards import Shards

_IDS_AT_ONCE: Final = 1000

_log = structlog.get_logger("artel.memory")


async def index_anew(shards: Shards, user_id: int) -> None:
    """Puts every memory of the user back into the queue: of a context that was lost, before it is made again."""
    async with shards.user_tx(user_id) as tx:
        again = await tx.execute(_INDEX_ANEW, tx.user_id)
    if again != "UPDATE 0":
        _log.warning("memory_index_built_anew", user_id=user_id)


async def compare(shards: Shards, context: ContextStore) -> int:
    """Compares what is in the store with what should be, when their numbers differ; answers how many ids were wrong.

    What the store lacks is queued, what PostgreSQL lacks is deleted. Only for who holds the lease, and while nothing
    waits to be indexed or deleted: that would look like a difference.

    Raises:
        ContextUnavailable, StoreUnavailable: later.
    """
    async with shards.user_tx(context.user_id) as tx:
        count: int = await tx.fetchval(_COUNT, tx.user_id)
    if await context.count() == count:
        await _compared(shards, context.user_id)
        return 0
    stored = await _stored_ids(context)
    async with shards.user_tx(context.user_id) as tx:
        known = {row["id"] for row in await tx.fetch(_IDS, tx.user_id)}
        missing = list(known - stored)
        await index_again(tx, missing)
    foreign = list(stored - known)
    for begin in range(0, len(foreign), _IDS_AT_ONCE):
        await context.delete(foreign[begin : begin + _IDS_AT_ONCE])
    await _compared(shards, context.user_id)
    _log.warning("memory_index_healed", user_id=context.user_id, missing=len(missing), foreign=len(foreign))
    return len(missing) + len(foreign)


async def _stored_ids(context: ContextStore) -> set[UUID]:
    found: set[UUID] = set()
    after: UUID | None = None
    while page := await context.ids(after, _IDS_AT_ONCE):
        found.update(page)
        after = page[-1]
        if len(page) < _IDS_AT_ONCE:
            break
    return found


async def _compared(shards: Shards, user_id: int) -> None:
    async with shards.user_tx(user_id) as tx:
        await tx.execute("update memory_state set compared_at = now() where user_id = $1", tx.user_id)


_INDEX_ANEW: Final = """
update memories set indexed_revision = 0, indexed_space = null
where user_id = $1 and indexed_revision > 0 and superseded_by is null
"""

_COUNT: Final = """
select count(*) from memories where user_id = $1 and indexed_revision > 0 and superseded_by is null
"""

_IDS: Final = "select id from memories where user_id = $1 and indexed_revision > 0 and superseded_by is null"
