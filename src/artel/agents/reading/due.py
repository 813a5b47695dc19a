"""Which chats are to be read. The same thresholds stand in the function `users_with_unread_chats`.

The counters of a chat only say when to look: what is read is decided by the messages, and a counter that was wrong is
put right then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from artel.agents.conversation import MAX_MESSAGES
from artel.store.tx import UserTx

BLOCK: Final = 40
"""Messages in a summary of the first level."""
FULL: Final = BLOCK + MAX_MESSAGES
"""So many messages without a summary, and a block of them is older than what models are given whole."""
ENOUGH: Final = 20
"""New messages of the user's to learn from, though the chat goes on."""
QUIET_MINUTES: Final = 10
"""After so long without a new message, any number is enough."""


@dataclass(frozen=True, slots=True)
class DueChat:
    """A chat that is to be read."""

    id: int
    has_block: bool
    """It is to be summed up; else facts are to be learned from it."""
    may_learn: bool
    """Neither the user nor the chat forbids it."""
    learned_to: UUID | None
    """The last message that was learned from."""


async def next_due(tx: UserTx) -> DueChat | None:
    """One that is due now, None when none is."""
    row = await tx.fetchrow(_NEXT, tx.user_id, FULL, ENOUGH, QUIET_MINUTES)
    return DueChat(**dict(row)) if row is not None else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a chat stands when something is to be written about it."""

    is_remembered: bool
    may_learn: bool


async def lock_chat(tx: UserTx, chat: DueChat) -> Standing | None:
    """Locks the chat until the end of the transaction; None: it was deleted."""
    row = await tx.fetchrow(_LOCK, tx.user_id, chat.id)
    return Standing(**dict(row)) if row is not None else None


_NEXT: Final = f"""
select chat_sessions.id, unsummarised >= $2 as has_block, memory and coalesce(learn, true) as may_learn, learned_to
from chat_sessions left join profiles on profiles.user_id = $1
where chat_sessions.user_id = $1 and (unlearned > 0 or unsummarised >= {FULL}) and (
    unsummarised >= $2 or unlearned >= $3
    or unlearned > 0 and chat_sessions.updated_at < now() - $4::bigint * interval '1 minute'
)
order by chat_sessions.id limit 1
"""

_LOCK: Final = """
select memory as is_remembered,
    memory and coalesce((select learn from profiles where user_id = $1), true) as may_learn
from chat_sessions where user_id = $1 and id = $2 for no key update
"""
