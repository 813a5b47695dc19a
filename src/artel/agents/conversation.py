"""What a model is told of a conversation: the newest messages that fit, seen by the agent that is to answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserPromptPart,
)

from artel.store.tx import UserTx

_MENTION = re.compile(r"\s*@[\w-]+\s+")

MAX_MESSAGES = 60
MAX_CHARS = 60_000
"""Of all messages but the last, which is always given whole; about 15,000 tokens."""


@dataclass(frozen=True, slots=True)
class Said:
    """One stored message; `agent_id` is None for the user's."""

    content: str
    agent_id: str | None


async def read_conversation(tx: UserTx, session_id: int, before: UUID) -> list[Said]:
    """The newest messages of a chat that are older than an answer's id, oldest first; failed answers are left out."""
    rows = await tx.fetch(_NEWEST, tx.user_id, session_id, before, MAX_MESSAGES, MAX_CHARS)
    said: list[Said] = []
    left = MAX_CHARS
    for row in rows:
        left -= len(row["content"])
        if said and left < 0:
            break
        content = without_mention(row["content"]) if row["target_agent"] else row["content"]
        said.append(Said(content, row["agent_id"]))
    return said[::-1]


def without_mention(content: str) -> str:
    """A message without the "@handle" it is addressed by: that is for us, not for the model."""
    return content[found.end() :] if (found := _MENTION.match(content)) else content


def as_model_messages(said: Sequence[Said], *, agent_id: str, system_prompt: str) -> list[ModelMessage]:
    """The conversation as this agent sees it: its own answers are the model's, everyone else speaks to it.

    Neighbours of the same side become one message, which is what providers expect.
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
            request.append(UserPromptPart(_quoted(item)))
    if request:
        messages.append(ModelRequest(request))
    return messages


def _quoted(item: Said) -> str:
    if item.agent_id is None:
        return item.content
    return f"[@{item.agent_id.partition('_')[2]} answered:]\n{item.content}"


# Long texts are cut in the database: what does not fit into the whole is not worth carrying here.
_NEWEST = """
select case when row_number() over (order by id desc) = 1 then content else left(content, $5) end as content, agent_id,
    target_agent
from messages
where user_id = $1 and session_id = $2 and task_id is null and id < $3 and status <> 'failed' and content <> ''
order by id desc limit $4
"""
