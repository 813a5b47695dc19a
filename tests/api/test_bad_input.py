"""Whatever is sent, the answer is a clear 4xx problem: no 500, no stack trace, nothing stored by half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api import AGENT, Person, Site
from tests.support.live_http import live_server

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


def _is_clear(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"nonsense", 400),
        (b"\x00\x01\x02\xff\xfe", 400),
        (b'{"title": "\xff\xfe"}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"title": NaN}', 400),
        (b"[" * 100_000, 400),
        (b'{"title":' * 5_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"123456789012345678901234567890", 422),
        (b'{"title": "a\\u0000b"}', 422),
        (b'{"ti\\u0000tle": "a"}', 422),
        (b'{"title": 5}', 422),
        (b'{"title": {"a": 1}}', 422),
        (b'{"title": 1e400}', 422),
        (b'{"title": "' + b"x" * 201 + b'"}', 422),
        (b'{"title": "x", "user_id": 1}', 422),
    ],
)
async def test_a_body_that_is_not_what_is_asked_for(ann: Person, body: bytes, status: int) -> None:
    answer = await ann.http.post("/my/chat/sessions/", content=body, headers=JSON)

    assert answer.status_code in {status, 400, 422}
    _is_clear(answer, answer.status_code)
    assert (await ann.http.get("/my/chat/sessions/")).json()["items"] == []


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
async def test_a_body_of_another_kind(ann: Person, content_type: str) -> None:
    answer = await ann.http.post(
        "/my/chat/sessions/", content=b'{"title": "x"}', headers={"Content-Type": content_type}
    )

    _is_clear(answer, 415)


async def test_a_body_that_is_too_large_by_its_own_word(ann: Person) -> None:
    answer = await ann.http.post("/my/agents/", json={**AGENT, "system_prompt": "x" * 1_000_001})

    _is_clear(answer, 413)


async def test_a_body_that_is_too_large_and_does_not_say_so(ann: Person) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    answer = await ann.http.post("/my/agents/", content=chunks(), headers=JSON)

    _is_clear(answer, 413)


async def test_a_body_that_is_cut_off_leaves_the_server_well(site: Site, ann: Person) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in ann.http.cookies.items())
    async with live_server(site.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /my/chat/sessions/ HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n"
        writer.write((head + "Content-Length: 100\r\n\r\n" + '{"title": "ha').encode())
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()

    assert b" 500 " not in answer
    assert (await ann.http.get("/my/chat/sessions/")).json()["items"] == []
    assert b"artel_http_requests_total" in site.house.metrics.render()


@pytest.mark.parametrize(
    "path",
    [
        "/my/chat/abc/",
        "/my/chat/0/",
        "/my/chat/-1/",
        "/my/chat/9007199254740992/",
        "/my/chat/99999999999999999999999999/",
        "/my/chat/1.5/",
        "/my/chat/%00/",
        "/my/chat/1%00/",
        "/my/chat/1/events/?last_event_id=" + "9" * 41,
        "/my/runs/abc/",
        "/my/runs/00000000-0000-0000-0000-00000000000g/",
        "/my/agents/available/abc/",
        "/my/chat/sessions/?limit=0",
        "/my/chat/sessions/?limit=101",
        "/my/chat/sessions/?limit=many",
        "/my/chat/sessions/?cursor=%00",
        "/my/chat/sessions/?cursor=!!!",
        "/my/chat/sessions/?cursor=bnVsbA",
        "/my/chat/sessions/?cursor=WzEsMl0x",
        "/my/chat/sessions/?cursor=WyJhIiwiYiJd",
        "/my/chat/sessions/?cursor=Wy0xLC0xXQ",
        "/my/chat/sessions/?cursor=" + "A" * 201,
    ],
)
async def test_an_address_that_names_nothing_that_could_be(ann: Person, path: str) -> None:
    answer = await ann.http.get(path)

    _is_clear(answer, 422)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "!", "a" * 100, "%00", "é"])
async def test_a_cursor_of_another_list(ann: Person, cursor: str) -> None:
    chat = await ann.chat()

    answer = await ann.http.get(f"/my/chat/{chat}/", params={"cursor": cursor})

    _is_clear(answer, 422)
    assert answer.json()["type"] == "/problems/bad-cursor"


@pytest.mark.parametrize("agent_id", ["%00", "a%00b", "a b", "..%2f..", "x" * 101, "ann;drop", "%F0%9F%A6%8A"])
async def test_an_agent_id_that_could_not_be_one(ann: Person, agent_id: str) -> None:
    answer = await ann.http.put(f"/my/agents/{agent_id}/", json=AGENT)

    assert answer.status_code in (404, 422)
    _is_clear(answer, answer.status_code)


async def test_an_address_that_is_not_there(site: Site, ann: Person) -> None:
    _is_clear(await ann.http.get("/my/nothing/"), 404)
    _is_clear(await ann.http.post("/my/nothing/", json={}), 404)
    _is_clear(await (await site.visitor()).post("/nothing", json={}), 404)
    _is_clear(await (await site.visitor()).get("/auth/nothing"), 404)


async def test_a_method_that_is_not_taken(ann: Person) -> None:
    answer = await ann.http.put("/my/chat/sessions/", json={})

    _is_clear(answer, 405)
    assert answer.headers["allow"]
    _is_clear(await ann.http.request("BREW", "/my/agents/"), 405)


async def test_odd_headers(ann: Person) -> None:
    for headers in (
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "x" * 5_000},
        {"Authorization": b"Bearer \xff\xfe"},
    ):
        _is_clear(await ann.http.get("/my/agents/", headers=headers), 401)  # pyright: ignore[reportArgumentType]
    for key in (b"", b"with space", b"\xff\xfe", b"x" * 256):
        answer = await ann.http.post("/my/chat/sessions/", json={}, headers={"Idempotency-Key": key})  # pyright: ignore[reportArgumentType]
        _is_clear(answer, 422)
    answer = await ann.http.get("/my/agents/", headers={"X-Request-Id": "<script>"})
    assert answer.headers["x-request-id"] != "<script>"


async def test_a_bug_is_a_500_without_a_word_of_it(site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("the password is 12345")

    monkeypatch.setattr(type(site.house.users), "registration", crash)

    answer = await ann.http.get("/auth/options/")

    _is_clear(answer, 500)
    assert "12345" not in answer.text
    assert answer.headers["content-security-policy"]
