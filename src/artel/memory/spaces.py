"""In which space a user's vectors are, and the way into that of a new model."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import structlog

from artel.memory.context import ContextStore
from artel.memory.lease import IndexState
from artel.store.shards import Shards

_log = structlog.get_logger("artel.memory")


async def head_for(shards: Shards, user_id: int, state: IndexState, space: str) -> None:
    """Notes where the vectors are to be: at once when there were none, else by and by."""
    wanted = None if space == state.space else space
    if state.space is None or state.next_space != wanted:
        async with shards.user_tx(user_id) as tx:
            await tx.execute(_FIRST if state.space is None else _NEXT, tx.user_id, space)


async def arrive(shards: Shards, user_id: int, space: str) -> None:
    """Notes when every memory has its vector in the next space: from now on that counts. The old one stays for an hour,
    since other processes may still search it."""
    async with shards.user_tx(user_id) as tx:
        arrived = await tx.fetchval(_ARRIVE, tx.user_id, space)
    if arrived:
        _log.info("memory_model_changed", user_id=user_id, space=space)


async def drop_others(
    shards: Shards, context: ContextStore, names: Collection[str], used: Collection[str | None]
) -> None:
    """Removes those of the spaces that are used no longer.

    Raises:
        ContextUnavailable, StoreUnavailable: later.
    """
    for name in names:
        if name not in used:
            await context.drop_space(name)
    async with shards.user_tx(context.user_id) as tx:
        await tx.execute("update memory_state set drop_spaces_at = null where user_id = $1", tx.user_id)


_FIRST: Final = "update memory_state set space = $2, next_space = null where user_id = $1"

_NEXT: Final = "update memory_state set next_space = nullif($2, space) where user_id = $1"

_ARRIVE: Final = """
update memory_state set space = $2, next_space = null, drop_spaces_at = now() + interval '1 hour'
where user_id = $1 and next_space = $2 and not exists (
    select from memories where user_id = $1 and indexed_space is distinct from $2 and superseded_by is null
)
returning true
"""
