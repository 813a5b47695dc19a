"""Every vector store that there is."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from artel.memory.context import Contexts, ContextStore
from artel.memory.edge.store import EdgeContexts
from artel.memory.server.store import QdrantContexts
from artel.memory.turn import Turns
from tests.support.embedders import ToyEmbedder
from tests.support.memory import Bank, Edge, LocalQdrant, Violations, edge_store
from tests.support.remembering import Diary, turns_over
from tests.support.stores import Stores


@pytest.fixture(params=["edge", "collections", "tenants"])
async def bank(request: pytest.FixtureRequest, edge: Edge) -> AsyncGenerator[Bank]:
    """The embedded store, and a server's in both layouts (as qdrant-client imitates it)."""
    violations = Violations()
    stores: dict[str, Contexts] = {
        "edge": EdgeContexts(edge.sockets, violations),
        "collections": QdrantContexts(LocalQdrant(), violations),
        "tenants": QdrantContexts(LocalQdrant(), violations, "tenants"),
    }
    made = Bank(request.param, stores[request.param], violations)
    yield made
    for user_id in made.users:
        await made.contexts.of(user_id).erase()
    for store in stores.values():
        await store.aclose()
    assert violations.count == 0


@pytest.fixture
def own_edge(edge: Edge) -> Edge:
    """Whose contexts a test uses: the workers that all share, where a file makes none of its own."""
    return edge


@pytest.fixture
async def contexts(own_edge: Edge) -> AsyncGenerator[EdgeContexts]:
    """The contexts of these workers."""
    async with edge_store(own_edge) as store:
        yield store


@pytest.fixture
async def diary(stores: Stores, contexts: EdgeContexts) -> AsyncGenerator[Diary]:
    """Who writes one; their context is removed at the end."""
    diary = await Diary.of(stores)
    yield diary
    await contexts.of(diary.user_id).erase()


@pytest.fixture
def embedder() -> ToyEmbedder:
    """A model that is never away, unless a test says so."""
    return ToyEmbedder()


@pytest.fixture
def turns(stores: Stores, contexts: EdgeContexts, embedder: ToyEmbedder) -> Turns:
    """Whoever indexes."""
    return turns_over(stores, contexts, embedder)


@pytest.fixture
def context(diary: Diary, contexts: EdgeContexts) -> ContextStore:
    """The diary's own."""
    return contexts.of(diary.user_id)
