"""What a user can choose from: providers that answer, are dead, are slow or were found on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import orjson
import pytest
from aiohttp import web

from artel.llm.calling import RetryPolicy
from artel.llm.catalogue import Catalogue, CatalogueProvider
from artel.llm.local import Candidate, usual_candidates
from artel.llm.model_lists import read_list
from artel.llm.pool import ModelPool, PoolConfig
from artel.llm.refs import Credentials, ModelRef
from tests.support.model_server import ModelServer

QUICK = PoolConfig(retry=RetryPolicy(attempts=1))


class ListServer:
    """A server that lists models, one way or another."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = orjson.dumps({"data": [{"id": "b"}, {"id": "a", "context_length": 4096}]})
        self.asked = 0
        self.closed: set[str] = set()
        self.headers: dict[str, str] = {}
        self.url = ""
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.path in self.closed:
            return web.Response(status=401)
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        await self.gate.wait()
        return web.Response(status=self.status, body=self.body, content_type="application/json")


@pytest.fixture
async def lists() -> AsyncIterator[ListServer]:
    server = ListServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    server.gate.set()
    await runner.cleanup()


def provider(catalogue: Catalogue, name: str) -> CatalogueProvider:
    return next(provider for provider in catalogue.providers if provider.provider == name)


def names(catalogue: Catalogue, name: str) -> list[str]:
    return [model.ref.name for model in catalogue.models if model.ref.provider == name]


async def test_without_any_key_there_is_the_demo_model() -> None:
    async with ModelPool({}) as pool:
        catalogue = await pool.catalogue()
    assert catalogue.default == ModelRef("demo", "demo")
    assert [(model.ref.name, model.source, model.price.input) for model in catalogue.models] == [("demo", "builtin", 0)]
    assert provider(catalogue, "openai").source == "none"
    assert provider(catalogue, "openai").needs_key
    assert all(entry.error is None for entry in catalogue.providers)


async def test_the_servers_models_are_listed_and_its_address_is_not_told(lists: ListServer) -> None:
    async with ModelPool({"custom": Credentials("k", lists.url)}, config=QUICK) as pool:
        catalogue = await pool.catalogue()
    assert names(catalogue, "custom") == ["a", "b"]
    assert [model.price.context_tokens for model in catalogue.models if model.ref.provider == "custom"] == [4096, None]
    assert [model.price.input for model in catalogue.models if model.ref.provider == "custom"] == [None, None]
    entry = provider(catalogue, "custom")
    assert (entry.source, entry.base_url, entry.key_hint, entry.error) == ("server", None, None, None)
    assert lists.headers["authorization"] == "Bearer k"


async def test_a_users_own_key_is_shown_as_a_hint_only(lists: ListServer) -> None:
    own = {"custom": Credentials("sk-0123456789abcdefghij", lists.url, trusted=True)}
    async with ModelPool({}, config=QUICK) as pool:
        catalogue = await pool.catalogue(own)
        assert pool.default_model(own) == ModelRef("custom", "a")
    entry = provider(catalogue, "custom")
    assert (entry.source, entry.base_url, entry.key_hint) == ("own", lists.url, "…ghij")
    assert [model.source for model in catalogue.models if model.ref.provider == "custom"] == ["own", "own"]


async def test_an_address_that_is_not_allowed_is_an_error_of_its_provider(lists: ListServer) -> None:
    async with ModelPool({}, config=QUICK) as pool:
        catalogue = await pool.catalogue({"custom": Credentials("k", lists.url)})
    assert provider(catalogue, "custom").error == "model_unreachable"
    assert lists.asked == 0


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"{}", "model_key_refused"),
        (200, b"<html>", "model_bad_answer"),
        (200, b"[]", "model_bad_answer"),
        (200, b'{"data": {}}', "model_bad_answer"),
        (503, b"", "model_overloaded"),
    ],
)
async def test_what_is_wrong_with_a_provider_is_told(lists: ListServer, status: int, body: bytes, error: str) -> None:
    lists.status, lists.body = status, body
    async with ModelPool({"custom": Credentials("k", lists.url)}, config=QUICK) as pool:
        catalogue = await pool.catalogue()
        probe = await pool.probe("custom")
    assert provider(catalogue, "custom").error == error
    assert (probe.ok, probe.code) == (False, error)


async def test_a_list_is_remembered_and_outlives_a_failure(lists: ListServer) -> None:
    # given a provider whose list was read
    async with ModelPool({}, config=QUICK) as pool:
        own = {"custom": Credentials("k", lists.url, trusted=True)}
        await pool.catalogue(own)
        await pool.catalogue(own)
        assert lists.asked == 1
        # when it fails at the next asking
        known = pool._started().lists._known  # pyright: ignore[reportPrivateUsage]
        for entry in known._values.values():  # pyright: ignore[reportPrivateUsage]
            entry.until = 0.0
        lists.status = 500
        catalogue = await pool.catalogue(own)
    # then the old list stands in, beside the error
    assert names(catalogue, "custom") == ["a", "b"]
    assert provider(catalogue, "custom").error == "model_overloaded"


