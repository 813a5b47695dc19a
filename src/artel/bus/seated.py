"""A task's row as whoever seated it holds it."""

from __future__ import annotations

import asyncpg

from artel.bus.model import Held
from artel.kit.errors import IsolationViolation

COLUMNS = ", ".join(
    f"seated.{column}"
    for column in (
        "user_id",
        "id",
        "session_id",
        "run_id",
        "task_id",
        "kind",
        "assigned_agent",
        "message_id",
        "instruction",
        "attempt",
        "max_attempts",
        "epoch",
        "history",
        "plan_id",
        "parent",
        "depth",
    )
)
"""What is read of a row `seated`; `config`, the agent's, comes with it."""


def held_of(user_id: int, worker: str, row: asyncpg.Record) -> Held:
    """The task, held by this process."""
    if row["user_id"] != user_id:
        raise IsolationViolation
    return Held(
        user_id=user_id,
        id=row["id"],
        session_id=row["session_id"],
        run_id=row["run_id"],
        task_id=row["task_id"],
        kind=row["kind"],
        agent_id=row["assigned_agent"],
        message_id=row["message_id"],
        instruction=row["instruction"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        epoch=row["epoch"],
        worker=worker,
        config=row["config"],
        history=row["history"],
        plan_id=row["plan_id"],
        parent=row["parent"],
        depth=row["depth"],
    )
