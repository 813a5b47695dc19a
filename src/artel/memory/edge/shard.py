"""One user's open shard. Everything here blocks and holds the interpreter; only the workers import it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import qdrant_edge as engine

from artel.memory.edge.shapes import StoredPoint
from artel.memory.fusion import Fused, fuse
from artel.memory.payload import DENSE_PREFETCH, INDEXED, SPARSE_PREFETCH, WORDS
from artel.memory.vectors import Vector

_EF: Final = 128
_MATCHES: Final = {"session_ids": "session_id", "call_types": "call_type", "agent_ids": "agent_id"}
# Of values that many points share the engine links these among themselves, so that a filtered search stays exact. All
# points of a shard are of one user, and chats are asked for by their ids: neither is worth a part of the building time.
_SCHEMAS: Final = {
    "user_id": engine.KeywordIndexParams(enable_hnsw=False),
    "session_id": engine.IntegerIndexParams(lookup=True, range=False),
    "call_type": engine.PayloadSchemaType.Keyword,
    "agent_id": engine.PayloadSchemaType.Keyword,
    "created_at": engine.PayloadSchemaType.Datetime,
}
# Quantised numbers are not compared with the originals unless it is asked for: recall at 10 would be 0.95, not 0.995.
_RESCORED: Final = engine.QuantizationSearchParams(rescore=True, oversampling=2.0)
_PRECISE: Final = engine.SearchParams(hnsw_ef=_EF, quantization=_RESCORED)
# Points of the same agent, kind or time are linked in the graph, those of several chats are not: among a million the
# usual walk would find half of the ten nearest. ACORN also looks at neighbours' neighbours: it finds 0.999, in six
# times the time, so with a smaller ef; see docs/memory.md.
_AMONG_CHATS: Final = engine.SearchParams(
    hnsw_ef=32, quantization=_RESCORED, acorn=engine.AcornSearchParams(enable=True, max_selectivity=1.0)
)
_EXACT: Final = engine.SearchParams(exact=True)
_NO_ROOM: Final = re.compile(r"os error 28\b|[Nn]o space left")
_NOT_CORRUPT: Final = re.compile(
    r"os error (?:12|13|23|24|30)\b|WouldBlock|Too many open files|Cannot allocate memory|Read-only file system"
)


class ShardFull(Exception):
    """There is no room on the disk."""


class ShardBusy(Exception):
    """The machine lacks something for the moment; the shard itself may well be sound."""


class ShardBroken(Exception):
    """The engine cannot work with the shard's files."""


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """One of a search's answers."""

    fused: Fused
    payload: Mapping[str, Any]


def told_apart(error: BaseException) -> Exception:
    """What a failure of the engine means for the shard. Its panics are no `Exception`s."""
    text = str(error)
    if _NO_ROOM.search(text):
        return ShardFull(text)
    if _NOT_CORRUPT.search(text):
        return ShardBusy(text)
    return ShardBroken(text)


