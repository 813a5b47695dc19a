"""Where an event of an answer belongs: the fields that all of them share."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from artel.bus.model import Held, Stopped


class RunPlace(TypedDict):
    """A run in its chat."""

    session_id: int
    run_id: UUID


class AnswerPlace(RunPlace):
    """The message that a task writes."""

    message_id: UUID
    agent_id: str
    task_id: str


def run_place(task: Held | Stopped) -> RunPlace:
    """The run a task belongs to."""
    return {"session_id": task.session_id, "run_id": task.run_id}


def answer_place(held: Held) -> AnswerPlace:
    """The message a task writes."""
    return {
        "session_id": held.session_id,
        "run_id": held.run_id,
        "message_id": held.message_id,
        "agent_id": held.agent_id,
        "task_id": held.task_id,
    }
