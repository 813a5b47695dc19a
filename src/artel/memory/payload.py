"""A point's payload, as both vector stores hold it, and the way back with the second check of its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from artel.kit.errors import IsolationViolation
from artel.memory.context import Hit, Point

DENSE_PREFETCH = SPARSE_PREFETCH = 20
"""How many candidates each way of searching contributes."""

WORDS = "words"
"""The name of the sparse vector."""

INDEXED = ("user_id", "session_id", "call_type", "agent_id", "created_at")
"""Every field that a filter may name: without an index a filter costs a hundred times as much."""

OnViolation = Callable[[], None]


def payload_of(user_id: int, point: Point) -> dict[str, Any]:
    """What is stored beside the vectors. user_id is text, because a tenant index takes nothing else."""
    return {
        "user_id": str(user_id),
        "session_id": point.session_id,
        "call_type": point.call_type,
        "role": point.role,
        "agent_id": point.agent_id,
        "created_at": as_stored_time(point.created_at),
        "text": point.text,
    }


def as_stored_time(moment: datetime) -> str:
    """RFC 3339, in UTC, to the microsecond; a moment without a zone is refused.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def hit_of(
    user_id: int,
    id: UUID | str,
    payload: Mapping[str, Any] | None,
    scores: tuple[float, float | None, float],
    on_violation: OnViolation,
) -> Hit:
    """scores: of the fusion, of meaning, of words.

    Raises:
        IsolationViolation: the point is not this user's. It was counted.
    """
    if payload is None or payload.get("user_id") != str(user_id):
        on_violation()
        raise IsolationViolation
    score, similarity, words = scores
    return Hit(
        id=UUID(str(id)),
        text=payload["text"],
        session_id=payload["session_id"],
        call_type=payload["call_type"],
        role=payload["role"],
        agent_id=payload["agent_id"],
        created_at=datetime.fromisoformat(payload["created_at"]),
        score=score,
        similarity=similarity,
        words=words,
    )