async def test_a_silent_provider_does_not_hold_up_the_catalogue(
    lists: ListServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artel.llm.catalogue.PATIENCE", 0.2)
    lists.gate.clear()
    async with ModelPool({}, config=QUICK) as pool:
        began = time.monotonic()
        catalogue = await pool.catalogue({"custom": Credentials("k", lists.url, trusted=True)})
    assert time.monotonic() - began < 2
    assert provider(catalogue, "custom").error == "model_timeout"


async def test_a_server_on_this_machine_is_found_and_used(model_server: ModelServer, unused_tcp_port: int) -> None:
    # given one candidate that is there, and one that is not
    here = [Candidate("lmstudio", f"http://127.0.0.1:{unused_tcp_port}/v1"), Candidate("ollama", model_server.base_url)]
    async with ModelPool({}, local=here) as pool:
        # when the catalogue is read
        catalogue = await pool.catalogue()
        # then its models are there to choose, free of charge, and it is the default
        assert "scripted" in names(catalogue, "ollama")
        assert names(catalogue, "lmstudio") == []
        assert {model.price.output for model in catalogue.models if model.ref.provider == "ollama"} == {Decimal(0)}
        assert provider(catalogue, "ollama").source == "local"
        assert provider(catalogue, "ollama").base_url == model_server.base_url
        assert catalogue.default.provider == "ollama"
        assert pool.default_model() == catalogue.default
        assert pool.model(ModelRef("ollama", "scripted")).base_url == model_server.base_url


async def test_looks_at_the_same_time_are_one(lists: ListServer) -> None:
    async with ModelPool({}, local=[Candidate("ollama", lists.url)]) as pool:
        await asyncio.gather(*(pool.catalogue() for _ in range(5)))
        first = lists.asked
        await pool.catalogue()
    assert first <= 2  # the look and the list
    assert lists.asked == first


async def test_the_administrators_default_comes_first(lists: ListServer) -> None:
    chosen = ModelRef("custom", "c")
    async with ModelPool({"custom": Credentials("k", lists.url)}, default=chosen, config=QUICK) as pool:
        catalogue = await pool.catalogue()
    assert catalogue.default == chosen
    assert names(catalogue, "custom") == ["c", "a", "b"]


async def test_the_default_of_a_known_provider_needs_no_asking() -> None:
    async with ModelPool({"anthropic": Credentials("k"), "custom": Credentials(None, "http://x.example")}) as pool:
        assert pool.default_model() == ModelRef("anthropic", "claude-sonnet-5-5")
        assert pool.default_model({"google": Credentials("k")}).provider == "google"


async def test_the_default_of_a_server_of_ones_own_is_its_first_model(lists: ListServer) -> None:
    async with ModelPool({"openai": Credentials("k", lists.url)}, config=QUICK) as pool:
        await pool.catalogue()
        assert pool.default_model() == ModelRef("openai", "a")


@pytest.mark.parametrize(
    ("kind", "body", "header"),
    [
        ("anthropic", {"data": [{"id": "claude-x", "display_name": "Claude X"}]}, "x-api-key"),
        ("google", {"models": [
            {"name": "models/gemini-x", "displayName": "Gemini X", "supportedGenerationMethods": ["generateContent"],
             "inputTokenLimit": 100},
            {"name": "models/other", "supportedGenerationMethods": ["embedContent"]}]}, "x-goog-api-key"),
    ],
)  # fmt: skip
async def test_other_apis_list_in_their_own_way(lists: ListServer, kind: str, body: object, header: str) -> None:
    lists.body = orjson.dumps(body)
    async with ModelPool({kind: Credentials("the-key", lists.url)}, config=QUICK) as pool:
        catalogue = await pool.catalogue()
    (model,) = [model for model in catalogue.models if model.ref.provider == kind]
    assert model.label.endswith(" X")
    assert model.ref.name.endswith("-x")
    assert lists.headers[header] == "the-key"


def test_models_that_do_not_converse_are_left_out() -> None:
    ids = ["gpt-x", "text-embedding-3-large", "whisper-1", "tts-1", "gpt-image-1", "omni-moderation", "bge-embed"]
    assert [model.name for model in read_list({"data": [{"id": name} for name in ids] + [{}, "x", {"id": 7}]})] == [
        "gpt-x"
    ]


async def test_a_connection_is_tested(pool: ModelPool) -> None:
    listed = await pool.probe("openai")
    assert (listed.ok, listed.code, listed.models) == (True, None, 7)
    assert listed.latency > 0
    assert "7" in listed.detail("ru")
    asked = await pool.probe("openai", model="answer:tokens=3")
    assert asked.ok
    refused = await pool.probe("openai", model="status:code=401")
    assert (refused.ok, refused.code, refused.models) == (False, "model_key_refused", 7)
    assert "ключ" in refused.detail("ru")
    demo = await pool.probe("demo")
    assert (demo.ok, demo.detail(), demo.detail("ru")) == (True, "It answers. Models: 1.", "Отвечает. Моделей: 1.")
    assert (await pool.probe("google")).code == "model_key_missing"
    assert (await pool.probe("martian")).code == "model_unreachable"


async def test_a_server_that_does_not_list_can_still_answer(model_server: ModelServer) -> None:
    own = Credentials("k", f"{model_server.address}/elsewhere", trusted=True)
    async with ModelPool({}) as pool:
        model_server.log.lists = False
        assert (await pool.probe("custom", own)).code == "model_bad_answer"
        result = await pool.probe("custom", own, model="scripted")
        model_server.log.lists = True
    assert (result.ok, result.models) == (True, 0)
    assert result.detail("en") == "It answers."


async def test_a_key_is_tested_where_anyone_may_read_the_list(lists: ListServer) -> None:
    own = Credentials("k", lists.url, trusted=True)
    async with ModelPool({}, config=QUICK) as pool:
        assert (await pool.probe("openrouter", own)).ok
        lists.closed = {"/key"}
        assert (await pool.probe("openrouter", own)).code == "model_key_refused"
        assert (await pool.probe("custom", own)).ok


def test_this_servers_own_port_is_not_looked_at() -> None:
    providers = {candidate.provider for candidate in usual_candidates(own_port=8000)}
    assert providers == {"ollama", "lmstudio", "llamacpp"}
    assert "vllm" in {candidate.provider for candidate in usual_candidates()}
