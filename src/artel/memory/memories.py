"""One user's memories as the user sees them: listed, noted, edited, forgotten, exported."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from artel.bus.model import NoSuchSession
from artel.kit.errors import FieldProblem, Invalid, NotFound
from artel.kit.ids import IdMaker
from artel.kit.stored import stored_text
from artel.memory.finder import Sought
from artel.memory.remember import pass_over
from artel.memory.views import COLUMNS, MemoryView, view
from artel.store.shards import Shards
from artel.store.tx import UserTx

MAX_MEMORY_CHARS: Final = 4_000
_EXPORTED_AT_ONCE: Final = 500

Also = Callable[[UserTx, MemoryView], Awaitable[None]]


class NoSuchMemory(NotFound):
    """There is no such memory of yours. It may have been forgotten."""

    slug = "no-such-memory"


class EmptyMemory(Invalid):
    """There is nothing to remember in this."""

    slug = "empty-memory"

    def __init__(self) -> None:
        super().__init__(fields=[FieldProblem("text", "Write what is to be remembered.", "missing")])


@dataclass(frozen=True, slots=True)
class MemoryCursor:
    """Where a page of the list ended."""

    created_at: datetime
    id: UUID


class Memories:
    """Reads and changes the rows. Their index follows in the background: `Indexer` looks for what is waiting."""

    def __init__(self, user_id: int, shards: Shards, ids: IdMaker) -> None:
        self._user_id = user_id
        self._shards = shards
        self._ids = ids

    async def page(
        self, wanted: Sought, limit: int, after: MemoryCursor | None = None
    ) -> tuple[Sequence[MemoryView], bool]:
        """The newest first, at most `limit`; and whether there are more.

        Raises:
            NoSuchSession: the chat is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            await _require_session(tx, wanted.session_id)
            at, last = (after.created_at, after.id) if after else (None, None)
            rows = await tx.fetch(_PAGE, tx.user_id, *_values(wanted), at, last, limit + 1)
        return [view(row) for row in rows[:limit]], len(rows) > limit

    async def get(self, memory_id: UUID) -> MemoryView:
        """One of them.

        Raises:
            NoSuchMemory: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            return await _find(tx, memory_id)

    async def require_session(self, session_id: int) -> None:
        """Passes if the chat is this user's.

        Raises:
            NoSuchSession: it is not.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            await _require_session(tx, session_id)

    async def titles(self, memories: Sequence[MemoryView]) -> Mapping[int, str]:
        """The titles of the chats they are from."""
        sessions = {memory.session_id for memory in memories if memory.session_id is not None}
        if not sessions:
            return {}
        async with self._shards.user_tx(self._user_id) as tx:
            rows = await tx.fetch(_TITLES, tx.user_id, list(sessions))
        return {row["id"]: row["title"] for row in rows}

    async def note(self, text: str, session_id: int | None = None, *, also: Also | None = None) -> MemoryView:
        """Remembers a text for the user; `also` runs in the same transaction.

        Raises:
            EmptyMemory, NoSuchSession: nothing was stored.
        """
        text = _clean(text)
        async with self._shards.user_tx(self._user_id) as tx:
            await _require_session(tx, session_id)
            row = await tx.fetchrow(_NOTE, tx.user_id, self._ids.uuid(), session_id, text)
            assert row is not None
            noted = view(row)
            if also is not None:
                await also(tx, noted)
        return noted

    async def edit(self, memory_id: UUID, text: str, *, also: Also | None = None) -> MemoryView:
        """Gives a memory another text; what it was made of stays as it was said. `also` runs in the same transaction.

        Raises:
            NoSuchMemory, EmptyMemory: nothing was changed.
        """
        text = _clean(text)
        async with self._shards.user_tx(self._user_id) as tx:
            before = await _find(tx, memory_id)
            if before.text == text:
                return before
            row = await tx.fetchrow(_EDIT, tx.user_id, memory_id, text)
            assert row is not None
            # Perhaps just because of what stood there. Of what is deleted a purge is wanted when it has left the index.
            await tx.execute(_WANT_PURGE, tx.user_id)
            edited = view(row)
            if also is not None:
                await also(tx, edited)
        return edited

    async def forget(self, memory_id: UUID) -> None:
        """Removes one for good, from the index too as soon as that can be reached.

        Raises:
            NoSuchMemory: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            await _find(tx, memory_id)
            await tx.execute(_FORGET, tx.user_id, memory_id)

    async def forget_session(self, session_id: int) -> None:
        """Removes what was remembered of a chat; the chat itself stays.

        Raises:
            NoSuchSession: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            await _require_session(tx, session_id)
            await pass_over(tx, session_id)
            await tx.execute("delete from memories where user_id = $1 and session_id = $2", tx.user_id, session_id)

    async def forget_all(self) -> None:
        """Removes all of them, the profile's text and the summaries of chats."""
        async with self._shards.user_tx(self._user_id) as tx:
            await pass_over(tx)
            await tx.execute("delete from memories where user_id = $1", tx.user_id)
            await tx.execute("delete from chat_summaries where user_id = $1", tx.user_id)
            await tx.execute("update profiles set text = '', updated_at = now() where user_id = $1", tx.user_id)

    async def every(self) -> AsyncGenerator[Sequence[MemoryView]]:
        """All of them, the oldest first, in batches; no transaction stays open between them."""
        after: MemoryView | None = None
        while True:
            at, last = (after.created_at, after.id) if after else (None, None)
            async with self._shards.user_tx(self._user_id) as tx:
                rows = await tx.fetch(_EVERY, tx.user_id, at, last, _EXPORTED_AT_ONCE)
            if not rows:
                return
            batch = [view(row) for row in rows]
            after = batch[-1]
            yield batch


