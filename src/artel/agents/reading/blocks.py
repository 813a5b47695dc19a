"""What of a long chat is to be summed up next: a block of its messages, or five summaries of one level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from uuid import UUID

import asyncpg

from artel.agents.reading.due import BLOCK, FULL
from artel.agents.reading.language import in_its_language
from artel.agents.tokens import count_tokens, fair_shares, within_tokens
from artel.store.tx import UserTx

MERGED: Final = 5
"""Summaries of one level that become one of the next."""
BLOCK_TOKENS: Final = 8_000
"""Of a block's messages together: a model that can hold a chat can hold this."""
_MESSAGE_CHARS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Block:
    """What becomes one summary. `level`: of that summary, 1 for messages."""

    level: int
    first_message: UUID
    last_message: UUID
    until: datetime
    """When its last message was said."""
    text: str
    """As the model reads it; "" when there is nothing to sum up."""
    language: str
    """An instruction: in which the summary is to be."""
    before: str = ""
    """The summary before it, which tells who and what its first words are about."""
    parts: Sequence[UUID] = ()
    """The summaries that it takes the place of."""
    texts: Sequence[str] = ()
    """What they said."""


async def next_block(tx: UserTx, session_id: int) -> Block | int:
    """The next one; where there is none, how many messages are in no summary."""
    summaries = await tx.fetch(_SUMMARIES, tx.user_id, session_id)
    if merge := _merge(summaries):
        return merge
    last = summaries[-1] if summaries else None
    messages = await tx.fetch(
        _MESSAGES, tx.user_id, session_id, last["last_message"] if last else UUID(int=0), FULL, _MESSAGE_CHARS
    )
    if len(messages) < FULL:
        return len(messages)
    block = messages[:BLOCK]
    return Block(
        level=1,
        first_message=block[0]["id"],
        last_message=block[-1]["id"],
        until=block[-1]["created_at"],
        text=_told_messages(block),
        language=in_its_language("\n".join(row["content"] for row in block)),
        before=last["text"] if last else "",
    )


def _merge(summaries: Sequence[asyncpg.Record]) -> Block | None:
    """The oldest five of the lowest level that has so many. It is made when the next block is due: until then the five
    tell more."""
    counted = Counter[int](summary["level"] for summary in summaries)
    level = min((level for level, number in counted.items() if number >= MERGED), default=None)
    if level is None:
        return None
    merged = [summary for summary in summaries if summary["level"] == level][:MERGED]
    texts = [summary["text"] for summary in merged]
    told = [
        f'<summary until="{summary["created_at"]:%Y-%m-%d}">\n{_quoted(summary["text"])}\n</summary>'
        for summary in merged
        if summary["text"]
    ]
    return Block(
        level=level + 1,
        first_message=merged[0]["first_message"],
        last_message=merged[-1]["last_message"],
        until=merged[-1]["created_at"],
        text="\n".join(told),
        language=in_its_language("\n".join(texts)),
        parts=[summary["id"] for summary in merged],
        texts=texts,
    )


def _told_messages(block: Sequence[asyncpg.Record]) -> str:
    shares = fair_shares([count_tokens(row["content"]) for row in block], BLOCK_TOKENS)
    return "\n".join(
        f'<message from="{_speaker(row)}" date="{row["created_at"]:%Y-%m-%d}">\n'
        f"{_quoted(within_tokens(row['content'], share))}\n</message>"
        for row, share in zip(block, shares, strict=True)
    )


def _speaker(row: asyncpg.Record) -> str:
    return f"@{row['agent_id'].partition('_')[2]}" if row["agent_id"] else "user"


def _quoted(text: str) -> str:
    """No text can pretend to be the end of itself."""
    return escape(text, quote=False)


_SUMMARIES: Final = """
select id, level, first_message, last_message, text, created_at from chat_summaries
where user_id = $1 and session_id = $2 order by first_message
"""

_MESSAGES: Final = """
select id, left(content, $5) as content, agent_id, created_at from messages
where user_id = $1 and session_id = $2 and task_id is null and id > $3 and status <> 'failed' and content <> ''
order by id limit $4
"""
