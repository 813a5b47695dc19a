"""Bodies that are too large, too slow, or torn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artel.gateway.bodies import BodyLimit, BodyRule, TooSlow
from artel.gateway.problems import problem
from artel.kit.errors import ArtelError, TooLarge


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await Response(body)(scope, receive, send)


def _client(seconds: float = 5.0) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(BodyLimit(_echo, BodyRule(10, seconds))), base_url="http://x"
    )


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_body_up_to_the_limit_arrives_whole() -> None:
    async with _client() as http:
        assert (await http.post("/", content=b"0123456789")).content == b"0123456789"
        assert (await http.post("/", content=_pieces(b"01234", b"", b"56789"))).content == b"0123456789"
        assert (await http.post("/")).content == b""
        assert (await http.get("/")).content == b""
        assert (await http.request("GET", "/", content=b"abc")).content == b"abc"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
async def test_one_byte_more_is_too_much(method: str) -> None:
    async with _client() as http:
        for content in (b"0123456789a", _pieces(b"0123456789", b"a")):
            answer = await http.request(method, "/", content=content)
            assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
            assert answer.headers["connection"] == "close"


async def _receive_from(messages: list[Message]) -> Message:
    if messages:
        return messages.pop(0)
    await asyncio.Event().wait()
    raise AssertionError


async def _run(messages: list[Message], seconds: float = 5.0) -> tuple[int, str]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    await BodyLimit(_echo, BodyRule(10, seconds))(scope, lambda: _receive_from(messages), send)
    return sent[0]["status"], orjson.loads(sent[1]["body"])["type"]


async def test_a_body_that_never_ends_is_given_up() -> None:
    begun: Message = {"type": "http.request", "body": b"01", "more_body": True}

    assert await _run([begun], seconds=0.05) == (408, "/problems/request-timeout")


async def test_a_body_that_is_cut_off_goes_no_further() -> None:
    begun: Message = {"type": "http.request", "body": b"01", "more_body": True}

    assert await _run([begun, {"type": "http.disconnect"}]) == (400, "/problems/bad-request")


# ---- addresses with a rule of their own


class TooBig(TooLarge):
    """The thing is too big."""

    slug = "too-big"


_STREAMED = BodyRule(20, 5.0, streams=True, error=TooBig)
_OTHERS = {re.compile(r"POST /large/[^/]+/"): BodyRule(15), re.compile(r"POST /streamed/"): _STREAMED}


async def _count_pieces(scope: Scope, receive: Receive, send: Send) -> None:
    pieces = [piece async for piece in Request(scope, receive).stream() if piece]
    await Response(f"{len(pieces)} {b''.join(pieces).decode()}")(scope, receive, send)


async def _take_one_piece(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await Response("enough")(scope, receive, send)


def _ruled(app: ASGIApp = _echo, rule: BodyRule = _STREAMED) -> httpx.AsyncClient:
    limit = BodyLimit(app, BodyRule(10), {**_OTHERS, re.compile(r"POST /streamed/"): rule})
    return httpx.AsyncClient(transport=httpx.ASGITransport(limit), base_url="http://x")


async def test_an_address_may_take_more_than_the_others() -> None:
    async with _ruled() as http:
        assert (await http.post("/large/a/", content=b"x" * 15)).status_code == 200
        assert (await http.post("/large/a/", content=b"x" * 16)).status_code == 413
        assert (await http.put("/large/a/", content=b"x" * 11)).status_code == 413
        assert (await http.post("/large/a/b/", content=b"x" * 11)).status_code == 413


async def test_a_streamed_body_arrives_piece_by_piece() -> None:
    async with _ruled(_count_pieces) as http:
        assert (await http.post("/streamed/", content=_pieces(b"abc", b"def"))).text == "2 abcdef"


@pytest.mark.parametrize("announced", [True, False])
async def test_too_much_of_a_streamed_body_is_answered_in_its_own_words(*, announced: bool) -> None:
    app = FastAPI()
    app.mount("/", _count_pieces)
    app.add_exception_handler(TooBig, lambda _, error: problem(cast(ArtelError, error)))
    content: Any = b"x" * 21 if announced else _pieces(b"x" * 20, b"x")
    async with _ruled(app) as http:
        answer = await http.post("/streamed/", content=content)

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-big")
    assert answer.headers["connection"] == "close"


async def test_an_answer_before_the_end_of_the_body_ends_the_connection() -> None:
    async with _ruled(_take_one_piece) as http:
        early = await http.post("/streamed/", content=_pieces(b"a", b"b"))
    async with _ruled(_count_pieces) as http:
        whole = await http.post("/streamed/", content=b"a")

    assert early.headers["connection"] == "close"
    assert "connection" not in whole.headers


async def test_a_streamed_body_may_not_fall_silent() -> None:
    scope: Scope = {"type": "http", "method": "POST", "path": "/streamed/", "headers": []}
    limit = BodyLimit(_count_pieces, BodyRule(10), {re.compile(r"POST /streamed/"): replace(_STREAMED, seconds=0.05)})
    messages: list[Message] = [{"type": "http.request", "body": b"abc", "more_body": True}]

    async def send(message: Message) -> None:
        raise AssertionError(message)

    with pytest.raises(TooSlow):
        await limit(scope, lambda: _receive_from(messages), send)


async def test_after_the_body_the_server_has_its_say() -> None:
    scope: Scope = {"type": "http", "method": "POST", "path": "/streamed/", "headers": []}
    messages: list[Message] = [{"type": "http.request", "body": b"abc"}, {"type": "http.disconnect"}]
    heard: list[str] = []

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await BodyLimit(listen, BodyRule(10), {re.compile("POST /streamed/"): _STREAMED})(
        scope, lambda: _receive_from(messages), send
    )

    assert heard == ["http.request", "http.disconnect"]
