"""What agents may do with their user's memory by way of tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from artel.agents.writer import Emit
from artel.events.types import MemoryChanged
from artel.memory.context import ContextUnavailable
from artel.memory.finder import Sought
from artel.memory.notes import Note, add_note
from artel.memory.recall import Recall, relevant
from artel.memory.views import MemoryView
from artel.store.shards import Shards
from artel.store.tx import UserTx
from artel.tools.builtin.memory import MemoryOff
from artel.tools.tool import Caller

_CANDIDATES: Final = 40


@dataclass(slots=True)
class MemoryDesk:
    """Searches and writes for a caller, whose user it is; what is off for its agent or its chat is refused here too.

    wake: told whose memory has something to be indexed.
    """

    shards: Shards
    recall: Recall
    emit: Emit
    wake: Callable[[int], None] = field(default=lambda user_id: None)

    async def search(
        self, caller: Caller, query: str, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[MemoryView]:
        """As `MemorySource`."""
        async with self.shards.user_tx(caller.user_id) as tx:
            await _require(tx, caller, "recall")
        finder = self.recall.finder
        if finder is None:
            raise ContextUnavailable
        candidates = await finder.candidates(caller.user_id, query, Sought(since=since, until=until), _CANDIDATES)
        memories = [candidate.memory for candidate in relevant(finder, query, candidates)]
        return [memory for memory in memories if memory.run_id != caller.run_id][:limit]

    async def save(self, caller: Caller, text: str) -> bool:
        """As `MemorySource`."""
        note = Note(
            text=text,
            role="assistant",
            session_id=caller.session_id,
            run_id=caller.run_id,
            agent_id=caller.agent_id,
        )
        async with self.shards.user_tx(caller.user_id) as tx:
            await _require(tx, caller, "save")
            id, is_new = await add_note(tx, note)
        if is_new:
            changed = MemoryChanged(session_id=caller.session_id, run_id=caller.run_id, reason="saved", ids=(id,))
            self.emit(caller.user_id, changed)
            self.wake(caller.user_id)
        return is_new


async def _require(tx: UserTx, caller: Caller, what: Literal["recall", "save"]) -> None:
    row = await tx.fetchrow(_MAY, tx.user_id, caller.session_id, caller.agent_id, what)
    if row is None or not row["may"]:
        raise MemoryOff


_MAY: Final = """
select chat_sessions.memory and coalesce((config -> 'memory' ->> $4::text)::boolean, true) as may
from chat_sessions join user_agents on user_agents.user_id = $1 and user_agents.agent_id = $3
where chat_sessions.user_id = $1 and chat_sessions.id = $2
"""
