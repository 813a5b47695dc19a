"""The pool: whose credentials open a model, what is shared, what is never shared."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.usage import RequestUsage

from artel.llm.answer import stream_answer
from artel.llm.errors import ModelError, ModelUnreachable
from artel.llm.pool import ModelPool, PoolConfig
from artel.llm.providers import PROVIDERS, credentials_from
from artel.llm.refs import Credentials, ModelRef
from tests.support.model_server import ModelServer
from tests.unit.llm.conftest import SERVER_KEY


async def ask(pool: ModelPool, ref: ModelRef, own: Credentials | None = None, owner: object = None) -> None:
    model = pool.model(ref, own, owner=owner)  # pyright: ignore[reportArgumentType]
    async with stream_answer(model, [ModelRequest(parts=[UserPromptPart("hi")])]) as answer:
        async for _ in answer:
            pass


async def test_a_users_own_credentials_come_before_the_servers(pool: ModelPool, model_server: ModelServer) -> None:
    own = Credentials("sk-own", model_server.base_url, trusted=True)
    await ask(pool, ModelRef("openai", "m"), own)
    await ask(pool, ModelRef("openai", "m"))
    assert [request.headers["authorization"] for request in model_server.log.requests] == [
        "Bearer sk-own",
        f"Bearer {SERVER_KEY}",
    ]


async def test_a_users_address_never_sees_the_servers_key(pool: ModelPool, model_server: ModelServer) -> None:
    # given an address of the user's own, without a key
    own = Credentials(None, model_server.base_url, trusted=True)
    # when it is called
    await ask(pool, ModelRef("openai", "m"), own)
    # then no key is sent at all
    assert "authorization" not in model_server.log.requests[0].headers


async def test_a_users_key_is_not_sent_to_the_servers_address(pool: ModelPool) -> None:
    model = pool.model(ModelRef("openai", "m"), Credentials("sk-own"))
    assert model.base_url == "https://api.openai.com/v1"


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/v1", "http://localhost:{port}/v1", "http://[::1]:{port}/v1"])
@pytest.mark.parametrize("provider", ["openai", "custom", "ollama", "anthropic", "google"])
async def test_a_users_address_on_this_machine_is_refused(
    pool: ModelPool, model_server: ModelServer, provider: str, url: str
) -> None:
    own = Credentials("k", url.format(port=model_server.address.rpartition(":")[2]))
    with pytest.raises(ModelUnreachable) as caught:
        pool.model(ModelRef(provider, "m"), own)
    assert caught.value.variant == "address"
    assert model_server.log.connections <= 1


@pytest.mark.parametrize("provider", ["custom", "anthropic", "google"])
async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_connected_to(
    pool: ModelPool, model_server: ModelServer, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a public-looking name that resolves to this machine
    port = int(model_server.address.rpartition(":")[2])
    loop = asyncio.get_running_loop()
    honest = loop.getaddrinfo

    async def lying(host: str, *rest: object, **more: object) -> object:
        return await honest("127.0.0.1" if host == "models.example.com" else host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", lying)
    own = Credentials("k", f"http://models.example.com:{port}")
    # when it is called, then nothing reaches the server
    with pytest.raises(ModelUnreachable) as caught:
        await ask(pool, ModelRef(provider, "m"), own)
    assert caught.value.variant == "address"
    assert model_server.log.calls == 0


@pytest.mark.parametrize(
    ("ref", "code", "variant"),
    [
        (ModelRef("martian", "m"), "model_unreachable", "provider"),
        (ModelRef("anthropic", "claude"), "model_key_missing", None),
        (ModelRef("google", "gemini"), "model_key_missing", None),
        (ModelRef("openrouter", "x"), "model_key_missing", None),
        (ModelRef("custom", "x"), "model_key_missing", "address"),
        (ModelRef("ollama", "x"), "model_key_missing", "address"),
    ],
)
async def test_what_is_not_connected_says_so_at_once(
    pool: ModelPool, ref: ModelRef, code: str, variant: str | None
) -> None:
    with pytest.raises(ModelError) as caught:
        pool.model(ref)
    assert (caught.value.code, caught.value.variant) == (code, variant)


async def test_a_model_is_made_once_for_each_owner_and_key(pool: ModelPool) -> None:
    ref = ModelRef("openai", "m")
    assert pool.model(ref) is pool.model(ref)
    assert pool.model(ref, owner=1) is not pool.model(ref, owner=2)
    assert pool.model(ref, Credentials("a")) is not pool.model(ref, Credentials("b"))


async def test_the_seats_of_a_key_limit_all_its_models(model_server: ModelServer) -> None:
    # given two seats for the server's key
    credentials = {"openai": Credentials("k", model_server.base_url)}
    async with ModelPool(credentials, config=PoolConfig(seats={"openai": 2})) as pool:
        names = [f"answer:tokens=3,delay_ms=20,id={number}" for number in range(6)]
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, model_server.log.open)
                await model_server.log.changed.wait()

        watching = asyncio.create_task(watch())
        # when six models are called at once by two users
        await asyncio.gather(*(ask(pool, ModelRef("openai", name), owner=i % 2) for i, name in enumerate(names)))
        watching.cancel()
    # then never more than two calls were open
    assert most == 2


async def test_prices_follow_who_answered(pool: ModelPool) -> None:
    usage = RequestUsage(input_tokens=1_000_000)
    demo = ModelResponse(parts=[TextPart("x")], usage=usage, model_name="demo", provider_name="demo")
    asked = ModelRef("openai", "gpt-4o")
    assert pool.price_of(demo, asked) == 0
    assert pool.price(asked, usage, Credentials("k")) == Decimal("2.5")
    # the server's own address is not OpenAI, whatever the model is called there
    assert pool.price(asked, usage) is None
    assert pool.price(ModelRef("martian", "m"), usage) is None


def test_the_environment_names_the_usual_variables() -> None:
    found = credentials_from(
        {
            "OPENAI_API_KEY": "sk-1",
            "OPENAI_BASE_URL": "http://10.0.0.5:8000/v1/",
            "GEMINI_API_KEY": "g",
            "OLLAMA_HOST": "0.0.0.0:11434",
            "LMSTUDIO_BASE_URL": "http://box",
            "ANTHROPIC_API_KEY": "  ",
        }
    )
    assert found == {
        "openai": Credentials("sk-1", "http://10.0.0.5:8000/v1", trusted=True),
        "google": Credentials("g", None, trusted=True),
        "ollama": Credentials(None, "http://127.0.0.1:11434/v1", trusted=True),
        "lmstudio": Credentials(None, "http://box:1234/v1", trusted=True),
    }
    assert credentials_from({}) == {}


def test_credentials_do_not_show_their_key() -> None:
    assert "secret" not in repr(Credentials("secret", "http://x"))
    assert "secret" not in Credentials("secret").fingerprint()


@pytest.mark.parametrize(("text", "name"), [("ollama:llama3:8b", "llama3:8b"), ("openai:gpt", "gpt")])
def test_a_model_can_be_written_as_one_word(text: str, name: str) -> None:
    assert ModelRef.parse(text).name == name
    assert str(ModelRef.parse(text)) == text


@pytest.mark.parametrize("text", ["", "openai", "openai:", ":gpt"])
def test_what_is_not_a_model_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a model"):
        ModelRef.parse(text)


def test_every_provider_is_complete() -> None:
    for provider, spec in PROVIDERS.items():
        assert spec.provider == provider
        assert spec.label
        assert (spec.base_url is None) or spec.base_url.startswith("https://")
