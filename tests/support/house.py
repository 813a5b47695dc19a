"""A whole process's house over real stores, with the scripted model server as its "openai" provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from artel.app.databases import Stores as StoreUrls
from artel.app.house import House, Part, open_house
from artel.settings import load_settings
from artel.store.engine import PoolSizes
from tests.support.memory import Edge
from tests.support.model_server import ModelServer
from tests.support.stores import SECRET_KEY, Stores

OpenHouse = Callable[..., AbstractAsyncContextManager[House]]
"""`async with open_house_over(stores) as house`: one process's worth; open several for several replicas."""


def memory_of(edge: Edge) -> Mapping[str, Sequence[str]]:
    """What gives a house a memory in these workers. Let its embeddings come from the scripted model server, which
    costs next to nothing: `ARTEL_EMBEDDING_MODEL="openai:words"`."""
    return {"contexts": [str(socket) for socket in edge.sockets]}


@pytest.fixture(scope="session")
async def model_server() -> AsyncGenerator[ModelServer]:
    """The scripted model, one for all tests of this process."""
    async with ModelServer() as server:
        yield server


@asynccontextmanager
async def house_over(
    stores: Stores,
    model_server: ModelServer,
    part: Part | None = None,
    sizes: PoolSizes | None = None,
    companions: Mapping[str, Sequence[str]] | None = None,
    **environment: str,
) -> AsyncGenerator[House]:
    """One process's worth over given stores; its provider `openai` is the scripted model server.

    companions: as `memory_of` makes them; without, the house has no memory.
    """
    settings = load_settings(
        {
            "OPENAI_BASE_URL": model_server.base_url,
            "OPENAI_API_KEY": "test-key",
            "ARTEL_REGISTRATION": "open",
            "ARTEL_FIND_LOCAL_MODELS": "false",
        }
        | environment
    )
    urls = StoreUrls(
        tuple(urls.app for urls in stores.databases),
        stores.redis_url,
        SECRET_KEY,
        alone=False,
        pool_sizes=sizes or PoolSizes(),
        companions=companions or {},
    )
    async with open_house(settings, urls, part or Part()) as house:
        yield house


@pytest.fixture
def open_house_over(model_server: ModelServer) -> OpenHouse:
    """Opens houses over given stores; their provider `openai` is the scripted model server."""

    def make(
        stores: Stores,
        part: Part | None = None,
        companions: Mapping[str, Sequence[str]] | None = None,
        **environment: str,
    ) -> AbstractAsyncContextManager[House]:
        return house_over(stores, model_server, part, None, companions, **environment)

    return make


@pytest.fixture
async def house(stores: Stores, open_house_over: OpenHouse) -> AsyncGenerator[House]:
    """One house over one empty shard."""
    async with open_house_over(stores) as house:
        yield house
