"""One user's index: what waits in PostgreSQL is brought into the vector store, in batches that may be repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from artel.memory.context import ContextStore, Point
from artel.memory.embed.embedder import Embedder, EmbedderUnavailable
from artel.memory.recipe import RECIPE, indexed_text
from artel.memory.vectors import BadVector, Space, SparseVector, Vector
from artel.store.shards import Shards
from artel.store.tx import UserTx

ROWS_AT_ONCE: Final = 64
CHARACTERS_AT_ONCE: Final = 16_000
"""About five seconds of one processor for the bundled model."""
DELETIONS_AT_ONCE: Final = 500

Encode = Callable[[Sequence[str]], Awaitable[list[SparseVector]]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What indexing needs: where rows are, what makes vectors (None: words only), what makes words."""

    shards: Shards
    embedder: Embedder | None
    encode: Encode

    @property
    def space(self) -> Space | None:
        """Where vectors belong now; None when there is no model, or none that can be reached."""
        try:
            return self.embedder.space if self.embedder is not None else None
        except EmbedderUnavailable:
            return None


async def index_batch(tools: Tools, context: ContextStore, space: Space | None) -> int:
    """Brings the newest of what waits into the index; answers how many rows that were.

    space: exists in the context; None: words only. What is edited meanwhile stays in the queue.

    Raises:
        ContextUnavailable, BadVector, StoreUnavailable: nothing was marked; try again later.
    """
    async with tools.shards.user_tx(context.user_id) as tx:
        rows = _some(await tx.fetch(_WAITING, tx.user_id, ROWS_AT_ONCE))
    if not rows:
        return 0
    gone = [row for row in rows if row["superseded_by"] is not None]
    there = [row for row in rows if row["superseded_by"] is None]
    vectors = await _vectors(tools, there, space)
    points = await _points(tools, there, space, vectors)
    if points:
        await context.upsert(points)
    if gone:
        await context.delete([row["id"] for row in gone])
    # Without a vector it waits for one, unless the model has none for this text.
    named = space.name if space is not None and vectors is not None else None
    async with tools.shards.user_tx(context.user_id) as tx:
        ids, revisions = [row["id"] for row in rows], [row["revision"] for row in rows]
        await tx.execute(_INDEXED, tx.user_id, ids, revisions, named)
    return len(rows)


async def vector_batch(tools: Tools, context: ContextStore, space: Space, *, is_new: bool) -> int:
    """Gives vectors in this space to some that lack them; answers how many: none when all have theirs.

    is_new: the space is that of a new model, so those count too whose vectors are in another one.

    Raises:
        EmbedderUnavailable, ContextUnavailable, BadVector, StoreUnavailable: try again later.
    """
    async with tools.shards.user_tx(context.user_id) as tx:
        if is_new:
            waiting = await tx.fetch(_ELSEWHERE, tx.user_id, ROWS_AT_ONCE, space.name)
        else:
            waiting = await tx.fetch(_VECTORLESS, tx.user_id, ROWS_AT_ONCE)
    rows = _some(waiting)
    if not rows:
        return 0
    assert tools.embedder is not None
    vectors = await _each(tools.embedder, rows)
    await context.set_vectors(space.name, vectors)
    async with tools.shards.user_tx(context.user_id) as tx:
        ids, revisions = [row["id"] for row in rows], [row["revision"] for row in rows]
        await tx.execute(_HAS_VECTOR, tx.user_id, ids, revisions, space.name)
    return len(rows)


async def recipe_batch(tools: Tools, context: ContextStore, space: Space) -> int:
    """Indexes some answers again that were indexed in an older way; answers how many: none when there are no more.

    Until then they are found as they were.

    Raises:
        EmbedderUnavailable, ContextUnavailable, BadVector, StoreUnavailable: try again later.
    """
    async with tools.shards.user_tx(context.user_id) as tx:
        rows = _some(await tx.fetch(_OLD_RECIPE, tx.user_id, ROWS_AT_ONCE))
    if not rows:
        return 0
    assert tools.embedder is not None
    changed = [row for row in rows if _indexed(row) != row["text"]]
    if changed:
        await context.upsert(await _points(tools, changed, space, await _each(tools.embedder, changed)))
    async with tools.shards.user_tx(context.user_id) as tx:
        ids, revisions = [row["id"] for row in rows], [row["revision"] for row in rows]
        await tx.execute(_INDEXED, tx.user_id, ids, revisions, space.name)
    return len(rows)


async def forget_batch(tools: Tools, context: ContextStore) -> int:
    """Takes what was deleted out of the index; answers how many that were. A purge is wanted afterwards.

    Raises:
        ContextUnavailable, StoreUnavailable: try again later.
    """
    async with tools.shards.user_tx(context.user_id) as tx:
        ids = [row["id"] for row in await tx.fetch(_DELETIONS, tx.user_id, DELETIONS_AT_ONCE)]
    if not ids:
        return 0
    await context.delete(ids)
    async with tools.shards.user_tx(context.user_id) as tx:
        # A note of the same words may have been saved again meanwhile, under the same id.
        await index_again(tx, ids)
        await tx.execute(_DELETED, tx.user_id, ids)
        await tx.execute(_WANT_PURGE, tx.user_id)
    return len(ids)