class Shard:
    """Points of one user in one directory."""

    def __init__(self, path: Path, shard: engine.EdgeShard) -> None:
        self.path = path
        self._shard = shard
        self.spaces: Mapping[str, int] = self._read_spaces()
        """The dimension of each."""

    @classmethod
    def create(cls, path: Path, spaces: Mapping[str, int], index_from_kilobytes: int) -> Shard:
        """Makes an empty shard in a directory that does not exist, with the indexes that filters need."""
        path.mkdir(parents=True)
        shard = engine.EdgeShard.create(str(path), _config(spaces, index_from_kilobytes))
        for field in INDEXED:
            shard.update(engine.UpdateOperation.create_field_index(field, _SCHEMAS[field]))
        return cls(path, shard)

    @classmethod
    def open(cls, path: Path) -> Shard:
        """Opens one, replaying what its log holds. Raises whatever the engine raises."""
        return cls(path, engine.EdgeShard.load(str(path)))

    def add_space(self, name: str, dimension: int) -> None:
        """Makes a space; harmless when it is there."""
        self._shard.update(engine.UpdateOperation.create_dense_vector(name, dimension, engine.Distance.Cosine))
        self.spaces = self._read_spaces()

    def drop_space(self, name: str) -> None:
        """Removes a space and its vectors."""
        self._shard.update(engine.UpdateOperation.delete_vector_name(name))
        self.spaces = self._read_spaces()

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        """Stores points whole."""
        self._shard.update(engine.UpdateOperation.upsert_points([_as_point(point) for point in points]))

    def set_vectors(self, space: str, vectors: Mapping[UUID, Vector]) -> None:
        """Vectors of points that exist."""
        there = {record.id for record in self._shard.retrieve(list(vectors), False, False)}
        changed = [
            engine.PointVectors(id, {space: vector})  # pyright: ignore[reportArgumentType]  # an array is as good
            for id, vector in vectors.items()
            if id in there
        ]
        if changed:
            self._shard.update(engine.UpdateOperation.update_vectors(changed))

    def delete(self, ids: Sequence[UUID]) -> None:
        """Takes points out."""
        self._shard.update(engine.UpdateOperation.delete_points(list(ids)))

    def delete_session(self, session_id: int) -> None:
        """Takes all of one chat out."""
        of_session = engine.FieldCondition("session_id", match=engine.MatchValue(session_id))
        self._shard.update(engine.UpdateOperation.delete_points_by_filter(engine.Filter(must=[of_session])))

    def search(
        self,
        user_id: int,
        space: str | None,
        vector: Vector | None,
        sparse: tuple[list[int], list[float]],
        where: Mapping[str, Any],
        limit: int,
    ) -> list[FoundPoint]:
        """Both rankings, fused, with the payload of the best."""
        only = _filter(user_id, where)
        words = self._by_words(sparse, only) if sparse[0] else []
        meaning: list[tuple[UUID, float]] = []
        similarities: dict[UUID, float] = {}
        if space and vector is not None:
            nearest = engine.Query.Nearest(vector, using=space)  # pyright: ignore[reportArgumentType]
            request = engine.QueryRequest(limit=DENSE_PREFETCH, query=nearest, filter=only, params=_params(where))
            meaning = _ranking(self._shard.query(request))
            similarities = self._compared(nearest, {id for id, _ in words} - {id for id, _ in meaning})
        best = fuse(meaning, words, similarities, limit)
        payloads = {record.id: record.payload or {} for record in self._records([item.id for item in best])}
        return [FoundPoint(item, payloads.get(item.id, {})) for item in best]

    def _by_words(self, sparse: tuple[list[int], list[float]], only: engine.Filter) -> list[tuple[UUID, float]]:
        query = engine.Query.Nearest(engine.SparseVector(*sparse), using=WORDS)
        return _ranking(self._shard.query(engine.QueryRequest(limit=SPARSE_PREFETCH, query=query, filter=only)))

    def _compared(self, nearest: engine.Query, ids: set[UUID]) -> dict[UUID, float]:
        """The cosines of some points. They are few, so it costs a tenth of a search."""
        if not ids:
            return {}
        some = engine.Filter(must=[engine.HasIdCondition(set(ids))])
        request = engine.QueryRequest(limit=len(ids), query=nearest, filter=some, params=_EXACT)
        return dict(_ranking(self._shard.query(request)))

    def count(self, user_id: int, where: Mapping[str, Any]) -> int:
        """So many points. Exact, because the quick count can be twice the truth after a crash."""
        return self._shard.count(engine.CountRequest(exact=True, filter=_filter(user_id, where)))

    def size(self) -> int:
        """All points, whosesoever they claim to be."""
        return self._shard.count(engine.CountRequest(exact=True))

    def ids(self, after: UUID | None, limit: int) -> list[UUID]:
        """Ids above `after`, rising."""
        found, _ = self._shard.scroll(engine.ScrollRequest(offset=after, limit=limit + 1, with_payload=False))
        return [_uuid(record.id) for record in found if record.id != after][:limit]

    def ids_without(self, space: str, limit: int) -> list[UUID]:
        """Ids of points that lack a vector, rising."""
        lacking = engine.Filter(must_not=[engine.HasVectorCondition(space)])
        found, _ = self._shard.scroll(engine.ScrollRequest(limit=limit, filter=lacking, with_payload=False))
        return [_uuid(record.id) for record in found]

    def points(self, ids: Sequence[UUID]) -> list[engine.Point]:
        """Points with everything that is theirs, as they can be stored in another shard."""
        return [_again(record) for record in self._shard.retrieve(list(ids), True, True)]

    def all_points(self, batch: int) -> Iterator[list[engine.Point]]:
        """The same for all of them, in batches."""
        offset: engine.PointId | None = None
        while True:
            records, offset = self._shard.scroll(
                engine.ScrollRequest(offset=offset, limit=batch, with_payload=True, with_vector=True)
            )
            if records:
                yield [_again(record) for record in records]
            if offset is None:
                return

    def put(self, points: Sequence[engine.Point]) -> None:
        """Stores what `points` or `all_points` of another shard gave."""
        if points:
            self._shard.update(engine.UpdateOperation.upsert_points(list(points)))

    def optimize(self) -> None:
        """Builds the index of everything that came since the last time. Takes minutes for a million points."""
        self._shard.optimize()

    def flush(self) -> None:
        """Writes everything to its place, so that the log gets short."""
        self._shard.flush()

    def close(self) -> None:
        """Writes everything and lets go of the files."""
        self._shard.flush()
        self._shard.close()

    def abandon(self) -> None:
        """Lets go of the files as they are."""
        self._shard.close()

    def _read_spaces(self) -> Mapping[str, int]:
        config = orjson.loads((self.path / "edge_config.json").read_bytes())
        return {name: vector["size"] for name, vector in config["vectors"].items()}

    def _records(self, ids: Sequence[UUID]) -> list[engine.Record]:
        return self._shard.retrieve(list(ids), True, False) if ids else []


