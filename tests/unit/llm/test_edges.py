"""Small things at the edges: what is forgotten, what is too large, what comes late."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import httpx2
import pytest
from aiohttp import web
from pydantic_ai.messages import ModelRequest, UserPromptPart

from artel.kit.guard import OutgoingGuard
from artel.kit.guarded_http import GuardedTransport
from artel.llm import chat_body
from artel.llm.answer import stream_answer
from artel.llm.chat_body import AnswerTooLarge, ChatBody
from artel.llm.deltas import TextDelta
from artel.llm.errors import ModelBadAnswer
from artel.llm.lru import Lru
from artel.llm.pool import ModelPool
from artel.llm.refs import ModelRef
from tests.support.model_server import ModelServer


def test_what_was_not_used_for_the_longest_time_is_forgotten() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    cache: Lru[str, str] = Lru(2)
    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get(name, lambda name=name: make(name))
    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_what_must_be_kept_is_kept() -> None:
    cache: Lru[str, str] = Lru(1, keep=lambda value: value == "busy")
    for name in ("busy", "x", "y"):
        cache.get(name, lambda name=name: name)
    assert cache.get("busy", lambda: "made again") == "busy"


def test_an_answer_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_body, "MAX_ANSWER_BYTES", 10)
    body = ChatBody()
    body.feed(b": 345678")
    with pytest.raises(AnswerTooLarge):
        body.feed(b"9ab")


def test_blanks_before_the_body_decide_nothing() -> None:
    body = ChatBody()
    assert body.feed(b" \n") == []
    body.feed(b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}')
    assert len(body.finish()) == 1


async def test_a_huge_token_is_read_and_a_huger_one_refused(pool: ModelPool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = [ModelRequest(parts=[UserPromptPart("hi")])]
    async with stream_answer(pool.model(ModelRef("openai", "huge:mb=1")), question) as answer:
        assert [len(delta.text) async for delta in answer if isinstance(delta, TextDelta)] == [2**20]
    monkeypatch.setattr(chat_body, "MAX_ANSWER_BYTES", 2**20)
    with pytest.raises(ModelBadAnswer) as caught:
        async with stream_answer(pool.model(ModelRef("openai", "huge:mb=2")), question):
            pass
    assert caught.value.variant == "huge"


async def test_an_answer_ends_with_done_even_if_the_connection_does_not(
    pool: ModelPool, model_server: ModelServer
) -> None:
    # given a server that keeps the response open after the answer
    model = pool.model(ModelRef("openai", "lingering"))
    async with asyncio.timeout(5):
        async with stream_answer(model, [ModelRequest(parts=[UserPromptPart("hi")])]) as answer:
            async for _ in answer:
                pass
    # then the answer is complete, and the connection is given up rather than waited for
    assert answer.response.state == "complete"
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)


@pytest.fixture
async def host_seen() -> AsyncIterator[tuple[int, list[str]]]:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers["Host"])
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1], seen
    await runner.cleanup()


async def test_the_guarded_transport_connects_to_the_address_that_was_looked_at(
    host_seen: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a name that is another address each time it is asked for
    port, seen = host_seen
    loop = asyncio.get_running_loop()
    answers = ["127.0.0.1", "127.0.0.9"]

    async def rebinding(host: str, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    transport = GuardedTransport(OutgoingGuard(allow_private=True), ssl.create_default_context())
    async with httpx2.AsyncClient(transport=transport) as client:
        response = await client.get(f"http://models.example.com:{port}/")
    # then it was asked once, and the server still saw the name
    assert response.text == "hello"
    assert seen == [f"models.example.com:{port}"]
    assert answers == ["127.0.0.9"]
