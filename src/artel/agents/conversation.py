"""What a model is told of a conversation: the newest messages that fit, and summaries of what is older."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg
from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserContent,
    UserPromptPart,
)

from artel.agents.attached import Attached, read_attached
from artel.agents.earlier import MAX_SUMMARIES, Summary, told_earlier
from artel.agents.tokens import count_tokens, within_tokens
from artel.kit.mentions import without_mention
from artel.store.tx import UserTx

MAX_MESSAGES: Final = 30
MAX_TOKENS: Final = 8_000
"""Of all messages but the newest, which is always given whole."""

_MAX_CHARS: Final = 4 * MAX_TOKENS
"""Of one message but the newest: more cannot fit."""
_WORTH_SHOWING: Final = 400
"""Tokens of a message that does not fit whole."""
_CUT: Final = "\n[The rest of this message is not shown.]"


@dataclass(frozen=True, slots=True)
class Said:
    """One stored message; `agent_id` is None for the user's. `files`: what was sent along."""

    content: str
    agent_id: str | None
    files: Sequence[Attached] = ()
    id: UUID | None = field(default=None, compare=False)
    """None: it is made up for this turn."""


async def read_conversation(tx: UserTx, session_id: int, before: UUID) -> list[Said]:
    """What was said in a chat before an answer's id, oldest first: the newest messages, and as one text before them
    the summaries of what is older. Failed answers are left out.

    However long the chat is, it is one statement, and one or two more where files came with these messages.
    """
    rows = await tx.fetch(NEWEST, tx.user_id, session_id, before, MAX_MESSAGES, _MAX_CHARS, MAX_SUMMARIES)
    newest = sorted((row for row in rows if row["until"] is None), key=lambda row: row["id"], reverse=True)
    fitting = _fitting(newest)
    files = await read_attached(tx, [row["id"] for row, _ in fitting if row["has_files"]])
    said = [_said(row, content, files.get(row["id"], ())) for row, content in reversed(fitting)]
    earlier = told_earlier(_summaries(rows), fitting[-1][0]["id"] if fitting else None)
    return [Said(earlier, None), *said] if earlier else said


def _fitting(newest_first: Sequence[asyncpg.Record]) -> list[tuple[asyncpg.Record, str]]:
    """The rows that are given, each with what is given of it: of the last one perhaps only its beginning."""
    fitting: list[tuple[asyncpg.Record, str]] = []
    left = MAX_TOKENS
    for row in newest_first:
        content: str = row["content"]
        if not fitting:
            fitting.append((row, content))
            continue
        counted = count_tokens(content)
        if counted > left:
            if left >= _WORTH_SHOWING:
                fitting.append((row, within_tokens(content, left) + _CUT))
            break
        fitting.append((row, content))
        left -= counted
    return fitting


def _summaries(rows: Sequence[asyncpg.Record]) -> list[Summary]:
    return [
        Summary(row["first_message"], row["id"], row["content"], row["tokens"], row["until"])
        for row in rows
        if row["until"] is not None
    ]


def _said(row: asyncpg.Record, content: str, files: Sequence[Attached]) -> Said:
    return Said(without_mention(content) if row["target_agent"] else content, row["agent_id"], files, row["id"])


def as_model_messages(
    said: Sequence[Said],
    *,
    agent_id: str,
    system_prompt: str,
    pictures: Mapping[UUID, BinaryContent] | None = None,
) -> list[ModelMessage]:
    """The conversation as this agent sees it: its own answers are the model's, everyone else speaks to it.

    Neighbours of the same side become one message, which is what providers expect. pictures: those of the files that
    are to be shown.
    """
    messages: list[ModelMessage] = []
    opening = [SystemPromptPart(system_prompt)] if system_prompt else []
    request: list[SystemPromptPart | UserPromptPart] = [*opening]
    for item in said:
        if item.agent_id == agent_id:
            # Some providers refuse a conversation that does not begin with the user.
            if any(isinstance(part, UserPromptPart) for part in request):
                messages.append(ModelRequest(request))
                request = []
                messages.append(ModelResponse([TextPart(item.content)]))
            elif messages and isinstance(messages[-1], ModelResponse):
                messages[-1] = ModelResponse([*messages[-1].parts, TextPart(item.content)])
        else:
            request.append(UserPromptPart(_prompt(item, pictures or {})))
    if request:
        messages.append(ModelRequest(request))
    return messages


def _prompt(item: Said, pictures: Mapping[UUID, BinaryContent]) -> str | list[UserContent]:
    told = [file.told(is_shown=file.id in pictures) for file in item.files]
    text = "\n\n".join(filter(None, (_quoted(item), *told)))
    shown = [pictures[file.id] for file in item.files if file.id in pictures]
    return [text, *shown] if shown else text


def _quoted(item: Said) -> str:
    if item.agent_id is None:
        return item.content
    return f"[@{item.agent_id.partition('_')[2]} answered:]\n{item.content}"


# Long texts are cut in the database: what does not fit into the whole is not worth carrying here.
# A row with `until` is a summary; its id is that of the last message it is about.
NEWEST: Final = """
(
    select id, case when row_number() over (order by id desc) = 1 then content else left(content, $5) end as content,
        agent_id, target_agent, has_files,
        null::uuid as first_message, null::bigint as tokens, null::timestamptz as until
    from messages, lateral (
        select exists(select from message_files where user_id = $1 and message_id = messages.id) as has_files
    ) as attached
    where user_id = $1 and session_id = $2 and task_id is null and id < $3 and status <> 'failed'
        and (content <> '' or has_files)
    order by id desc limit $4
)
union all
(
    select last_message, text, null, null, false, first_message, tokens, created_at
    from chat_summaries
    where user_id = $1 and session_id = $2 and last_message < $3 and text <> ''
    order by last_message desc limit $6
)
"""
