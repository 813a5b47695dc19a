"""Whether an id that was not found exists in somebody else's space: to count attempts, never to answer differently."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from artel.kit.errors import ArtelError
from artel.store.shards import Shards

_log = structlog.get_logger(__name__)

_ASK = text("select belongs_to_another(:kind, :key, :me)")


class ForeignIds:
    """Asks every shard; the function in the database answers yes or no and nothing else."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def is_anothers(self, kind: str, key: str, user_id: int) -> bool:
        """kind: session, run, approval, sign_in, api_key, file, mcp_server, memory. False while no shard answers."""
        for shard in self._shards.by_name:
            try:
                async with self._shards.shard_system_tx(shard) as session:
                    if await session.scalar(_ASK, {"kind": kind, "key": key, "me": user_id}):
                        return True
            except ArtelError as error:
                _log.warning("foreign_id_not_checked", shard=shard, error=error.slug)
        return False