async def _find(tx: UserTx, memory_id: UUID) -> MemoryView:
    row = await tx.fetchrow(_ONE, tx.user_id, memory_id)
    if row is None:
        raise NoSuchMemory
    return view(row)


async def _require_session(tx: UserTx, session_id: int | None) -> None:
    if session_id is not None and await tx.fetchval(_SESSION, tx.user_id, session_id) is None:
        raise NoSuchSession


def _values(wanted: Sought) -> tuple[object, ...]:
    """What `_PAGE` is told of it."""
    return (
        wanted.session_id,
        wanted.call_type,
        wanted.kind,
        wanted.agent_id,
        wanted.since,
        wanted.until,
        wanted.superseded,
    )


def _clean(text: str) -> str:
    text = stored_text(text).strip()
    if not text:
        raise EmptyMemory
    return text


_SESSION = "select id from chat_sessions where user_id = $1 and id = $2"

_ONE = f"select {COLUMNS} from memories where user_id = $1 and id = $2"

_TITLES = "select id, title from chat_sessions where user_id = $1 and id = any($2)"

_PAGE = f"""
select {COLUMNS} from memories where user_id = $1
and ($2::bigint is null or session_id = $2) and ($3::text is null or call_type = $3)
and ($4::text is null or kind = $4) and ($5::text is null or agent_id = $5)
and ($6::timestamptz is null or created_at >= $6) and ($7::timestamptz is null or created_at < $7)
and ($8 or superseded_by is null)
and ($9::timestamptz is null or (memories.created_at, memories.id) < ($9, $10::uuid))
order by memories.created_at desc, memories.id desc limit $11
"""

_EVERY = f"""
select {COLUMNS} from memories where user_id = $1
and ($2::timestamptz is null or (memories.created_at, memories.id) > ($2, $3::uuid))
order by memories.created_at, memories.id limit $4
"""

_NOTE = f"""
insert into memories (user_id, id, kind, session_id, call_type, role, text)
values ($1, $2, 'note', $3, 'note', 'user', $4) returning {COLUMNS}
"""

_EDIT = f"""
update memories set text = $3, edited_at = now(), revision = revision + 1
where user_id = $1 and id = $2 returning {COLUMNS}
"""

_FORGET = "delete from memories where user_id = $1 and id = $2"

_WANT_PURGE = """
insert into memory_state (user_id, purge_wanted_at) values ($1, now())
on conflict (user_id) do update set purge_wanted_at = now()
"""
