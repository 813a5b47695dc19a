"""Where a user's orchestrator keeps its configuration."""

from __future__ import annotations

from artel.orchestrator.config import OrchestratorConfig
from artel.store.shards import Shards
from artel.store.tx import UserTx


class OrchestratorSettings:
    """One user's; the defaults stand until the user changes something."""

    def __init__(self, user_id: int, shards: Shards) -> None:
        self._user_id = user_id
        self._shards = shards

    async def get(self) -> OrchestratorConfig:
        """The configuration that is in force."""
        async with self._shards.user_tx(self._user_id) as tx:
            return await read_settings(tx)

    async def put(self, config: OrchestratorConfig) -> None:
        """Stores it whole."""
        async with self._shards.user_tx(self._user_id) as tx:
            await tx.execute(_PUT, self._user_id, config.model_dump_json())


async def read_settings(tx: UserTx) -> OrchestratorConfig:
    """The configuration that is in force, within a transaction."""
    stored = await tx.fetchval(_GET, tx.user_id)
    return OrchestratorConfig.model_validate(stored) if stored else OrchestratorConfig()


_GET = "select config from user_orchestrators where user_id = $1"
_PUT = """
insert into user_orchestrators (user_id, config) values ($1, $2)
on conflict (user_id) do update set config = excluded.config
"""
