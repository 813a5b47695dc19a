"""What is to be remembered of a user: messages, results of tools and files that nobody looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from artel.kit.mentions import without_mention
from artel.memory.passages import LONGEST
from artel.memory.views import CallType, MemoryKind
from artel.store.tx import UserTx

SOURCES_AT_ONCE: Final = 64
PASSAGES_OF_A_TOOL: Final = 12
PASSAGES_OF_A_FILE: Final = 500
"""What goes beyond is not remembered: the file and the result themselves stay, and tools read them."""

_OF_OTHERS: Final = ("memory_search", "memory_save", "ask_agent", "files", "current_time")
"""Tools whose results are remembered already where they are from, or say nothing later."""
_LONGEST_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that was said, and where. key: the row that is marked as remembered (of a tool's call: its task)."""

    kind: MemoryKind
    key: UUID
    call_id: str | None
    source_id: str
    session_id: int | None
    run_id: UUID | None
    agent_id: str | None
    call_type: CallType
    role: str
    created_at: datetime
    text: str
    title: str
    at_most: int | None
    """Passages."""
    is_kept: bool
    """False: it is only marked, since somebody switched its remembering off, or it says nothing."""
    is_conversation: bool = False
    """A message of a chat that counts for its summary; `is_learned`: facts may be learned from it."""
    is_learned: bool = False


async def read_sources(tx: UserTx) -> list[Source]:
    """Some of what waits, oldest first: messages before tools' results before files, of which one at a time."""
    messages = await tx.fetch(_MESSAGES, tx.user_id, SOURCES_AT_ONCE)
    if len(messages) == SOURCES_AT_ONCE:
        return list(map(_message, messages))
    calls = await tx.fetch(_TOOL_CALLS, tx.user_id, SOURCES_AT_ONCE - len(messages))
    sources = [*map(_message, messages), *map(_tool_call, calls)]
    if not sources and (file := await tx.fetchrow(_FILE, tx.user_id, PASSAGES_OF_A_FILE * LONGEST)) is not None:
        sources.append(_file(file))
    return sources


def _message(row: asyncpg.Record) -> Source:
    is_complete = row["status"] == "complete"
    is_task = row["task_id"] is not None
    by_user = row["role"] == "user"
    text = without_mention(row["content"]) if row["target_agent"] else row["content"]
    return Source(
        kind="task" if is_task else "message",
        key=row["id"],
        call_id=None,
        source_id=str(row["id"]),
        session_id=row["session_id"],
        run_id=row["run_id"],
        agent_id=row["agent"],
        call_type="direct" if row["mode"] == "direct" else "auto",
        role=row["role"],
        created_at=row["created_at"],
        text=text,
        title=_short(row["title"]) if len(text) > LONGEST else "",
        at_most=None,
        is_kept=is_complete and row["is_saved"] and not row["is_demo"],
        is_conversation=is_complete and not is_task,
        is_learned=is_complete and not is_task and by_user and row["is_saved"],
    )


def _tool_call(row: asyncpg.Record) -> Source:
    result: dict[str, Any] = row["result"] or {}
    said = result.get("value")
    text = said if isinstance(said, str) else orjson.dumps(said).decode() if said is not None else ""
    arguments = orjson.dumps(row["arguments"] or {}).decode()
    return Source(
        kind="tool",
        key=row["task"],
        call_id=row["call_id"],
        source_id=f"{row['task']}:{row['call_id']}",
        session_id=row["session_id"],
        run_id=row["run_id"],
        agent_id=row["agent_id"],
        call_type="tool",
        role="tool",
        created_at=row["finished_at"],
        text=text,
        title=_short(f"{row['tool_id']} {arguments}"),
        at_most=PASSAGES_OF_A_TOOL,
        is_kept=row["status"] == "ok" and row["is_saved"] and row["tool_id"] not in _OF_OTHERS,
    )


def _file(row: asyncpg.Record) -> Source:
    return Source(
        kind="file",
        key=row["id"],
        call_id=None,
        source_id=str(row["id"]),
        session_id=None,
        run_id=None,
        agent_id=None,
        call_type="file",
        role="user",
        created_at=row["created_at"],
        text=row["text"] or "",
        title=_short(row["name"]),
        at_most=PASSAGES_OF_A_FILE,
        is_kept=row["is_saved"],
    )


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1]}…"


_SAVES: Final = "(user_agents.config->'memory'->>'save') is distinct from 'false'"

# A chat's own switch, then that of the agent who answers: what a user says to it goes with what it says.
_MESSAGES: Final = f"""
select messages.id, messages.session_id, messages.run_id, messages.role, content, target_agent, messages.status,
    task_id, messages.created_at, chat_sessions.title, mode, coalesce(messages.agent_id, runs.agent_id) as agent,
    chat_sessions.memory and {_SAVES} as is_saved,
    messages.role = 'assistant' and exists (
        select from usage where usage.user_id = $1 and usage.run_id = messages.run_id
            and usage.agent_id = messages.agent_id and provider = 'demo'
    ) as is_demo
from messages
join chat_sessions on chat_sessions.user_id = $1 and chat_sessions.id = messages.session_id
left join runs on runs.user_id = $1 and runs.id = messages.run_id
left join user_agents on user_agents.user_id = $1
    and user_agents.agent_id = coalesce(messages.agent_id, runs.agent_id)
where messages.user_id = $1 and not remembered order by messages.id limit $2
"""

_TOOL_CALLS: Final = f"""
select task, call_id, tool_id, arguments, result, tool_calls.status, tool_calls.agent_id, tool_calls.finished_at,
    tasks.session_id, run_id, chat_sessions.memory and {_SAVES} as is_saved
from tool_calls
join tasks on tasks.user_id = $1 and tasks.id = task
join chat_sessions on chat_sessions.user_id = $1 and chat_sessions.id = tasks.session_id
left join user_agents on user_agents.user_id = $1 and user_agents.agent_id = tool_calls.agent_id
where tool_calls.user_id = $1 and not remembered and tool_calls.finished_at is not null
order by task, call_id limit $2
"""

# A file is uploaded before the message is sent that it goes with: it waits for that, for ten minutes, since its chat
# may be one that is not remembered.
_FILE: Final = """
select id, name, created_at, left(text, $2) as text, text_status = 'ready' and not exists (
    select from message_files
    join messages on messages.user_id = $1 and messages.id = message_id
    join chat_sessions on chat_sessions.user_id = $1 and chat_sessions.id = messages.session_id
    where message_files.user_id = $1 and file_id = files.id having count(*) > 0 and not bool_or(chat_sessions.memory)
) as is_saved
from files where user_id = $1 and not remembered and (created_at < now() - interval '10 minutes' or exists (
    select from message_files where message_files.user_id = $1 and file_id = files.id
))
order by id limit 1
"""
