"""Makes, changes, copies and removes collections."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast
from uuid import uuid4

from qdrant_client import AsyncQdrantClient, models

from artel.memory.server.schema import (
    Layout,
    Place,
    graph_params,
    indexes,
    quantization,
    sparse_params,
    vector_params,
)
from artel.memory.vectors import Space

_COPIED_AT_ONCE: Final = 256


class Collections:
    """The collections of one server. Raises what the client raises."""

    def __init__(self, client: AsyncQdrantClient, layout: Layout) -> None:
        self._client = client
        self._layout: Layout = layout
        self._spaces: dict[str, Mapping[str, int]] = {}

    async def ensure(self, place: Place, spaces: Sequence[Space]) -> bool:
        """Makes what is missing; answers whether that was the collection itself.

        Raises:
            ValueError: a space of this name has another dimension.
        """
        name = place.collection
        if not await self._client.collection_exists(name):
            await self._create(name, spaces)
            self._spaces.pop(name, None)
            return True
        there = await self.spaces(name, known={space.name for space in spaces})
        for space in spaces:
            if there.get(space.name, space.dimension) != space.dimension:
                raise ValueError(f"{space.name} has {there[space.name]} dimensions")
            if space.name not in there:
                config = models.DenseVectorConfig(size=space.dimension, distance=models.Distance.COSINE)
                await self._client.create_vector_name(name, space.name, models.DenseVectorNameConfig(dense=config))
                self._spaces.pop(name, None)
        return False

    async def spaces(self, name: str, known: Collection[str] = ()) -> Mapping[str, int]:
        """The dimension of each space, from memory if that has all of the `known`."""
        there = self._spaces.get(name)
        if there is None or not there.keys() >= set(known):
            vectors = (await self._client.get_collection(name)).config.params.vectors
            named = cast("dict[str, models.VectorParams]", vectors or {})
            there = self._spaces[name] = {space: params.size for space, params in named.items()}
        return there

    async def drop_space(self, name: str, space: str) -> None:
        """Harmless when there is none."""
        self._spaces.pop(name, None)
        if space in await self.spaces(name):
            await self._client.delete_vector_name(name, space)
            self._spaces.pop(name, None)

    async def write_anew(self, place: Place) -> None:
        """Copies all points into a new collection, which then bears the name; the old one goes with what was deleted.

        Interrupted, it leaves the old one, or none at all: then the context is lost and built anew from what is stored.
        """
        name, copy = place.collection, f"{place.collection}_copy_{uuid4().hex}"
        there = await self.spaces(name)
        await self._create(copy, [Space(space, size) for space, size in there.items()])
        offset: Any = None
        while True:
            records, offset = await self._client.scroll(
                name, limit=_COPIED_AT_ONCE, offset=offset, with_payload=True, with_vectors=True
            )
            if records:
                await self._client.upsert(copy, [_again(record) for record in records], wait=True)
            if offset is None:
                break
        await self._remove_named(place)
        create = models.CreateAlias(collection_name=copy, alias_name=name)
        await self._client.update_collection_aliases([models.CreateAliasOperation(create_alias=create)])
        await self._remove_copies(place, but=copy)

    async def remove(self, place: Place) -> None:
        """Removes the user's collection and whatever a purge has left. Harmless when there is none."""
        await self._remove_named(place)
        await self._remove_copies(place, but=None)
        self._spaces.pop(place.collection, None)

    async def has_any(self, place: Place) -> bool:
        """Whether there is the user's collection, or anything that a purge has left."""
        found = (await self._client.get_collections()).collections
        return await self._client.collection_exists(place.collection) or any(place.is_copy(each.name) for each in found)

    async def _create(self, name: str, spaces: Sequence[Space]) -> None:
        await self._client.create_collection(
            name,
            vectors_config={space.name: vector_params(space) for space in spaces},
            sparse_vectors_config=sparse_params(),
            on_disk_payload=True,
            hnsw_config=graph_params(self._layout),
            quantization_config=quantization(),
        )
        for field, schema in indexes(self._layout):
            await self._client.create_payload_index(name, field, schema, wait=True)

    async def _remove_named(self, place: Place) -> None:
        """What bears the name: a collection, or an alias and what it stands for."""
        aliases = {alias.alias_name: alias.collection_name for alias in (await self._client.get_aliases()).aliases}
        if (real := aliases.get(place.collection)) is not None:
            delete = models.DeleteAlias(alias_name=place.collection)
            await self._client.update_collection_aliases([models.DeleteAliasOperation(delete_alias=delete)])
            await self._client.delete_collection(real)
        else:
            await self._client.delete_collection(place.collection)

    async def _remove_copies(self, place: Place, but: str | None) -> None:
        for found in (await self._client.get_collections()).collections:
            if place.is_copy(found.name) and found.name != but:
                await self._client.delete_collection(found.name)


def _again(record: models.Record) -> models.PointStruct:
    return models.PointStruct(id=record.id, vector=cast(Any, record.vector or {}), payload=record.payload)
