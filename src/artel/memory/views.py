"""Memories as their readers see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import asyncpg

MemoryKind = Literal["message", "task", "tool", "file", "note", "fact", "summary"]
CallType = Literal["direct", "auto", "tool", "file", "note"]
Why = Literal["meaning", "words", "both"]

COLUMNS: Final = (
    "memories.id, kind, source_id, part, memories.session_id, file_id, run_id, agent_id, call_type, role, text,"
    " memories.created_at, edited_at, superseded_by, superseded_at, indexed_revision = revision as indexed"
)
"""What `view` wants of a row of `memories`."""


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A passage that can be recalled, and where it is from."""

    id: UUID
    kind: MemoryKind
    source_id: str | None
    part: int
    session_id: int | None
    file_id: UUID | None
    run_id: UUID | None
    agent_id: str | None
    call_type: CallType
    role: str
    text: str
    created_at: datetime
    edited_at: datetime | None
    superseded_by: UUID | None
    superseded_at: datetime | None
    indexed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A memory that answers a question, how near it is by meaning (0 to 1; None: no vector), and what found it."""

    memory: MemoryView
    score: float | None
    why: Why


def view(row: asyncpg.Record) -> MemoryView:
    """A row of `COLUMNS`."""
    return MemoryView(**{name: row[name] for name in MemoryView.__slots__})
