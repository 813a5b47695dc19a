"""What was said becomes passages that can be recalled, and its sources are marked as remembered: each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from artel.kit.stored import stored_text
from artel.memory.ids import memory_id
from artel.memory.passages import is_worth_it, passages
from artel.memory.sources import Source, read_sources
from artel.memory.words import WordReader
from artel.store.shards import Shards
from artel.store.tx import UserTx

T = TypeVar("T")

InThread = Callable[[Callable[[], T]], Awaitable[T]]
"""Runs something that keeps a processor busy beside the event loop."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A row of `memories` to be."""

    id: UUID
    part: int
    text: str
    source: Source


async def remember(shards: Shards, user_id: int, reader: WordReader, in_thread: InThread[list[Passage]]) -> int:
    """Remembers some of what waits; answers how many sources it looked at: none when nothing waits."""
    async with shards.user_tx(user_id) as tx:
        sources = await read_sources(tx)
    if not sources:
        return 0
    # Cut outside of any transaction: the locks below are those that a user's next message wants too.
    cut = await in_thread(lambda: passages_of(user_id, sources, reader))
    async with shards.user_tx(user_id) as tx:
        await _write(tx, sources, cut)
    return len(sources)


async def pass_over(tx: UserTx, session_id: int | None = None) -> None:
    """Marks what was said so far, in a chat or anywhere, as remembered without remembering it.

    For who forgets: what was said a moment before must not come back. It waits for whoever is remembering it, so delete
    afterwards. Files are only passed over with everything.
    """
    await tx.execute(_MARK_ALL_OF, tx.user_id, session_id)
    await tx.execute(_MARK_CALLS_OF, tx.user_id, session_id)
    if session_id is None:
        await tx.execute(_MARK_ALL_FILES, tx.user_id)


def passages_of(user_id: int, sources: Iterable[Source], reader: WordReader) -> list[Passage]:
    """The passages of what is to be kept."""
    return [
        Passage(memory_id(user_id, source.kind, source.source_id, part), part, stored_text(text), source)
        for source in sources
        if source.is_kept and is_worth_it(source.text, reader)
        for part, text in enumerate(passages(source.text, source.title, source.at_most))
    ]


async def _write(tx: UserTx, sources: Sequence[Source], cut: Sequence[Passage]) -> None:
    """One transaction. Chats are locked first, as by who deletes one."""
    chats = sorted({source.session_id for source in sources if source.session_id is not None})
    locked = await tx.fetch(_LOCK_CHATS, tx.user_id, chats)
    with_memory = {row["id"] for row in locked if row["memory"]}
    marked = await _mark(tx, sources)
    new = [source for source in sources if (source.key, source.call_id) in marked]
    remembered = {id(source) for source in new if source.session_id is None or source.session_id in with_memory}
    await _insert(tx, [passage for passage in cut if id(passage.source) in remembered])
    unlearned = Counter(source.session_id for source in new if source.is_learned and source.session_id in with_memory)
    unsummarised = Counter(source.session_id for source in new if source.is_conversation)
    counted = sorted(chat for chat in unsummarised if chat is not None)
    if counted:
        counts = [unlearned[chat] for chat in counted], [unsummarised[chat] for chat in counted]
        await tx.execute(_COUNT, tx.user_id, counted, *counts)


async def _mark(tx: UserTx, sources: Sequence[Source]) -> set[tuple[UUID, str | None]]:
    """Marks those that exist and were not marked by somebody else; answers which."""
    messages = [source.key for source in sources if source.kind in ("message", "task")]
    files = [source.key for source in sources if source.kind == "file"]
    calls = [(source.key, source.call_id) for source in sources if source.kind == "tool"]
    marked: set[tuple[UUID, str | None]] = set()
    if messages:
        marked |= {(row["id"], None) for row in await tx.fetch(_MARK_MESSAGES, tx.user_id, messages)}
    if files:
        marked |= {(row["id"], None) for row in await tx.fetch(_MARK_FILES, tx.user_id, files)}
    if calls:
        tasks, call_ids = [task for task, _ in calls], [call_id for _, call_id in calls]
        marked |= {(row["task"], row["call_id"]) for row in await tx.fetch(_MARK_CALLS, tx.user_id, tasks, call_ids)}
    return marked


async def _insert(tx: UserTx, cut: Sequence[Passage]) -> None:
    if not cut:
        return
    await tx.execute(
        _INSERT,
        tx.user_id,
        [passage.id for passage in cut],
        [passage.source.kind for passage in cut],
        [passage.source.source_id for passage in cut],
        [passage.part for passage in cut],
        [passage.source.session_id for passage in cut],
        [passage.source.key if passage.source.kind == "file" else None for passage in cut],
        [passage.source.run_id for passage in cut],
        [passage.source.agent_id for passage in cut],
        [passage.source.call_type for passage in cut],
        [passage.source.role for passage in cut],
        [passage.text for passage in cut],
        [passage.source.created_at for passage in cut],
    )


_LOCK_CHATS: Final = """
select id, memory from chat_sessions where user_id = $1 and id = any($2::bigint[]) order by id for no key update
"""

_MARK_MESSAGES: Final = """
update messages set remembered = true where user_id = $1 and id = any($2::uuid[]) and not remembered returning id
"""

_MARK_FILES: Final = """
update files set remembered = true where user_id = $1 and id = any($2::uuid[]) and not remembered returning id
"""

_MARK_CALLS: Final = """
update tool_calls set remembered = true from unnest($2::uuid[], $3::text[]) as called (task, call_id)
where tool_calls.user_id = $1 and tool_calls.task = called.task and tool_calls.call_id = called.call_id
    and not remembered
returning tool_calls.task, tool_calls.call_id
"""

_INSERT: Final = """
insert into memories (
    user_id, id, kind, source_id, part, session_id, file_id, run_id, agent_id, call_type, role, text, created_at
)
select $1, * from unnest(
    $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::uuid[], $8::uuid[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::timestamptz[]
)
on conflict (user_id, id) do nothing
"""

# `updated_at` stays: it is when somebody spoke last.
_COUNT: Final = """
update chat_sessions set unlearned = unlearned + learned, unsummarised = unsummarised + summarised
from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as counted (chat, learned, summarised)
where user_id = $1 and id = chat
"""

_MARK_ALL_OF: Final = """
with chats as (
    select id from chat_sessions where user_id = $1 and ($2::bigint is null or id = $2) order by id for no key update
), passed as (
    update messages set remembered = true from chats
    where messages.user_id = $1 and messages.session_id = chats.id and not remembered
    returning messages.session_id, status = 'complete' and task_id is null as is_conversation
), counted as (
    select session_id, count(*) as messages from passed where is_conversation group by session_id
)
update chat_sessions set unsummarised = unsummarised + counted.messages from counted
where user_id = $1 and id = counted.session_id
"""

_MARK_CALLS_OF: Final = """
update tool_calls set remembered = true from tasks
where tool_calls.user_id = $1 and tasks.user_id = $1 and tasks.id = tool_calls.task and not remembered
    and tool_calls.finished_at is not null and ($2::bigint is null or tasks.session_id = $2)
"""

_MARK_ALL_FILES: Final = "update files set remembered = true where user_id = $1 and not remembered"
