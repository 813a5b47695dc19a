"""Memories of users in both places: rows in PostgreSQL and points in the vector store."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from artel.memory.context import Contexts, Point
from artel.memory.edge.store import EdgeContexts
from artel.memory.embed.embedder import Embedder
from artel.memory.embed.local import EmbedWorkers, LocalEmbedder
from artel.memory.finder import Finder
from artel.memory.patience import Patience
from artel.memory.sparse import SparseEncoder
from artel.store.shards import Shards
from tests.support.api import Site
from tests.support.embedders import ToyEmbedder
from tests.support.memory import MONDAY, Edge, edge_store, quick_folder
from tests.support.stores import Stores


@dataclass
class Memories:
    """Remembers by hand what the pipeline would, at once and in both places."""

    shards: Shards
    contexts: Contexts
    embedder: Embedder

    async def add(self, user_id: int, text: str, *, minute: int = 0, **columns: Any) -> UUID:
        """One memory of Monday; its id."""
        id: UUID = columns.pop("id", None) or uuid4()
        row: dict[str, Any] = {
            "kind": "note",
            "source_id": None,
            "session_id": None,
            "agent_id": None,
            "call_type": "note",
            "role": "user",
            "created_at": MONDAY + timedelta(minutes=minute),
            **columns,
        }
        await self.store(user_id, id, text, row)
        await self.index(user_id, id, text, row)
        return id

    async def store(self, user_id: int, id: UUID, text: str, row: Mapping[str, Any]) -> None:
        """The row alone."""
        names = ", ".join(row)
        places = ", ".join(f"${number}" for number in range(4, len(row) + 4))
        async with self.shards.user_tx(user_id) as tx:
            await tx.execute(
                f"insert into memories (user_id, id, text, {names}, indexed_revision) values ($1, $2, $3, {places}, 1)",
                user_id,
                id,
                text,
                *row.values(),
            )

    async def index(self, user_id: int, id: UUID, text: str, row: Mapping[str, Any]) -> None:
        """The point alone."""
        [vector] = await self.embedder.passages([text])
        context = self.contexts.of(user_id)
        await context.ensure([self.embedder.space])
        point = Point(
            id=id,
            text=text,
            sparse=SparseEncoder().passage(text),
            vectors={self.embedder.space.name: vector},
            **{name: row[name] for name in ("session_id", "call_type", "role", "agent_id", "created_at")},
        )
        await context.upsert([point])

    async def change(self, user_id: int, sql: str, *args: object) -> None:
        """What became of a row; $1 is its user."""
        async with self.shards.user_tx(user_id) as tx:
            await tx.execute(sql, user_id, *args)

    async def forget_users(self, users: Sequence[int]) -> None:
        """Removes contexts: ids of users come again in the next test's database."""
        for user_id in users:
            await self.contexts.of(user_id).erase()


@pytest.fixture
async def edge_contexts(edge: Edge) -> AsyncGenerator[EdgeContexts]:
    """The embedded store with nobody in it: users' ids of one test's database are those of another's."""
    async with edge_store(edge) as store:
        yield store


@pytest.fixture
async def memories(stores: Stores, edge_contexts: EdgeContexts) -> AsyncGenerator[Memories]:
    """Rows and points, with vectors of words."""
    made = Memories(stores.shards, edge_contexts, ToyEmbedder())
    yield made
    users = await stores.as_migrator("select user_id from shard_users")
    await made.forget_users([user["user_id"] for user in users])


@pytest.fixture(scope="session")
def embed_workers() -> Iterator[EmbedWorkers]:
    """The bundled model, for all tests of this process."""
    folder = quick_folder()
    running = EmbedWorkers(folder / "home", folder / "run")
    with running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
async def remembered(site: Site, edge_contexts: EdgeContexts, embed_workers: EmbedWorkers) -> AsyncGenerator[Memories]:
    """The site with a memory, and what puts memories into it."""
    embedder = await LocalEmbedder.open(embed_workers.sockets)
    site.house.recall.finder = Finder(site.house.shards, edge_contexts, embedder)
    # A busy machine is no fault of what is tested here.
    site.house.recall.patience, usual = Patience(20, 20), site.house.recall.patience
    yield Memories(site.house.shards, edge_contexts, embedder)
    site.house.recall.finder, site.house.recall.patience = None, usual
    for user in await site.stores.as_migrator("select user_id from shard_users"):
        await edge_contexts.of(user["user_id"]).erase()
    await embedder.aclose()
