"""Notes: memories that somebody wrote down as such."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from artel.kit.stored import stored_text
from artel.memory.ids import memory_id
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is written down. role: whose words they are; an agent's are its own, also where its user agreed to them."""

    text: str
    role: Literal["user", "assistant"]
    session_id: int | None = None
    run_id: UUID | None = None
    agent_id: str | None = None


async def add_note(tx: UserTx, note: Note) -> tuple[UUID, bool]:
    """Its id, and whether it is new: the same words again, however they are spaced or capitalised, change nothing."""
    text = stored_text(note.text).strip()
    plain = " ".join(text.casefold().split())
    id = memory_id(tx.user_id, "note", hashlib.sha256(plain.encode()).hexdigest(), 0)
    done = await tx.execute(_ADD, tx.user_id, id, text, note.role, note.session_id, note.run_id, note.agent_id)
    return id, done == "INSERT 0 1"


_ADD: Final = """
insert into memories (user_id, id, text, role, session_id, run_id, agent_id, kind, call_type)
values ($1, $2, $3, $4, $5, $6, $7, 'note', 'note')
on conflict (user_id, id) do nothing
"""
