"""Points and filters as they travel to the workers: vectors in the block, everything else in JSON."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from artel.memory.context import Point, Question, Where
from artel.memory.payload import as_stored_time, payload_of
from artel.memory.vectors import Vector

_BYTES_A_NUMBER = 4


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point as the engine takes it."""

    id: UUID
    payload: dict[str, Any]
    sparse: tuple[list[int], list[float]]
    vectors: dict[str, Vector]


def pack_points(user_id: int, points: Sequence[Point]) -> tuple[list[dict[str, Any]], bytes]:
    """The request's part and its block."""
    items: list[dict[str, Any]] = []
    block = bytearray()
    for point in points:
        items.append(
            {
                "id": str(point.id),
                "payload": payload_of(user_id, point),
                "sparse": [point.sparse.indices, point.sparse.values],
                "vectors": [[name, len(vector)] for name, vector in point.vectors.items()],
            }
        )
        for vector in point.vectors.values():
            block += vector.tobytes()
    return items, bytes(block)


def unpack_points(items: Sequence[Mapping[str, Any]], block: bytes) -> list[StoredPoint]:
    """The opposite of `pack_points`."""
    reader = _Reader(block)
    return [
        StoredPoint(
            UUID(item["id"]),
            item["payload"],
            (item["sparse"][0], item["sparse"][1]),
            {name: reader.take(size) for name, size in item["vectors"]},
        )
        for item in items
    ]


def pack_vectors(vectors: Mapping[UUID, Vector]) -> tuple[list[list[Any]], bytes]:
    """Vectors alone, with the ids of their points."""
    return [[str(id), len(vector)] for id, vector in vectors.items()], b"".join(
        vector.tobytes() for vector in vectors.values()
    )


def unpack_vectors(items: Sequence[Sequence[Any]], block: bytes) -> dict[UUID, Vector]:
    """The opposite of `pack_vectors`."""
    reader = _Reader(block)
    return {UUID(id): reader.take(size) for id, size in items}


def pack_question(question: Question) -> tuple[dict[str, Any], bytes]:
    """The request's part and its block."""
    vector = question.vector.tobytes() if question.vector is not None and question.space else b""
    sparse = [question.sparse.indices, question.sparse.values]
    return {"sparse": sparse, "space": question.space if vector else None}, vector


def pack_where(where: Where | None) -> dict[str, Any]:
    """Only what restricts."""
    if where is None:
        return {}
    found = {
        "session_ids": list(where.session_ids),
        "call_types": list(where.call_types),
        "agent_ids": list(where.agent_ids),
        "since": as_stored_time(where.since) if where.since else None,
        "until": as_stored_time(where.until) if where.until else None,
        "without": [str(id) for id in where.without],
    }
    return {key: value for key, value in found.items() if value}


def as_vector_of(block: bytes) -> Vector:
    """A block that is one vector."""
    return _Reader(block).take(len(block) // _BYTES_A_NUMBER)


class _Reader:
    def __init__(self, block: bytes) -> None:
        self._block = block
        self._at = 0

    def take(self, size: int) -> Vector:
        end = self._at + size * _BYTES_A_NUMBER
        vector = array("f", self._block[self._at : end])
        self._at = end
        return vector
