"""What a model is told of a conversation: the newest messages that fit, seen by the agent that is to answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from artel.store.tx import UserTx

_MENTION = re.compile(r"\s*@[\w-]+\s+")

MAX_MESSAGES = 60
MAX_CHARS = 60_000
"""Of all messages but the last, which is always given whole; about 15,000 tokens."""


@dataclass(frozen=True, slots=True)
class Said:
    """One stored message; `agent_id` is None for the user's. `files`: what was sent along."""

    content: str
    agent_id: str | None
    files: Sequence[Attached] = ()


async def read_conversation(tx: UserTx, session_id: int, before: UUID) -> list[Said]:
    """The newest messages of a chat that are older than an answer's id, oldest first; failed answers are left out."""
    rows = await tx.fetch(_NEWEST, tx.user_id, session_id, before, MAX_MESSAGES, MAX_CHARS)
    fitting: list[asyncpg.Record] = []
    left = MAX_CHARS
    for row in rows:
        left -= len(row["content"])
        if fitting and left < 0:
            break
        fitting.append(row)
    files = await read_attached(tx, [row["id"] for row in fitting if row["has_files"]])
    return [_said(row, files.get(row["id"], ())) for row in reversed(fitting)]


def _said(row: asyncpg.Record, files: Sequence[Attached]) -> Said:
    content = without_mention(row["content"]) if row["target_agent"] else row["content"]
    return Said(content, row["agent_id"], files)


def without_mention(content: str) -> str:
    """A message without the "@handle" it is addressed by: that is for us, not for the model."""
    return content[found.end() :] if (found := _MENTION.match(content)) else content


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
_NEWEST = """
select id, case when row_number() over (order by id desc) = 1 then content else left(content, $5) end as content,
    agent_id, target_agent, has_files
from messages, lateral (
    select exists(select from message_files where user_id = $1 and message_id = messages.id) as has_files
) as attached
where user_id = $1 and session_id = $2 and task_id is null and id < $3 and status <> 'failed'
    and (content <> '' or has_files)
order by id desc limit $4
"""