async def index_again(tx: UserTx, ids: Sequence[UUID]) -> None:
    """Puts those of them that are memories back into the queue."""
    await tx.execute(_INDEX_AGAIN, tx.user_id, ids)


def _indexed(row: asyncpg.Record) -> str:
    return indexed_text(row["text"], row["question"])


def _some(rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """The first of them, as many as one batch may have to read; one at least."""
    taken: list[asyncpg.Record] = []
    characters = 0
    for row in rows:
        characters += len(row["text"])
        if taken and characters > CHARACTERS_AT_ONCE:
            break
        taken.append(row)
    return taken


async def _vectors(tools: Tools, rows: Sequence[asyncpg.Record], space: Space | None) -> Mapping[UUID, Vector] | None:
    """None: there is no model at the moment, and words must do."""
    if tools.embedder is None or space is None:
        return None
    try:
        return await _each(tools.embedder, rows)
    except EmbedderUnavailable:
        return None


async def _each(embedder: Embedder, rows: Sequence[asyncpg.Record]) -> Mapping[UUID, Vector]:
    """By row. A text that the model cannot make a vector of has none, and is only found by its words."""
    ids, texts = [row["id"] for row in rows], [_indexed(row) for row in rows]
    if not texts:
        return {}
    try:
        return dict(zip(ids, await embedder.passages(texts), strict=True))
    except BadVector:
        found: dict[UUID, Vector] = {}
        for id, text in zip(ids, texts, strict=True):
            try:
                [found[id]] = await embedder.passages([text])
            except BadVector:
                continue
        return found


async def _points(
    tools: Tools, rows: Sequence[asyncpg.Record], space: Space | None, vectors: Mapping[UUID, Vector] | None
) -> list[Point]:
    words = await tools.encode(list(map(_indexed, rows)))
    return [_point(row, sparse, space, (vectors or {}).get(row["id"])) for row, sparse in zip(rows, words, strict=True)]


def _point(row: Any, sparse: SparseVector, space: Space | None, vector: Vector | None) -> Point:
    return Point(
        id=row["id"],
        text=row["text"],
        session_id=row["session_id"],
        call_type=row["call_type"],
        role=row["role"],
        agent_id=row["agent_id"],
        created_at=row["created_at"],
        sparse=sparse,
        vectors={space.name: vector} if space is not None and vector is not None else {},
    )


# What an answer answers is the user's message of the same run, as it is remembered now, or nothing when that was
# forgotten. Whoever forgets or edits it raises the revision of its answers (a trigger does).
_QUESTION: Final = """(
    select asked.text from memories asked
    where asked.user_id = $1 and asked.run_id = memories.run_id and asked.kind = 'message' and asked.role = 'user'
        and asked.part = 0 and memories.kind = 'message' and memories.role = 'assistant'
    order by asked.created_at, asked.id limit 1
) as question"""

_WHOLE: Final = f"id, text, {_QUESTION}, session_id, call_type, role, agent_id, created_at, revision, superseded_by"

# What was just said is asked for first.
_WAITING: Final = f"""
select {_WHOLE} from memories
where user_id = $1 and indexed_revision < revision order by created_at desc limit $2
"""

_OLD_RECIPE: Final = f"""
select {_WHOLE} from memories
where user_id = $1 and recipe < {RECIPE} and kind = 'message' and role = 'assistant' and indexed_revision = revision
order by created_at desc limit $2
"""

# Who forgets or edits a question locks that and then its answers: locked in the same order, nobody waits for ever.
_SEEN: Final = """
with seen as (
    select memories.id, revision from memories join unnest($2::uuid[], $3::bigint[]) as seen (id, revision)
        using (id, revision)
    where user_id = $1 order by created_at, memories.id for no key update of memories
)
"""

_INDEXED: Final = f"""
{_SEEN}
update memories set indexed_revision = seen.revision, indexed_space = $4, recipe = {RECIPE} from seen
where memories.user_id = $1 and memories.id = seen.id
"""

_VECTORLESS: Final = f"""
select id, text, {_QUESTION}, revision from memories
where user_id = $1 and indexed_space is null and superseded_by is null and indexed_revision = revision
order by created_at desc limit $2
"""

_ELSEWHERE: Final = f"""
select id, text, {_QUESTION}, revision from memories
where user_id = $1 and indexed_space is distinct from $3 and superseded_by is null and indexed_revision = revision
order by created_at desc limit $2
"""

_HAS_VECTOR: Final = f"""
{_SEEN}
update memories set indexed_space = $4 from seen where memories.user_id = $1 and memories.id = seen.id
"""

_DELETIONS: Final = "select id from memory_deletions where user_id = $1 limit $2"

_INDEX_AGAIN: Final = """
update memories set indexed_revision = 0, indexed_space = null where user_id = $1 and id = any($2::uuid[])
"""

_DELETED: Final = "delete from memory_deletions where user_id = $1 and id = any($2::uuid[])"

_WANT_PURGE: Final = """
update memory_state set purge_wanted_at = coalesce(purge_wanted_at, now()) where user_id = $1
"""
