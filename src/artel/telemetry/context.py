"""Who and what the present work belongs to: ids that every log line below carries by itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import UUID

import structlog


def log_context(
    *,
    request_id: str | None = None,
    user_id: int | None = None,
    run_id: UUID | None = None,
    task_id: UUID | str | None = None,
    agent_id: str | None = None,
) -> AbstractContextManager[None]:
    """`with log_context(user_id=7): ...` adds the given ids to the lines logged inside, in tasks started inside too.

    Ids only: a value here reaches every line.
    """
    ids = {"request_id": request_id, "user_id": user_id, "run_id": run_id, "task_id": task_id, "agent_id": agent_id}
    return structlog.contextvars.bound_contextvars(
        **{key: str(value) for key, value in ids.items() if value is not None}
    )
