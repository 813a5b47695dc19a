"""Servers that hang, lie, drown and trick: each ends in a clear word, in time, and having sent little."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Any

import pytest

from artel.tools.mcp.model import McpFailure, Offer, Secrets, Target, Tokens
from artel.tools.mcp.wire.meter import MAX_BYTES
from artel.tools.mcp.wire.requests import ToolError, call_tool, list_tools
from tests.support.mcp_evil import MODERN, EvilServer

TLS = ssl.create_default_context()
ADMIN: Any = {"may_go_anywhere": True}
"""Whose servers may be on loopback, as these are."""


def target(evil: EvilServer, name: str, **more: Any) -> Target:
    return Target("http", evil.url(name), **{**ADMIN, **more})


async def offered(evil: EvilServer, name: str, seconds: float = 20) -> Offer:
    return await list_tools(target(evil, name), TLS, seconds)


async def why(evil: EvilServer, name: str, seconds: float = 20) -> McpFailure:
    """The reason for which nothing is listed."""
    with pytest.raises(McpFailure) as failed:
        await offered(evil, name, seconds)
    return failed.value


async def called(evil: EvilServer, name: str, seconds: float = 20, **more: Any) -> Any:
    known = target(evil, name, protocol="2025-11-25", **more)
    return (await call_tool(known, TLS, "echo", {}, {"say": "hello"}, seconds)).value


@pytest.mark.parametrize("name", ["hang", "trickle", "never-again"])
async def test_who_does_not_answer_in_time_is_left(evil: EvilServer, name: str) -> None:
    began = time.monotonic()

    failure = await why(evil, name, seconds=0.5)

    assert (failure.fault.code, failure.fault.detail) == ("timeout", "The server did not answer within 0.5 seconds.")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["endless", "endless-event", "huge", "huge-error"])
async def test_who_does_not_stop_is_cut_off(evil: EvilServer, name: str) -> None:
    failure = await why(evil, name)

    assert failure.fault.code == "too_large"
    # What lies in the buffers of two sockets is on its way already.
    assert evil.poured < MAX_BYTES * 2.5


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("crumbs", "too_large", "more than is allowed"),
        ("packed", "packed", "asked not to"),
        ("page", "not_mcp", "a web page"),
        ("text", "not_mcp", "something else"),
        ("to-metadata", "redirected", "another address"),
        ("to-itself", "flood", "again"),
        ("drop", "dropped", "dropped the connection"),
        ("garbage", "not_mcp", "cannot be read"),
        ("nothing", "dropped", "ended the connection"),
        ("deep-answer", "not_mcp", "cannot be read"),
        ("broken", "http_error", "answered with HTTP 500."),
        ("closed", "refused", "HTTP 403"),
        ("accepted", "server_error", "202"),
        ("absurd", "not_mcp", "does not speak MCP"),
        ("again-and-again", "flood", "asked for again"),
        ("nonsense", "not_mcp", "does not speak MCP"),
        ("flood", "flood", "too many notifications"),
        ("insisting", "flood", "asked for too many things"),
    ],
)
async def test_what_is_wrong_is_said(evil: EvilServer, name: str, code: str, says: str) -> None:
    failure = await why(evil, name)

    assert (failure.fault.code, says in failure.fault.detail) == (code, True), failure.fault
    assert len(evil.seen) < 60


async def test_nobody_is_there() -> None:
    with pytest.raises(McpFailure) as failed:
        await list_tools(Target("http", "http://127.0.0.1:1/", may_go_anywhere=True), TLS, 5)

    assert failed.value.fault.code == "unreachable"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "ftp://x.example/"]
)
async def test_where_one_may_not_go_one_does_not(address: str) -> None:
    with pytest.raises(McpFailure) as failed:
        await list_tools(Target("http", address), TLS, 5)

    assert failed.value.fault.code == "address_refused"


async def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(
    evil: EvilServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def inside(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("127.0.0.1", evil.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
    with pytest.raises(McpFailure) as failed:
        await list_tools(Target("http", f"http://mcp.example.org:{evil.port}/honest"), TLS, 5)

    assert failed.value.fault.code == "address_refused"
    assert evil.seen == []


async def test_a_redirect_is_followed_within_the_server(evil: EvilServer) -> None:
    assert [tool.name for tool in (await offered(evil, "moved")).tools] == ["echo"]


async def test_an_honest_server_is_asked_no_more_than_needed(evil: EvilServer) -> None:
    offer = await offered(evil, "honest")

    assert ([tool.name for tool in offer.tools], offer.protocol, offer.is_whole) == (["echo"], "2025-11-25", True)
    # The stream of what it would like to tell is not opened, and it is told when we leave.
    assert evil.seen == [
        ("POST", "server/discover"),
        ("POST", "initialize"),
        ("POST", "notifications/initialized"),
        ("POST", "tools/list"),
        ("DELETE", ""),
    ]


async def test_a_known_modern_server_is_called_in_one_request(evil: EvilServer) -> None:
    schema = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
    known = target(evil, "modern", protocol=MODERN)

    answer = await call_tool(known, TLS, "echo", schema, {"region": "eu"}, 20)

    assert (answer.value, evil.seen) == ("ok", [("POST", "tools/call")])
    assert evil.headers[0]["mcp-param-region"] == "eu"


async def test_a_modern_server_that_asks_back_is_refused(evil: EvilServer) -> None:
    known = target(evil, "modern", protocol=MODERN)

    with pytest.raises(McpFailure) as failed:
        await call_tool(known, TLS, "echo", {}, {"region": "nowhere"}, 20)

    assert failed.value.fault.code == "asks_back"


async def test_ten_thousand_tools_are_not_looked_at(evil: EvilServer) -> None:
    offer = await offered(evil, "many")

    assert (len(offer.tools), offer.tools[0].name) == (400, "tool0")


async def test_a_list_without_end_is_left(evil: EvilServer) -> None:
    offer = await offered(evil, "pages")

    assert (len(offer.tools), offer.is_whole) == (20, False)


async def test_progress_is_dropped_and_harmless(evil: EvilServer) -> None:
    assert [tool.name for tool in (await offered(evil, "chatty")).tools] == ["echo"]


async def test_a_model_a_person_and_files_are_refused_to_a_server(evil: EvilServer) -> None:
    await offered(evil, "demanding")

    assert sorted(told.get("message", "alive") for told in evil.told) == [
        "Elicitation not supported",
        "List roots not supported",
        "Sampling not supported",
        "alive",
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [("hang-call", "timeout"), ("huge-call", "too_large"), ("drop-call", "dropped")],
)
async def test_a_call_that_comes_to_nothing(evil: EvilServer, name: str, code: str) -> None:
    with pytest.raises(McpFailure) as failed:
        await called(evil, name, seconds=0.7 if code == "timeout" else 20)

    assert failed.value.fault.code == code


@pytest.mark.parametrize(
    ("name", "said"), [("failing", "no such city"), ("failing-silently", "The tool failed and did not say why.")]
)
async def test_a_tool_that_fails_says_why(evil: EvilServer, name: str, said: str) -> None:
    with pytest.raises(ToolError) as failed:
        await called(evil, name)

    assert failed.value.fault.detail == said


async def test_a_long_text_is_cut(evil: EvilServer) -> None:
    text = await called(evil, "long")

    assert len(text) < 51_000
    assert text.endswith("[cut: the first 50000 of 200000 characters]")


async def test_an_answer_is_not_lost_when_the_server_will_not_be_left(evil: EvilServer) -> None:
    assert await called(evil, "stays") == '{"say":"hello"}'
    assert evil.seen[-1][0] == "DELETE"


async def test_a_call_is_cancelled_at_once_and_told_to_the_server(evil: EvilServer) -> None:
    task = asyncio.create_task(called(evil, "hang-call", seconds=60))
    async with asyncio.timeout(10):
        while ("POST", "tools/call") not in evil.seen:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)
    assert ("POST", "notifications/cancelled") in evil.seen


async def test_headers_and_tokens_are_sent_and_ours_win(evil: EvilServer) -> None:
    secrets = Secrets(headers={"X-Team": "a", "Authorization": "Bearer of-old"}, tokens=Tokens("of-now"))
    await called(evil, "honest", secrets=secrets)

    assert {headers["x-team"] for headers in evil.headers} == {"a"}
    assert {headers["authorization"] for headers in evil.headers} == {"Bearer of-now"}
    assert {headers["accept-encoding"] for headers in evil.headers} == {"identity"}
