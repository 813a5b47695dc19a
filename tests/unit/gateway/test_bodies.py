"""Bodies that are too large, too slow, or torn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from artel.gateway.bodies import BodyLimit


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await Response(body)(scope, receive, send)


def _client(seconds: float = 5.0) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(BodyLimit(_echo, 10, seconds)), base_url="http://x")


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
    await BodyLimit(_echo, 10, seconds)(scope, lambda: _receive_from(messages), send)
    return sent[0]["status"], orjson.loads(sent[1]["body"])["type"]


async def test_a_body_that_never_ends_is_given_up() -> None:
    begun: Message = {"type": "http.request", "body": b"01", "more_body": True}

    assert await _run([begun], seconds=0.05) == (408, "/problems/request-timeout")


async def test_a_body_that_is_cut_off_goes_no_further() -> None:
    begun: Message = {"type": "http.request", "body": b"01", "more_body": True}

    assert await _run([begun, {"type": "http.disconnect"}]) == (400, "/problems/bad-request")
