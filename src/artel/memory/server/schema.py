"""How points lie in a Qdrant server: collections, indexes, filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from qdrant_client import models

from artel.memory.context import Point, Where
from artel.memory.payload import INDEXED, WORDS, payload_of
from artel.memory.vectors import Space, SparseVector

Layout = Literal["collections", "tenants"]
"""A collection for each user, or one for all of them, which Qdrant advises from some hundreds of users on."""

TENANTS: Final = "users_context"
_TENANT_EDGES: Final = 16
_SCHEMAS: Final = {
    "session_id": models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=True, range=False),
    "call_type": models.PayloadSchemaType.KEYWORD,
    "agent_id": models.PayloadSchemaType.KEYWORD,
    "created_at": models.PayloadSchemaType.DATETIME,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one user's points are."""

    user_id: int
    layout: Layout

    @property
    def collection(self) -> str:
        """The collection, or an alias of it."""
        return TENANTS if self.layout == "tenants" else f"user{self.user_id}_context"

    def is_copy(self, collection: str) -> bool:
        """Whether a collection is one that a purge of this user's has made."""
        return collection.startswith(f"{self.collection}_copy_")

    @property
    def marker(self) -> UUID:
        """The point that says, where all users share a collection, that this one has a context."""
        return uuid5(NAMESPACE_URL, f"artel:user{self.user_id}_context")

    def veiled(self, id: UUID) -> UUID:
        """A point's id as it is stored, and of what is stored the point's: where all users share a collection, two of
        them may use the same id, and neither must be able to overwrite the other's point by it."""
        if self.layout == "collections":
            return id
        return UUID(int=id.int ^ uuid5(NAMESPACE_URL, f"artel:user{self.user_id}_points").int)

    def named(self, ids: Iterable[UUID]) -> models.HasIdCondition:
        """One of these points."""
        return models.HasIdCondition(has_id=[str(self.veiled(id)) for id in ids])

    def ranking(self, points: Sequence[models.ScoredPoint]) -> list[tuple[UUID, float]]:
        """Ids and scores."""
        return [(self.veiled(UUID(str(point.id))), point.score) for point in points]

    @property
    def _owner(self) -> models.FieldCondition:
        return models.FieldCondition(key="user_id", match=models.MatchValue(value=str(self.user_id)))

    def everything(self) -> models.Filter:
        """All of the user's, the marker included."""
        return models.Filter(must=[self._owner])

    def only(self, where: Where | None = None, lacking: str | None = None) -> models.Filter:
        """The user's points that are asked for. lacking: those that have no vector in this space."""
        must: list[models.Condition] = [self._owner]
        must_not: list[models.Condition] = []
        if self.layout == "tenants":
            must_not.append(models.HasIdCondition(has_id=[str(self.marker)]))
        if where is not None:
            must += _conditions(where)
            if where.without:
                must_not.append(self.named(where.without))
        if lacking is not None:
            must_not.append(models.HasVectorCondition(has_vector=lacking))
        return models.Filter(must=must, must_not=must_not or None)

    def marker_point(self) -> models.PointStruct:
        """It has no vectors, so no search finds it."""
        return models.PointStruct(id=str(self.marker), vector={}, payload={"user_id": str(self.user_id)})

    def word_params(self) -> models.SearchParams | None:
        """How rare a word is must be asked of this user's texts alone: others' are no business of theirs."""
        if self.layout == "collections":
            return None
        return models.SearchParams(idf=models.IdfCorpusParams(corpus=self.only()))


def _conditions(where: Where) -> list[models.Condition]:
    must: list[models.Condition] = []
    if where.session_ids:
        any_session = models.MatchAny(any=list(where.session_ids))
        must.append(models.FieldCondition(key="session_id", match=any_session))
    if where.call_types:
        must.append(models.FieldCondition(key="call_type", match=models.MatchAny(any=list(where.call_types))))
    if where.agent_ids:
        must.append(models.FieldCondition(key="agent_id", match=models.MatchAny(any=list(where.agent_ids))))
    if where.since or where.until:
        between = models.DatetimeRange(gte=where.since, lt=where.until)
        must.append(models.FieldCondition(key="created_at", range=between))
    return must


def vector_params(space: Space) -> models.VectorParams:
    """Originals stay on the disk; what is in memory is quantised."""
    return models.VectorParams(size=space.dimension, distance=models.Distance.COSINE, on_disk=True)


def sparse_params() -> dict[str, models.SparseVectorParams]:
    """The store multiplies by how rare a word is."""
    return {WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)}


def graph_params(layout: Layout) -> models.HnswConfigDiff:
    """Where tenants share a collection, each has a graph of their own instead of one for all."""
    if layout == "tenants":
        return models.HnswConfigDiff(m=0, payload_m=_TENANT_EDGES, ef_construct=128)
    return models.HnswConfigDiff(m=16, ef_construct=128)


def quantization() -> models.ScalarQuantization:
    """A byte for a number."""
    return models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
    )


def indexes(layout: Layout) -> list[tuple[str, models.PayloadSchemaType | models.PayloadSchemaParams]]:
    """What is made before anything is loaded."""
    owner = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=layout == "tenants")
    return [(field, owner if field == "user_id" else _SCHEMAS[field]) for field in INDEXED]


def as_struct(place: Place, point: Point) -> models.PointStruct:
    """A point as the server takes it."""
    vectors: dict[str, models.Vector] = {name: vector.tolist() for name, vector in point.vectors.items()}
    if point.sparse:
        vectors[WORDS] = as_sparse(point.sparse)
    return models.PointStruct(id=str(place.veiled(point.id)), vector=vectors, payload=payload_of(place.user_id, point))


def as_sparse(vector: SparseVector) -> models.SparseVector:
    """A sparse vector as the server takes it."""
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))
