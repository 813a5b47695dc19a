"""Anthropic's and Google's models through Pydantic AI's own classes, against servers that speak their languages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from aiohttp import web
from pydantic_ai import Agent
from pydantic_ai.exceptions import ContentFilterError, ModelAPIError, ModelHTTPError, UnexpectedModelBehavior, UserError
from pydantic_ai.messages import ModelRequest, UserPromptPart

from artel.llm.answer import stream_answer
from artel.llm.callee import Callee, Timeouts
from artel.llm.calling import CallReport, RetryPolicy
from artel.llm.deltas import TextDelta
from artel.llm.errors import ModelBadAnswer, ModelError, ModelKeyMissing, ModelTimeout, ModelUnreachable
from artel.llm.pool import ModelPool, PoolConfig
from artel.llm.refs import Credentials, ModelRef
from artel.llm.sdk_errors import from_sdk_error

CONFIG = PoolConfig(timeouts=Timeouts(first_token=5.0, idle=0.5), retry=RetryPolicy(base_delay=0.001, max_delay=0.002))
Events = list[dict[str, Any] | float]


class Vendor:
    """A server of Anthropic's and Google's APIs that sends what it is told; a number is a pause in seconds."""

    def __init__(self) -> None:
        self.url = ""
        self.events: Events = []
        self.refusals: list[tuple[int, object, dict[str, str]]] = []
        self.calls: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.cut = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.calls.append({name.lower(): value for name, value in request.headers.items()})
        self.paths.append(request.path)
        if self.refusals:
            status, body, headers = self.refusals.pop(0)
            return web.Response(status=status, body=orjson.dumps(body), headers=headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in self.events:
            if not isinstance(event, dict):
                await asyncio.sleep(event)
                continue
            name = f"event: {event['type']}\n".encode() if "type" in event else b""
            await response.write(name + b"data: " + orjson.dumps(event) + b"\n\n")
        if self.cut:
            assert request.transport is not None
            request.transport.abort()
        return response


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    server = Vendor()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def pool(vendor: Vendor, reports: list[CallReport]) -> AsyncIterator[ModelPool]:
    keys = {provider: Credentials(f"{provider}-key", vendor.url) for provider in ("anthropic", "google")}
    async with ModelPool(keys, config=CONFIG, on_call=reports.append) as pool:
        yield pool


def claude(*pieces: str | float, stop: str = "end_turn") -> Events:
    """What Anthropic streams."""
    usage = {"input_tokens": 11, "output_tokens": 1}
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "usage": usage}
    message |= {"model": "claude-x", "stop_reason": None, "stop_sequence": None}
    events: Events = [{"type": "message_start", "message": message}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for piece in pieces:
        if isinstance(piece, float):
            events.append(piece)
        else:
            events.append({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
    events.append({"type": "content_block_stop", "index": 0})
    usage = {"output_tokens": len(pieces)}
    events.append({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage})
    return [*events, {"type": "message_stop"}]


def claude_call(name: str, arguments: str) -> Events:
    """A tool call as Anthropic streams it."""
    events = claude(stop="tool_use")
    block: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
    events[1] = {"type": "content_block_start", "index": 0, "content_block": block}
    delta = {"type": "input_json_delta", "partial_json": arguments}
    return [*events[:2], {"type": "content_block_delta", "index": 0, "delta": delta}, *events[2:]]


def gemini(*pieces: str | float) -> Events:
    """What Google streams."""
    events: Events = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, float):
            events.append(piece)
            continue
        last = {"finishReason": "STOP"} if number == len(pieces) - 1 else {}
        candidate = {"content": {"parts": [{"text": piece}], "role": "model"}, "index": 0, **last}
        usage = {"promptTokenCount": 11, "candidatesTokenCount": len(pieces), "totalTokenCount": 11 + len(pieces)}
        events.append({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-x"})
    return events


VENDORS: list[tuple[str, Callable[..., Events]]] = [("anthropic", claude), ("google", gemini)]


async def ask(pool: ModelPool, provider: str, own: Credentials | None = None) -> tuple[str, Any]:
    model = pool.model(ModelRef(provider, "model-x"), own)
    async with stream_answer(model, [ModelRequest(parts=[UserPromptPart("hi")])]) as answer:
        text = "".join([delta.text async for delta in answer if isinstance(delta, TextDelta)])
        return text, answer.response


@pytest.mark.parametrize(("provider", "speak"), VENDORS)
async def test_an_answer_streams_in_with_its_usage(
    pool: ModelPool, vendor: Vendor, reports: list[CallReport], provider: str, speak: Callable[..., Events]
) -> None:
    vendor.events = speak("Hello ", "there", "!")
    text, response = await ask(pool, provider)
    assert text == "Hello there!"
    assert response.text == "Hello there!"
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 3)
    assert response.provider_name == provider
    assert f"{provider}-key" in str(vendor.calls[0])
    assert [(report.outcome, report.usage.output_tokens) for report in reports] == [("ok", 3)]


@pytest.mark.parametrize(("provider", "speak"), VENDORS)
async def test_the_agent_loop_runs_on_it(
    pool: ModelPool, vendor: Vendor, provider: str, speak: Callable[..., Events]
) -> None:
    vendor.events = speak("Hello", " you")
    kinds: list[str] = []
    async with Agent(pool.model(ModelRef(provider, "model-x"))).iter("hi") as run:
        async for node in run:
            if Agent.is_model_request_node(node):
                async with node.stream(run.ctx) as stream:
                    kinds = [type(event).__name__ async for event in stream]
    assert run.result is not None
    assert run.result.output == "Hello you"
    assert run.usage.input_tokens == 11
    assert kinds == ["PartStartEvent", "FinalResultEvent", "PartDeltaEvent", "PartEndEvent"]


async def test_tools_are_called_through_it(pool: ModelPool, vendor: Vendor) -> None:
    vendor.events = claude_call("double", '{"number": 21}')
    agent = Agent(pool.model(ModelRef("anthropic", "model-x")))
    seen: list[int] = []

    @agent.tool_plain
    def double(number: int) -> int:  # pyright: ignore[reportUnusedFunction]
        seen.append(number)
        vendor.events = claude("42")
        return number * 2

    assert (await agent.run("go")).output == "42"
    assert seen == [21]


def refusal(provider: str, status: int, kind: str, text: str) -> dict[str, object]:
    """An error as the vendor words it."""
    if provider == "anthropic":
        return {"type": "error", "error": {"type": kind, "message": text}}
    return {"error": {"code": status, "status": kind.upper(), "message": text}}


@pytest.mark.parametrize("provider", ["anthropic", "google"])
@pytest.mark.parametrize(
    ("status", "kind", "text", "code"),
    [
        (401, "authentication_error", "invalid x-api-key", "model_key_refused"),
        (403, "permission_error", "no", "model_key_refused"),
        (404, "not_found_error", "model: model-x", "model_unknown"),
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", "model_context_too_long"),
        (400, "invalid_request_error", "Your credit balance is too low", "model_rate_limited"),
        (400, "invalid_argument", "temperature: out of range", "model_refused"),
        (429, "resource_exhausted", "slow down", "model_rate_limited"),
        (500, "api_error", "oh", "model_overloaded"),
        (529, "overloaded_error", "Overloaded", "model_overloaded"),
    ],
)
async def test_its_errors_become_ours(
    pool: ModelPool, vendor: Vendor, provider: str, status: int, kind: str, text: str, code: str
) -> None:
    vendor.refusals = [(status, refusal(provider, status, kind, text), {})] * 9
    with pytest.raises(ModelError) as caught:
        await ask(pool, provider)
    assert caught.value.code == code
    assert text in caught.value.detail
    assert len(vendor.calls) == (3 if caught.value.retryable else 1)


@pytest.mark.parametrize(("provider", "speak"), VENDORS)
async def test_passing_faults_are_repeated(
    pool: ModelPool, vendor: Vendor, provider: str, speak: Callable[..., Events]
) -> None:
    vendor.refusals = [(529, {}, {}), (429, {}, {"Retry-After": "0"})]
    vendor.events = speak("ok")
    assert (await ask(pool, provider))[0] == "ok"
    assert len(vendor.calls) == 3


@pytest.mark.parametrize(("provider", "speak"), VENDORS)
async def test_silence_in_the_middle_is_given_up(
    pool: ModelPool, vendor: Vendor, provider: str, speak: Callable[..., Events]
) -> None:
    vendor.events = speak("one ", 5.0, "two")
    with pytest.raises(ModelTimeout):
        await ask(pool, provider)
    assert len(vendor.calls) == 1


@pytest.mark.parametrize(("provider", "speak"), VENDORS)
async def test_an_empty_answer_is_not_an_answer(
    pool: ModelPool, vendor: Vendor, provider: str, speak: Callable[..., Events]
) -> None:
    vendor.events = speak("")
    with pytest.raises(ModelBadAnswer) as caught:
        await ask(pool, provider)
    assert caught.value.variant == "empty"


@pytest.mark.parametrize(("provider", "speak"), VENDORS)
async def test_a_lost_connection_is_told(
    pool: ModelPool, vendor: Vendor, provider: str, speak: Callable[..., Events]
) -> None:
    vendor.events = [*speak("one ", 0.05, "two")[:3], 0.05]
    vendor.cut = True
    with pytest.raises(ModelError) as caught:
        await ask(pool, provider)
    assert caught.value.code in {"model_unreachable", "model_bad_answer"}


@pytest.mark.parametrize("provider", ["anthropic", "google"])
async def test_a_server_that_is_not_there(provider: str, unused_tcp_port: int) -> None:
    keys = {provider: Credentials("k", f"http://127.0.0.1:{unused_tcp_port}")}
    async with ModelPool(keys, config=CONFIG) as pool:
        with pytest.raises(ModelUnreachable):
            await ask(pool, provider)


async def test_a_users_own_key_has_a_client_of_its_own(pool: ModelPool, vendor: Vendor) -> None:
    vendor.events = claude("x")
    await ask(pool, "anthropic", Credentials("own-key", vendor.url, trusted=True))
    await ask(pool, "anthropic")
    assert [call["authorization"] for call in vendor.calls] == ["Bearer own-key", "Bearer anthropic-key"]


@pytest.mark.parametrize(
    ("provider", "key_variable", "url_variable"),
    [
        ("anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        ("google", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
    ],
)
async def test_the_environment_is_never_mixed_with_a_users_credentials(
    vendor: Vendor, provider: str, key_variable: str, url_variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given what the SDKs would look at by themselves
    monkeypatch.setenv(key_variable, "key-of-the-server")
    monkeypatch.setenv(url_variable, vendor.url)
    async with ModelPool({}, config=CONFIG) as pool:
        # when a user has an address without a key, then the server's key is not sent there
        with pytest.raises(ModelKeyMissing):
            await ask(pool, provider, Credentials(None, vendor.url, trusted=True))
        # when a user has a key without an address, then it is for the provider itself
        model = pool.model(ModelRef(provider, "m"), Credentials("own-key"))
        assert vendor.url not in str(model.base_url)
        assert "https://" in str(model.base_url)
    assert vendor.calls == []


async def test_headers_of_the_servers_environment_do_not_reach_a_users_address(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Gateway-Secret: of-the-server")
    vendor.events = claude("Hello")
    async with ModelPool({}, config=CONFIG) as pool:
        await ask(pool, "anthropic", Credentials("own-key", vendor.url, trusted=True))

    [headers] = vendor.calls
    assert "x-gateway-secret" not in headers
    assert "own-key" in str(headers)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelHTTPError(400, "m", "plain text"), "model_refused"),
        (ModelHTTPError(500, "m", {"error": "x"}), "model_overloaded"),
        (ModelHTTPError(503, "m", None), "model_overloaded"),
        (ModelAPIError("m", "Overloaded"), "model_overloaded"),
        (ContentFilterError("no"), "model_refused"),
        (UserError("This model cannot do that"), "model_refused"),
        (UnexpectedModelBehavior("what?"), "model_bad_answer"),
        (TimeoutError(), "model_timeout"),
    ],
)
def test_every_error_of_theirs_has_a_code_of_ours(error: Exception, code: str) -> None:
    assert from_sdk_error(error, Callee("anthropic", "Anthropic", "m")).code == code
