"""Contexts in a Qdrant server. Where its limits differ from the embedded store's, the docstring says so."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from qdrant_client import AsyncQdrantClient, models

from artel.memory.context import ContextLost, ContextState, ContextUnavailable, Hit, Point, Question, Trouble, Where
from artel.memory.fusion import fuse
from artel.memory.payload import DENSE_PREFETCH, SPARSE_PREFETCH, WORDS, OnViolation, hit_of
from artel.memory.server.calls import call
from artel.memory.server.collections import Collections
from artel.memory.server.schema import Layout, Place, as_sparse, as_struct
from artel.memory.vectors import BadVector, Space, Vector, check_vector

_READ_SECONDS: Final = 5.0
_WRITE_SECONDS: Final = 60.0
_PURGE_SECONDS: Final = 1800.0
_BELIEVED_SECONDS: Final = 60.0
_PRECISE: Final = models.SearchParams(
    hnsw_ef=128, quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0)
)
_EXACT: Final = models.SearchParams(exact=True)


def connect(url: str, api_key: str | None = None) -> AsyncQdrantClient:
    """A client over HTTP. That the versions fit is not asked here: it would block the event loop."""
    with warnings.catch_warnings():
        # A key without TLS is what people have in a network of their own, such as that of Docker Compose.
        warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
        return AsyncQdrantClient(
            url=url, api_key=api_key, timeout=int(_WRITE_SECONDS), check_compatibility=False, trust_env=False
        )


class QdrantContexts:
    """All contexts of one server; implements `Contexts`.

    layout: see `schema.Layout`; it cannot be changed without a rebuild. on_violation: called for each foreign point
    that the server answered with.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        on_violation: OnViolation,
        layout: Layout = "collections",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._on_violation = on_violation
        self._layout: Layout = layout
        self._collections = Collections(client, layout)
        self._marked: dict[int, float] = {}
        self._now = now

    def of(self, user_id: int) -> QdrantContext:
        """A user's handle."""
        place = Place(user_id, self._layout)
        return QdrantContext(place, self._client, self._collections, self, self._on_violation)

    async def troubles(self) -> list[Trouble]:
        """Whether the server answers."""
        try:
            async with call(_READ_SECONDS):
                await self._client.info()
        except ContextUnavailable:
            return [Trouble("unreachable", "the Qdrant server does not answer")]
        return []

    async def aclose(self) -> None:
        """Closes the client."""
        await self._client.close()

    async def need_marker(self, place: Place) -> None:
        """Where all users share a collection: makes sure that this one has a context.

        Raises:
            ContextLost: not so.
        """
        if place.layout == "collections" or self._now() - self._marked.get(place.user_id, -1e9) < _BELIEVED_SECONDS:
            return
        if not await self._client.retrieve(place.collection, [str(place.marker)], with_payload=False):
            raise ContextLost
        self.believe(place.user_id)

    def believe(self, user_id: int) -> None:
        """The user's marker was just seen."""
        self._marked[user_id] = self._now()

    def doubt(self) -> None:
        """Nobody's marker is believed in any more."""
        self._marked.clear()


