"""The id of a memory, made of what it is a memory of."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from artel.memory.views import MemoryKind


def memory_id(user_id: int, kind: MemoryKind, source_id: str, part: int) -> UUID:
    """The same for the same passage for ever, so that remembering it twice is harmless; no query is needed to know it.

    source_id: as in `memories.source_id`. part: which passage of the source, from 0.
    """
    return uuid5(NAMESPACE_URL, f"user{user_id}:{kind}:{source_id}:{part}")
