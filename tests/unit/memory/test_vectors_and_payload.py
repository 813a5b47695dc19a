"""What is checked before and after a store has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from artel.kit.errors import IsolationViolation
from artel.memory.context import Where
from artel.memory.edge.shapes import (
    pack_points,
    pack_vectors,
    pack_where,
    unpack_points,
    unpack_vectors,
)
from artel.memory.payload import as_stored_time, hit_of, payload_of
from artel.memory.vectors import BadVector, SparseVector, as_vector, check_vector
from tests.support.memory import MONDAY, Violations, meaning, numbered, point


@pytest.mark.parametrize("numbers", [[0.0, 0.0], [1.0], [1.0, 2.0, 3.0], [float("nan"), 1.0], [float("inf"), 1.0]])
def test_what_is_no_vector_is_refused(numbers: list[float]) -> None:
    with pytest.raises(BadVector, match=f"2 numbers was expected, and {len(numbers)} came"):
        check_vector(as_vector(numbers), 2)


def test_a_vector_is_let_through() -> None:
    check_vector(as_vector([0.0, 1e-3]), 2)
    check_vector(as_vector([3e18, -3e18]), 2)


def test_a_sparse_vector_is_true_when_it_has_words() -> None:
    assert not SparseVector()
    assert SparseVector((1,), (0.0,))


def test_times_are_stored_in_utc() -> None:
    novosibirsk = timezone(timedelta(hours=7))

    assert as_stored_time(datetime(2026, 3, 1, 5, 0, tzinfo=novosibirsk)) == "2026-02-28T22:00:00.000000+00:00"
    with pytest.raises(ValueError, match="without a time zone"):
        as_stored_time(datetime(2026, 3, 1))  # that is the point


def test_a_payload_and_back() -> None:
    stored = point(5, "текст", session_id=None, agent_id="user7_coder", call_type="note")

    found = hit_of(7, str(stored.id), payload_of(7, stored), (1.5, None, 2.0), Violations())

    assert (found.id, found.text, found.session_id, found.agent_id, found.call_type, found.created_at) == (
        stored.id,
        "текст",
        None,
        "user7_coder",
        "note",
        stored.created_at,
    )
    assert (found.score, found.similarity, found.words) == (1.5, None, 2.0)


@pytest.mark.parametrize("payload", [None, {}, {"user_id": "70"}, {"user_id": 7}, {"text": "чужое", "user_id": "8"}])
def test_a_foreign_payload_is_stopped_and_counted(payload: dict[str, Any] | None) -> None:
    violations = Violations()

    with pytest.raises(IsolationViolation):
        hit_of(7, numbered(1), payload, (1.0, 1.0, 1.0), violations)

    assert violations.count == 1


def test_points_travel_with_their_vectors() -> None:
    points = [
        point(1, "раз", vectors={"a": as_vector([1, 2]), "b": as_vector([3, 4, 5])}),
        point(2, "", vectors={}),
        point(3, "три", vectors={"b": as_vector([6, 7, 8])}),
    ]

    items, block = pack_points(7, points)
    found = unpack_points(items, block)

    assert [(item.id, {name: list(v) for name, v in item.vectors.items()}) for item in found] == [
        (numbered(1), {"a": [1, 2], "b": [3, 4, 5]}),
        (numbered(2), {}),
        (numbered(3), {"b": [6, 7, 8]}),
    ]
    assert found[0].payload == payload_of(7, points[0])
    assert tuple(found[0].sparse[0]) == points[0].sparse.indices
    assert tuple(found[0].sparse[1]) == points[0].sparse.values


def test_vectors_travel_alone() -> None:
    vectors = {numbered(2): meaning("а"), numbered(1): meaning("б")}

    assert unpack_vectors(*pack_vectors(vectors)) == vectors


def test_only_what_restricts_travels() -> None:
    assert pack_where(None) == pack_where(Where()) == {}
    assert pack_where(Where(session_ids=[1], since=MONDAY, without=[numbered(3)])) == {
        "session_ids": [1],
        "since": MONDAY.astimezone(UTC).isoformat(timespec="microseconds"),
        "without": [str(numbered(3))],
    }