class QdrantContext:
    """One user's points; implements `ContextStore`."""

    def __init__(
        self,
        place: Place,
        client: AsyncQdrantClient,
        collections: Collections,
        contexts: QdrantContexts,
        on_violation: OnViolation,
    ) -> None:
        self.user_id = place.user_id
        self._place = place
        self._client = client
        self._collections = collections
        self._contexts = contexts
        self._on_violation = on_violation

    async def ensure(self, spaces: Sequence[Space]) -> ContextState:
        """See `ContextStore`."""
        async with call(_WRITE_SECONDS):
            created = await self._collections.ensure(self._place, spaces)
            if self._place.layout == "tenants":
                if created:
                    self._contexts.doubt()
                marker = self._place.marker_point()
                created = not await self._client.retrieve(self._place.collection, [marker.id], with_payload=False)
                if created:
                    await self._client.upsert(self._place.collection, [marker], wait=True)
                self._contexts.believe(self.user_id)
            points = await self._count(None)
            there = await self._collections.spaces(self._place.collection)
        return ContextState(created, points, tuple(Space(name, size) for name, size in sorted(there.items())))

    async def upsert(self, points: Sequence[Point]) -> None:
        """See `ContextStore`."""
        await self._check(*(point.vectors for point in points))
        structs = [as_struct(self._place, point) for point in points]
        async with call(_WRITE_SECONDS):
            await self._contexts.need_marker(self._place)
            await self._client.upsert(self._place.collection, structs, wait=True)

    async def search(self, question: Question, where: Where | None = None, limit: int = 5) -> list[Hit]:
        """See `ContextStore`."""
        vector = question.vector if question.space else None
        if vector is not None:
            await self._check({question.space or "": vector})
        requests = self._requests(question, vector, where)
        async with call(_READ_SECONDS):
            await self._contexts.need_marker(self._place)
            if not requests:
                return []
            answers = await self._client.query_batch_points(self._place.collection, list(requests.values()))
        found = {kind: answer.points for kind, answer in zip(requests, answers, strict=True)}
        payloads = {
            self._place.veiled(UUID(str(point.id))): point.payload for points in found.values() for point in points
        }
        best = fuse(
            self._place.ranking(found.get("meaning", [])),
            self._place.ranking(found.get("words", [])),
            dict(self._place.ranking(found.get("both", []))),
            limit,
        )
        return [
            hit_of(
                self.user_id, item.id, payloads[item.id], (item.score, item.similarity, item.words), self._on_violation
            )
            for item in best
        ]

    async def delete(self, ids: Sequence[UUID]) -> None:
        """See `ContextStore`."""
        mine = self._place.only()
        mine.must = [*cast("list[models.Condition]", mine.must), self._place.named(ids)]
        await self._delete(mine)

    async def delete_session(self, session_id: int) -> None:
        """See `ContextStore`."""
        await self._delete(self._place.only(Where(session_ids=[session_id])))

    async def purge(self) -> None:
        """See `ContextStore`. What is written meanwhile is lost, so keep the user's writers away. In a collection of
        all users nothing can be done: the server takes deleted points out of its files when a fifth of a segment is
        deleted, and until then they are only invisible."""
        async with call(_PURGE_SECONDS):
            await self._contexts.need_marker(self._place)
            if self._place.layout == "collections":
                await self._collections.write_anew(self._place)

    async def erase(self) -> None:
        """See `ContextStore`; and `purge` for a collection of all users."""
        async with call(_WRITE_SECONDS):
            if self._place.layout == "collections":
                await self._collections.remove(self._place)
            elif await self._client.collection_exists(self._place.collection):
                selector = models.FilterSelector(filter=self._place.everything())
                await self._client.delete(self._place.collection, selector, wait=True)
            self._contexts.doubt()

    async def is_gone(self) -> bool:
        """See `ContextStore`."""
        place = self._place
        async with call(_READ_SECONDS):
            if place.layout == "collections":
                return not await self._collections.has_any(place)
            if not await self._client.collection_exists(place.collection):
                return True
            everything = place.everything()
            return not (await self._client.count(place.collection, count_filter=everything, exact=True)).count

    async def count(self, where: Where | None = None) -> int:
        """See `ContextStore`."""
        async with call(_READ_SECONDS):
            await self._contexts.need_marker(self._place)
            return await self._count(where)

    async def ids(self, after: UUID | None = None, limit: int = 1000) -> list[UUID]:
        """See `ContextStore`."""
        found = await self._scroll(self._place.only(), after, limit + 1)
        return [id for id in found if id != after][:limit]

    async def ids_without(self, space: str, limit: int = 1000) -> list[UUID]:
        """See `ContextStore`."""
        return await self._scroll(self._place.only(lacking=space), None, limit)

    async def set_vectors(self, space: str, vectors: Mapping[UUID, Vector]) -> None:
        """See `ContextStore`."""
        await self._check(*({space: vector} for vector in vectors.values()))
        mine = self._place.only()
        mine.must = [*cast("list[models.Condition]", mine.must), self._place.named(vectors)]
        there = await self._scroll(mine, None, len(vectors))
        if there:
            changed = [
                models.PointVectors(id=str(self._place.veiled(id)), vector={space: vectors[id].tolist()})
                for id in there
            ]
            async with call(_WRITE_SECONDS):
                await self._client.update_vectors(self._place.collection, changed, wait=True)

    async def drop_space(self, space: str) -> None:
        """See `ContextStore`. A space belongs to a whole collection: where all users share one, this drops everyone's,
        and is an administrator's decision when the last of them has changed over."""
        async with call(_WRITE_SECONDS):
            await self._contexts.need_marker(self._place)
            await self._collections.drop_space(self._place.collection, space)

    def _requests(
        self, question: Question, vector: Vector | None, where: Where | None
    ) -> dict[str, models.QueryRequest]:
        only, requests = self._place.only(where), dict[str, models.QueryRequest]()
        params = self._place.word_params()
        if question.sparse:
            words: Any = as_sparse(question.sparse)
            requests["words"] = models.QueryRequest(
                query=words, using=WORDS, filter=only, limit=SPARSE_PREFETCH, params=params, with_payload=True
            )
        if vector is not None:
            meaning = vector.tolist()
            requests["meaning"] = models.QueryRequest(
                query=meaning,
                using=question.space,
                filter=only,
                limit=DENSE_PREFETCH,
                params=_PRECISE,
                with_payload=True,
            )
            if question.sparse:
                candidates = models.Prefetch(
                    query=as_sparse(question.sparse), using=WORDS, filter=only, limit=SPARSE_PREFETCH, params=params
                )
                requests["both"] = models.QueryRequest(
                    prefetch=candidates,
                    query=meaning,
                    using=question.space,
                    limit=SPARSE_PREFETCH,
                    params=_EXACT,
                    with_payload=True,
                )
        return requests

    async def _check(self, *batches: Mapping[str, Vector]) -> None:
        if not any(batches):
            return
        async with call(_READ_SECONDS):
            there = await self._collections.spaces(self._place.collection, known={n for b in batches for n in b})
        for vectors in batches:
            for name, vector in vectors.items():
                if name not in there:
                    raise BadVector(f"There is no space {name}.")
                check_vector(vector, there[name])

    async def _count(self, where: Where | None) -> int:
        only = self._place.only(where)
        return (await self._client.count(self._place.collection, count_filter=only, exact=True)).count

    async def _delete(self, which: models.Filter) -> None:
        async with call(_WRITE_SECONDS):
            await self._contexts.need_marker(self._place)
            await self._client.delete(self._place.collection, models.FilterSelector(filter=which), wait=True)

    async def _scroll(self, which: models.Filter, after: UUID | None, limit: int) -> list[UUID]:
        async with call(_WRITE_SECONDS):
            await self._contexts.need_marker(self._place)
            offset = str(self._place.veiled(after)) if after else None
            records, _ = await self._client.scroll(
                self._place.collection, scroll_filter=which, limit=limit, offset=offset, with_payload=False
            )
        return [self._place.veiled(UUID(str(record.id))) for record in records]