def _config(spaces: Mapping[str, int], index_from_kilobytes: int) -> engine.EdgeConfig:
    """Quantised vectors in memory, everything else on the disk."""
    return engine.EdgeConfig(
        vectors={
            name: engine.EdgeVectorParams(size=size, distance=engine.Distance.Cosine, memory=engine.Memory.Cold)
            for name, size in spaces.items()
        },
        sparse_vectors={WORDS: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)},
        hnsw_config=engine.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=10_000),
        quantization_config=engine.ScalarQuantizationConfig(
            type=engine.ScalarType.Int8, quantile=0.99, memory=engine.Memory.Pinned
        ),
        optimizers=engine.EdgeOptimizersConfig(indexing_threshold=index_from_kilobytes, default_segment_number=2),
        payload_memory=engine.Memory.Cold,
        max_search_threads=1,
        wal_enabled=True,
    )


def _params(where: Mapping[str, Any]) -> engine.SearchParams:
    return _AMONG_CHATS if len(where.get("session_ids") or ()) > 1 else _PRECISE


def _filter(user_id: int, where: Mapping[str, Any]) -> engine.Filter:
    must: list[engine.ConditionType] = [engine.FieldCondition("user_id", match=engine.MatchValue(str(user_id)))]
    for name, field in _MATCHES.items():
        if values := where.get(name):
            must.append(engine.FieldCondition(field, match=engine.MatchAny(values)))
    if where.get("since") or where.get("until"):
        between = engine.RangeDateTime(gte=where.get("since"), lt=where.get("until"))
        must.append(engine.FieldCondition("created_at", range=between))
    without = {UUID(id) for id in where.get("without", ())}
    return engine.Filter(must=must, must_not=[engine.HasIdCondition(set(without))] if without else None)


def _as_point(point: StoredPoint) -> engine.Point:
    vectors: dict[str, Any] = dict(point.vectors)
    if point.sparse[0]:
        vectors[WORDS] = engine.SparseVector(*point.sparse)
    return engine.Point(point.id, vectors, point.payload)


def _again(record: engine.Record) -> engine.Point:
    return engine.Point(record.id, record.vector or {}, record.payload)


def _ranking(found: Sequence[engine.ScoredPoint]) -> list[tuple[UUID, float]]:
    return [(_uuid(point.id), point.score) for point in found]


def _uuid(id: engine.PointId) -> UUID:
    return id if isinstance(id, UUID) else UUID(str(id))
