"""What answers were told from memory, read back: as it stands now, for what was forgotten is gone here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class RecalledView:
    """A memory that an answer was told: how near it was to the question, what found it, and what it says now.

    text: None when it was forgotten since.
    """

    id: UUID
    score: float | None
    why: str
    text: str | None
    session_id: int | None
    session_title: str | None
    role: str | None
    agent_id: str | None
    created_at: datetime | None


async def recalled_of(
    tx: UserTx, kept: Mapping[UUID, Sequence[Mapping[str, Any]]]
) -> Mapping[UUID, Sequence[RecalledView]]:
    """kept: what `messages.recalled` holds, by the message."""
    ids = {UUID(item["id"]) for items in kept.values() for item in items}
    if not ids:
        return {}
    rows = {row["id"]: dict(row) for row in await tx.fetch(_MEMORIES, tx.user_id, list(ids))}
    return {message: [_view(item, rows.get(UUID(item["id"]))) for item in items] for message, items in kept.items()}


def _view(item: Mapping[str, Any], row: Mapping[str, Any] | None) -> RecalledView:
    known = row or {}
    return RecalledView(
        id=UUID(item["id"]),
        score=item["score"],
        why=item["why"],
        text=known.get("text"),
        session_id=known.get("session_id"),
        session_title=known.get("title"),
        role=known.get("role"),
        agent_id=known.get("agent_id"),
        created_at=known.get("created_at"),
    )


_MEMORIES = """
select memories.id, text, session_id, title, role, agent_id, memories.created_at
from memories left join chat_sessions on chat_sessions.user_id = $1 and chat_sessions.id = session_id
where memories.user_id = $1 and memories.id = any($2::uuid[])
"""
