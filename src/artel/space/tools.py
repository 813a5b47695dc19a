"""The tools a user may give to agents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from artel.approvals import audit
from artel.store.shards import Shards
from artel.store.tool_tables import AuditEntry
from artel.tools.registry import Toolbox
from artel.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class UserTools:
    """One user's: those of the installation, and those of the user's own servers."""

    user_id: int
    shards: Shards
    toolbox: Toolbox

    async def all(self) -> Sequence[Tool]:
        """Everything there is to choose."""
        async with self.shards.user_tx(self.user_id) as tx:
            return await self.toolbox.all(tx)

    async def check(self, tool_ids: Iterable[str]) -> None:
        """Passes when every tool exists and is named once.

        Raises:
            UnknownTool, Invalid: otherwise.
        """
        if named := list(tool_ids):
            async with self.shards.user_tx(self.user_id) as tx:
                await self.toolbox.check(tx, named)

    async def decisions(
        self, limit: int, before: UUID | None, *, tool_id: str | None, agent_id: str | None
    ) -> tuple[Sequence[AuditEntry], bool]:
        """Who allowed what, the newest first; and whether there are more."""
        async with self.shards.user_tx(self.user_id) as tx:
            return await audit.page(tx, limit, before, tool_id=tool_id, agent_id=agent_id)
