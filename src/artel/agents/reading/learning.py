"""What of a chat is to be learned from, and how what was learned is written: facts, and how far was read, together.

Facts are learned only from what is remembered: what the user has forgotten, said to an agent whose memory is off, or in
a chat that is not remembered, does not come back as a fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from artel.agents.reading.due import DueChat, lock_chat
from artel.agents.reading.facts import Fact, NewMessage
from artel.agents.reading.lease import Lease
from artel.agents.tokens import count_tokens, within_tokens
from artel.kit.mentions import without_mention
from artel.memory.ids import memory_id
from artel.memory.views import COLUMNS, MemoryView, view
from artel.store.tx import UserTx

MAX_NEW: Final = 40
"""Messages read at once, of which together:"""
NEW_TOKENS: Final = 8_000
MESSAGE_TOKENS: Final = 1_500
"""Of one message: who pastes a book tells what it is for at its beginning."""
WORDS: Final = 3
"""What has fewer words, all messages together, tells no fact ("спасибо", "ok, go on")."""

_MESSAGE_CHARS: Final = 4 * MESSAGE_TOKENS
_NOTHING: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Unread:
    """What the user said since the last message that was learned from, as much as is read at once."""

    messages: Sequence[NewMessage]
    last: UUID
    """The last message that this covers, remembered or not."""
    counted: int
    """How many of the chat's `unlearned` messages these are."""


async def read_new(tx: UserTx, chat: DueChat) -> Unread | None:
    """Where there is nothing, the chat's counter is put right, and it is not due: None."""
    rows = await tx.fetch(_NEW, tx.user_id, chat.id, chat.learned_to or _NOTHING, MAX_NEW, _MESSAGE_CHARS)
    if not rows:
        await tx.execute(_NOTHING_NEW, tx.user_id, chat.id)
        return None
    remembered = await _remembered(tx, [row["id"] for row in rows])
    messages: list[NewMessage] = []
    last = rows[0]["id"]
    left = NEW_TOKENS
    for row in rows:
        if row["id"] in remembered:
            message = _message(row)
            left -= count_tokens(message.text)
            if messages and left < 0:
                break
            messages.append(message)
        last = row["id"]
    return Unread(messages, last, sum(row["id"] <= last for row in rows))


def _message(row: asyncpg.Record) -> NewMessage:
    content = without_mention(row["content"]) if row["target_agent"] else row["content"]
    return NewMessage(row["id"], row["run_id"], within_tokens(content, MESSAGE_TOKENS), row["created_at"])


async def _remembered(tx: UserTx, messages: Iterable[UUID], until_the_end: str = "") -> set[UUID]:
    """Those of which there is a memory. until_the_end: `_STAYS`, when it must not be forgotten before the commit."""
    memories = {memory_id(tx.user_id, "message", str(message), 0): message for message in messages}
    rows = await tx.fetch(_REMEMBERED + until_the_end, tx.user_id, list(memories))
    return {memories[row["id"]] for row in rows}


def are_worth_reading(messages: Sequence[NewMessage]) -> bool:
    """Something may be told in them."""
    return sum(len(message.text.split()) for message in messages) >= WORDS


async def skip_unread(tx: UserTx, chat: DueChat) -> None:
    """Nothing is learned from what was said so far, now or later."""
    await tx.execute(_SKIP, tx.user_id, chat.id)


async def newest_facts(tx: UserTx, number: int) -> list[MemoryView]:
    """The facts that were told last and still hold."""
    return [view(row) for row in await tx.fetch(_NEWEST, tx.user_id, number)]


async def write_facts(tx: UserTx, lease: Lease, chat: DueChat, unread: Unread, facts: Sequence[Fact]) -> list[UUID]:
    """Stores facts, and how far the chat is read; answers the ids of what changed. Nothing of what
    was deleted, or taken out of memory, meanwhile.

    Raises:
        ReaderLost: nothing was written.
    """
    await lease.keep(tx)
    standing = await lock_chat(tx, chat)
    if standing is None or not standing.may_learn:
        return []
    await tx.execute(_LEARNED, tx.user_id, chat.id, unread.last, unread.counted)
    remembered = await _remembered(tx, {fact.source.id for fact in facts}, _STAYS)
    parts = Counter[UUID]()
    changed: list[UUID] = []
    for fact in facts:
        if fact.source.id not in remembered:
            continue
        part = parts[fact.source.id]
        parts[fact.source.id] += 1
        id = memory_id(tx.user_id, "fact", str(fact.source.id), part)
        source = fact.source
        place = (str(source.id), part, chat.id, source.run_id, fact.text, source.said_at)
        await tx.execute(_FACT, tx.user_id, id, *place)
        changed.append(id)
        if fact.supersedes is not None and await tx.fetchval(_SUPERSEDE, tx.user_id, fact.supersedes, id):
            changed.append(fact.supersedes)
    return changed


_NEW: Final = """
select id, run_id, left(content, $5) as content, target_agent, created_at from messages
where user_id = $1 and session_id = $2 and task_id is null and id > $3 and role = 'user' and content <> ''
order by id limit $4
"""

_REMEMBERED: Final = "select id from memories where user_id = $1 and id = any($2::uuid[])"

# Forgetting comes before, and is seen, or after, and finds the facts. Indexing, which only updates, does not wait.
_STAYS: Final = " for key share"

_NOTHING_NEW: Final = "update chat_sessions set unlearned = 0 where user_id = $1 and id = $2"

_SKIP: Final = """
update chat_sessions set unlearned = 0, learned_to = coalesce((
    select messages.id from messages
    where messages.user_id = $1 and messages.session_id = $2 and task_id is null order by messages.id desc limit 1
), learned_to)
where user_id = $1 and id = $2
"""

_LEARNED: Final = """
update chat_sessions set learned_to = $3, unlearned = greatest(unlearned - $4, 0) where user_id = $1 and id = $2
"""

_FACT: Final = """
insert into memories (user_id, id, kind, source_id, part, session_id, run_id, call_type, role, text, created_at)
values ($1, $2, 'fact', $3, $4, $5, $6, 'note', 'user', $7, $8) on conflict do nothing
"""

# With a new revision it stands in the queue of the index, which takes out what is superseded.
_SUPERSEDE: Final = """
update memories set superseded_by = $3, superseded_at = now(), revision = revision + 1
where user_id = $1 and id = $2 and kind = 'fact' and edited_at is null and superseded_by is null returning true
"""

_NEWEST: Final = f"""
select {COLUMNS} from memories where user_id = $1 and kind = 'fact' and superseded_by is null
order by created_at desc, id desc limit $2
"""
