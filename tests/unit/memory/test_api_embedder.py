"""An OpenAI-compatible embeddings API: what is asked, what is read, and what its faults become."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from artel.kit.guard import OutgoingGuard
from artel.llm.access import Access
from artel.llm.callee import Timeouts
from artel.llm.connections import Connections
from artel.llm.providers import PROVIDERS
from artel.llm.refs import Credentials
from artel.memory.embed.api import ApiEmbedder
from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.vectors import BadVector, Space

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


async def vectors(asked: dict[str, Any]) -> web.StreamResponse:
    """One for each text, told apart by the text's length, in the wrong order."""
    rows = [{"index": n, "embedding": [len(text), 1.0, 0.5]} for n, text in enumerate(asked["input"])]
    return web.json_response({"data": rows[::-1], "model": asked["model"]})


@dataclass
class EmbeddingServer:
    """Answers as it is told to, and remembers what it was asked."""

    answer: Answer = vectors
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    keys: list[str | None] = field(default_factory=list[str | None])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization"))
        self.asked.append(orjson.loads(await request.read()))
        return await self.answer(self.asked[-1])


@dataclass
class Setting:
    """The server and how to reach it."""

    server: EmbeddingServer
    connections: Connections
    access: Access

    async def open(self) -> ApiEmbedder:
        return await ApiEmbedder.open(self.connections, self.access, "text-Embedding/3")


@pytest.fixture
async def setting() -> AsyncGenerator[Setting]:
    server, app = EmbeddingServer(), web.Application()
    app.router.add_post("/v1/embeddings", server.handle)
    async with TestServer(app) as running:
        connections = Connections(OutgoingGuard(), Timeouts(), ssl.create_default_context())
        yield Setting(server, connections, access(str(running.make_url("/v1")), trusted=True))
        await connections.aclose()


def access(url: str, *, trusted: bool, key: str | None = "sk-secret") -> Access:
    return Access(PROVIDERS["openai"], Credentials(key, url, trusted=trusted), "own", "fingerprint")


async def test_learns_the_dimension_and_asks_with_the_key(setting: Setting) -> None:
    embedder = await setting.open()

    assert embedder.space == Space("openai-text-embedding-3-3", 3)
    assert list(await embedder.question("пять!")) == [5.0, 1.0, 0.5]
    assert setting.server.asked[-1] == {"model": "text-Embedding/3", "input": ["пять!"]}
    assert setting.server.keys == ["Bearer sk-secret"] * 2
    await embedder.aclose()


async def test_asks_without_a_key_where_there_is_none(setting: Setting) -> None:
    keyless = access(setting.access.base_url, trusted=True, key=None)

    await ApiEmbedder.open(setting.connections, keyless, "local")

    assert setting.server.keys == [None]


async def test_many_texts_are_asked_for_in_batches_and_keep_their_order(setting: Setting) -> None:
    embedder = await setting.open()
    texts = ["x" * (n % 7) for n in range(150)] + ["y" * 60_000, "z" * 60_000]

    found = await embedder.passages(texts)

    assert [vector[0] for vector in found] == [len(text) for text in texts]
    assert [len(asked["input"]) for asked in setting.server.asked[1:]] == [64, 64, 23, 1]
    assert await embedder.passages([]) == []


async def test_what_no_json_can_hold_is_left_out(setting: Setting) -> None:
    embedder = await setting.open()

    await embedder.question("до\0после \ud800!")

    assert setting.server.asked[-1]["input"] == ["допосле ?!"]


def saying(status: int, body: Any, **headers: str) -> Answer:
    """A server that answers with this."""

    async def answer(asked: dict[str, Any]) -> web.StreamResponse:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return web.Response(status=status, body=raw, headers=headers)

    return answer


@pytest.mark.parametrize(
    ("answer", "retryable", "pause"),
    [
        (saying(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}), False, 10),
        (saying(404, {"error": {"message": "The model x does not exist", "code": "model_not_found"}}), False, 10),
        (saying(429, {"error": {"message": "Rate limit reached"}}, **{"Retry-After": "7"}), True, 7),
        (saying(503, {"error": {"message": "overloaded"}}), True, 10),
        (saying(200, b"<html>"), False, 10),
        (saying(200, {"object": "list"}), False, 10),
        (saying(200, {"data": [{"index": 0, "embedding": "AAAA"}]}), False, 10),
        (saying(200, {"data": {"index": 0}}), False, 10),
        (saying(200, b'{"data": "' + b"x" * 34_000_000 + b'"}'), False, 10),
        (saying(302, b"", Location="http://127.0.0.1/"), False, 10),
    ],
    ids=["key", "model", "rate", "overload", "page", "no data", "no numbers", "no list", "huge", "elsewhere"],
)
async def test_faults_of_the_server(setting: Setting, answer: Answer, retryable: bool, pause: float) -> None:
    embedder = await setting.open()
    setting.server.answer = answer

    with pytest.raises(EmbedderUnavailable) as failure:
        await embedder.question("текст")

    assert failure.value.retryable is retryable
    assert failure.value.retry_after == pause
    assert "sk-secret" not in failure.value.detail


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"index": 0, "embedding": [0.0, 0.0, 0.0]}],
        [{"index": 0, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": [1.0, 2.0, 3.0]}, {"index": 1, "embedding": [1.0, 2.0, 3.0]}],
    ],
    ids=["none", "zero", "another size", "too many"],
)
async def test_what_is_no_vector_is_refused(setting: Setting, rows: Any) -> None:
    embedder = await setting.open()
    setting.server.answer = saying(200, {"data": rows})

    with pytest.raises(BadVector):
        await embedder.question("текст")


async def test_a_server_that_is_away(setting: Setting) -> None:
    with pytest.raises(EmbedderUnavailable) as failure:
        await ApiEmbedder.open(setting.connections, access("http://127.0.0.1:9/v1", trusted=True), "x")
    assert failure.value.retryable


async def test_a_server_that_is_silent(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, released = await setting.open(), asyncio.Event()

    async def never(asked: dict[str, Any]) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    setting.server.answer = never
    monkeypatch.setattr("artel.memory.embed.api._QUESTION_SECONDS", 0.05)
    with pytest.raises(EmbedderUnavailable):
        await embedder.question("текст")
    released.set()


async def test_a_users_address_stays_behind_the_guard(setting: Setting) -> None:
    inside = access(setting.access.base_url, trusted=False)

    with pytest.raises(EmbedderUnavailable) as failure:
        await ApiEmbedder.open(setting.connections, inside, "x")

    assert not failure.value.retryable
    assert setting.server.asked == []
