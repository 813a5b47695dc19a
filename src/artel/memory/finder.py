"""Looks a user's memories up: by meaning and by words in the vector store, and then as PostgreSQL has them.

The store only says which memories may answer. What they say now, and whether they may still be seen, is read from their
rows, under row-level security: what was edited, superseded or forgotten is so at once, however late the store is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from artel.memory.context import CallType, ContextLost, Contexts, ContextStore, Hit, Question, Where
from artel.memory.embed.embedder import Embedder, EmbedderUnavailable
from artel.memory.payload import DENSE_PREFETCH, SPARSE_PREFETCH
from artel.memory.questions import Questions
from artel.memory.ranking import in_order
from artel.memory.relevance import Relevance
from artel.memory.sparse import SparseEncoder
from artel.memory.vectors import BadVector
from artel.memory.views import COLUMNS, Found, MemoryKind, MemoryView, Why, view
from artel.memory.words import WordReader
from artel.store.shards import Shards

_LONGEST_QUESTION: Final = 1_000
"""Characters that are looked at: beyond them a question is a text, and every word of it costs time."""
_CANDIDATES: Final = DENSE_PREFETCH + SPARSE_PREFETCH
"""A search never has more."""

_CALL_TYPES: Final[Mapping[MemoryKind, Sequence[CallType]]] = {
    "message": ("direct", "auto"),
    "task": ("direct", "auto"),
    "tool": ("tool",),
    "file": ("file",),
    "note": ("note",),
    "fact": ("note",),
    "summary": ("note",),
}
"""What the store knows of a kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which of the user's memories count; whose they are is no choice. None: all."""

    session_id: int | None = None
    call_type: CallType | None = None
    kind: MemoryKind | None = None
    agent_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Said at or after `since`, and before `until`."""
    without: Sequence[UUID] = ()
    superseded: bool = False
    """Facts too that a newer one has replaced."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the store found, its text put right, and the row that it stands for."""

    hit: Hit
    memory: MemoryView


@dataclass(slots=True)
class Finder:
    """Searches. For one event loop.

    embedder: None where there is none; then, and while it is away, words alone are looked for. on_lost: told of a user
    whose memories had an index and have none now. Who never had one, because the first is being made just now, finds
    nothing yet. on_search: told how many seconds the store took, whatever it said.
    """

    shards: Shards
    contexts: Contexts
    embedder: Embedder | None = None
    relevance: Relevance = field(default_factory=Relevance)
    on_lost: Callable[[int], None] = lambda _: None
    on_search: Callable[[float], None] = lambda _: None
    reader: WordReader = field(default_factory=WordReader)
    questions: Questions | None = field(init=False)
    """Of the embedder."""

    def __post_init__(self) -> None:
        self.questions = None if self.embedder is None else Questions(self.embedder)

    async def find(self, user_id: int, query: str, where: Sought, limit: int) -> list[Found]:
        """The best of what the user ever said or was told, best first, at most 40; whether any of it is good is for the
        reader to see.

        Raises:
            ContextUnavailable: the store cannot be asked, or has lost the index of this user's memories.
        """
        return [self.found(candidate) for candidate in await self.candidates(user_id, query, where, limit)]

    async def candidates(
        self, user_id: int, query: str, where: Sought, limit: int, meant: str | None = None
    ) -> list[Candidate]:
        """The same with all that the store said of each, for who judges what is relevant. meant: what is compared by
        meaning, where that is not the whole query."""
        query = query[:_LONGEST_QUESTION]
        try:
            hits = await self._hits(user_id, query, query if meant is None else meant, where)
        except ContextLost:
            if await self._was_indexed(user_id):
                self.on_lost(user_id)
                raise
            return []
        memories = await self._memories(user_id, hits, where) if hits else {}
        seen = [replace(hit, text=memories[hit.id].text) for hit in hits if hit.id in memories]
        return [Candidate(hit, memories[hit.id]) for hit in in_order(query, seen, self.reader)[:limit]]

    def found(self, candidate: Candidate) -> Found:
        """A candidate as its readers see it."""
        hit = candidate.hit
        return Found(candidate.memory, _shown(hit.similarity), self.why(hit))

    def why(self, hit: Hit) -> Why:
        """What found it. Where nothing is left out for being far, that is meaning even of what is not near."""
        if not hit.words:
            return "meaning"
        return "words" if hit.similarity is None or hit.similarity < self.relevance.least else "both"

    async def _hits(self, user_id: int, query: str, meant: str, where: Sought) -> list[Hit]:
        context = self.contexts.of(user_id)
        wanted = Where(
            session_ids=() if where.session_id is None else (where.session_id,),
            call_types=_call_types(where),
            agent_ids=() if where.agent_id is None else (where.agent_id,),
            since=where.since,
            until=where.until,
            without=where.without,
        )
        by_words = Question(sparse=SparseEncoder(self.reader).question(query))
        if self.embedder is not None and self.questions is not None and query.strip():
            try:
                vector = await self.questions.vector(user_id, meant)
                by_both = replace(by_words, space=self.embedder.space.name, vector=vector)
                return await self._search(context, by_both, wanted)
            except (EmbedderUnavailable, BadVector):
                # Without the model, or before this user's index has its space: words are better than nothing.
                pass
        return await self._search(context, by_words, wanted) if by_words.sparse else []

    async def _search(self, context: ContextStore, question: Question, where: Where) -> list[Hit]:
        began = time.perf_counter()
        try:
            return await context.search(question, where, _CANDIDATES)
        finally:
            self.on_search(time.perf_counter() - began)

    async def _memories(self, user_id: int, hits: Sequence[Hit], where: Sought) -> dict[UUID, MemoryView]:
        ids = [hit.id for hit in hits]
        async with self.shards.user_tx(user_id) as tx:
            rows = await tx.fetch(_SEEN, tx.user_id, ids, where.kind, where.superseded)
        return {row["id"]: view(row) for row in rows}

    async def _was_indexed(self, user_id: int) -> bool:
        async with self.shards.user_tx(user_id) as tx:
            return await tx.fetchval(_WAS_INDEXED, tx.user_id)


def _call_types(where: Sought) -> Sequence[CallType]:
    if where.call_type is not None:
        return (where.call_type,)
    return () if where.kind is None else _CALL_TYPES[where.kind]


def _shown(similarity: float | None) -> float | None:
    return None if similarity is None else min(max(similarity, 0.0), 1.0)


_SEEN: Final = f"""
select {COLUMNS} from memories
where user_id = $1 and id = any($2::uuid[]) and ($3::text is null or kind = $3) and ($4 or superseded_by is null)
"""

# Before an index that was lost is made anew, nothing of it is marked as indexed; that there was one is known by the
# comparison, which follows when the first one is whole.
_WAS_INDEXED: Final = """
select exists (select from memories where user_id = $1) and (
    exists (select from memories where user_id = $1 and indexed_revision > 0)
    or exists (select from memory_state where user_id = $1 and compared_at is not null)
)
"""
