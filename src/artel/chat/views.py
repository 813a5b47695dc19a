"""What a conversation is made of, as its user sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from artel.chat.recalled import RecalledView
from artel.events.log import PartialText
from artel.store.tables import Message, Run, Task
from artel.store.tool_tables import StoredFile, ToolCall

_STEPS = ("plan",)
"""Kinds of tasks that write nothing themselves."""
UNFINISHED = ("queued", "running", "waiting")


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message, or the answer that is being written (status "streaming", the text so far)."""

    id: UUID
    session_id: int
    run_id: UUID
    role: str
    content: str
    agent_id: str | None
    target_agent: str | None
    status: str
    error: Mapping[str, Any] | None
    usage: Mapping[str, Any] | None
    cost: Decimal | None
    attempt: int
    created_at: datetime
    tool_calls: Sequence[ToolCall] = ()
    attachments: Sequence[StoredFile] = ()
    recalled: Sequence[RecalledView] = ()
    """What its agent was told from memory."""
    memory_missed: bool = False
    """Memory did not answer in time, and its agent went on without."""


@dataclass(frozen=True, slots=True)
class RunView:
    """What one message set in motion, with its tasks."""

    run: Run
    tasks: Sequence[Task]

    @property
    def status(self) -> str:
        """As its row says; but a run of which nothing moves until somebody answers is waiting, also while what was
        answered has not been taken up again."""
        left = [task for task in self.tasks if task.status in ("ready", "running", "waiting")]
        stands_still = bool(left) and all(_stands_still(task) for task in left)
        return "waiting" if self.run.status == "running" and stands_still else self.run.status

    @property
    def is_unfinished(self) -> bool:
        """Its answer is still to come."""
        return self.run.status in UNFINISHED


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with what it has said so far. `cost` in US dollars, None when it is not known (yet)."""

    row: Task
    content: str
    usage: Mapping[str, Any] | None
    cost: Decimal | None
    last_event_id: int
    """Events after it are not in the content."""
    tool_calls: Sequence[ToolCall] = ()


def _stands_still(task: Task) -> bool:
    return task.status == "waiting" or (task.status == "ready" and task.said is not None)


def stored_message(row: Message) -> MessageView:
    """A message that is over."""
    return MessageView(
        id=row.id,
        session_id=row.session_id,
        run_id=row.run_id,
        role=row.role,
        content=row.content,
        agent_id=row.agent_id,
        target_agent=row.target_agent,
        status=row.status,
        error=row.error,
        usage=row.usage,
        cost=row.cost,
        attempt=row.attempt,
        created_at=row.created_at,
        memory_missed=row.recalled == [],
    )


def answer_in_the_making(view: RunView, partial: PartialText | None) -> MessageView:
    """The answer of an unfinished run as far as it is written."""
    run = view.run
    writers = [task for task in view.tasks if task.message_id == run.answer_id]
    writer = next((task for task in reversed(writers) if task.kind not in _STEPS), None)
    starts = max((task.epoch for task in writers), default=0)
    return MessageView(
        id=run.answer_id,
        session_id=run.session_id,
        run_id=run.id,
        role="assistant",
        content=partial.text if partial else (writer.said or "" if writer else ""),
        agent_id=writer.assigned_agent if writer else run.agent_id,
        target_agent=None,
        status="streaming",
        error=None,
        usage=None,
        cost=None,
        attempt=partial.attempt if partial else max(starts, 1),
        created_at=run.created_at,
    )
