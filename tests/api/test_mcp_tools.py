"""Agents use the tools of their user's servers: under the user's policy, whatever a server says."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from artel.tools.tool import Caller, ToolFailure
from tests.support.api import Person, Site
from tests.support.mcp_evil import EvilServer
from tests.support.mcp_people import added
from tests.support.mcp_server import INJECTION, NotesServer
from tests.support.planning import is_, pending, until
from tests.support.tool_people import answered, ask, asked_about, calls, chosen, waiting_for, yes
from tests.support.tool_scripts import calling

WRITE = ("notes__write", {"text": "Buy milk"})


async def with_notes(person: Person, url: str, *tools: str, **policies: str) -> dict[str, Any]:
    """A server, and an agent with some of its tools."""
    server = await added(person, "Notes", url)
    await person.agent("Coder", tools=chosen(*tools, **policies))
    return server


async def test_a_call_is_asked_about_and_then_carried_out(ann: Person, notes: NotesServer) -> None:
    await with_notes(ann, notes.url, "notes__write")

    run_id, approval = await asked_about(ann, calling([WRITE]))
    assert (approval["tool"]["kind"], approval["tool"]["label"], notes.notes) == ("mcp", "write", [])
    await yes(ann, approval, edited={"text": "Buy bread"})
    answer = await answered(ann, run_id)

    assert (calls(answer), notes.notes) == ([("notes__write", "ok")], ["Buy bread"])
    assert answer["tool_calls"][0]["result"] == {"result": "1 notes"}


@pytest.mark.parametrize("arguments", [{}, {"text": 5}, {"text": "a", "more": {"$ref": "#"}}])
async def test_arguments_are_checked_before_anybody_is_asked(
    ann: Person, notes: NotesServer, arguments: dict[str, Any]
) -> None:
    await with_notes(ann, notes.url, "notes__write")
    fits = "more" in arguments

    _, run_id = await ask(ann, calling([("notes__write", arguments)]))
    if fits:
        [approval] = await waiting_for(ann)
        refused = await yes(ann, approval, edited={"words": "x"})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-arguments")
        await yes(ann, approval)
    answer = await answered(ann, run_id)

    assert calls(answer) == [("notes__write", "ok" if fits else "failed")]
    assert (await pending(ann), notes.notes) == ([], ["a"] if fits else [])


async def test_what_a_server_says_raises_no_right(ann: Person, notes: NotesServer, site: Site) -> None:
    # given a tool whose description and answer order everything to be allowed, and which its user allowed
    await with_notes(ann, notes.url, "notes__write", current_time="ask", notes__secret="allow")

    forget = ("notes__forget", {"everything": True})
    _, run_id = await ask(ann, calling([("notes__secret", {})], [WRITE, ("current_time", {})], [forget]))
    await until(ann, run_id, is_("waiting"))

    # then its word has reached the model, and each other tool still waits or is denied
    [run] = await site.stores.as_migrator("select result from tool_calls where tool_id = 'notes__secret'")
    assert INJECTION[:60] in str(run["result"])
    both = await pending(ann)
    assert {each["tool"]["tool_id"] for each in both} == {"notes__write", "current_time"}
    for each in both:
        await yes(ann, each)
    answer = await answered(ann, run_id)
    assert calls(answer)[-1] == ("notes__forget", "failed")
    [agent] = (await ann.http.get("/my/agents/")).json()["items"]
    assert {tool["tool_id"]: tool.get("policy") for tool in agent["tools"]} == {
        "notes__write": None,
        "current_time": "ask",
        "notes__secret": "allow",
    }
    assert await site.stores.as_migrator("select * from tool_grants") == []


async def test_a_servers_error_reaches_the_model(ann: Person, notes: NotesServer) -> None:
    await with_notes(ann, notes.url, notes__forget="allow")

    _, run_id = await ask(ann, calling([("notes__forget", {"everything": True})]))
    answer = await answered(ann, run_id)

    assert calls(answer) == [("notes__forget", "failed")]
    assert "Error executing tool forget" in answer["tool_calls"][0]["result"]["error"]


async def test_a_picture_becomes_a_file_of_the_users(ann: Person, notes: NotesServer, site: Site) -> None:
    await with_notes(ann, notes.url, notes__draw="allow")

    _, run_id = await ask(ann, calling([("notes__draw", {})]))
    answer = await answered(ann, run_id)

    [file_id] = answer["tool_calls"][0]["files"]
    [row] = await site.stores.as_migrator("select * from files")
    assert (row["id"], row["user_id"], row["name"], row["media_type"], row["source"]) == (
        uuid.UUID(file_id), ann.id, "picture.png", "image/png", "tool",
    )  # fmt: skip
    assert answer["tool_calls"][0]["result"] == "[picture 1]"


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("huge-call", "more than is allowed"),
        ("drop-call", "dropped the connection"),
        ("failing", "no such city"),
    ],
)
async def test_a_call_that_fails_says_why(ann: Person, evil: EvilServer, behaviour: str, says: str) -> None:
    await with_notes(ann, evil.url(behaviour), notes__echo="allow")

    _, run_id = await ask(ann, calling([("notes__echo", {})]))
    answer = await answered(ann, run_id)

    assert calls(answer) == [("notes__echo", "failed")]
    assert says in answer["tool_calls"][0]["result"]["error"]
    assert answer["status"] == "complete"


async def test_a_rug_is_not_pulled(ann: Person, evil: EvilServer) -> None:
    # given a tool that became another one after its user had looked at it
    await with_notes(ann, evil.url("rug"), notes__weather="allow")

    _, run_id = await ask(ann, calling([("notes__weather", {"password": "x"}), ("notes__weather", {"city": "Tula"})]))
    answer = await answered(ann, run_id)

    # then the call is checked by what was looked at, and what the server now wants is a failure with its reason
    first, second = (call["result"]["error"] for call in answer["tool_calls"])
    assert "'city' is a required property" in first
    assert "password is required" in second
    tools = (await ann.http.get("/my/tools/")).json()["items"]
    assert [tool["description"] for tool in tools if tool["server"]] == ["Tells the weather."]


async def test_a_server_that_was_removed_meanwhile(ann: Person, notes: NotesServer) -> None:
    server = await with_notes(ann, notes.url, "notes__write")
    run_id, approval = await asked_about(ann, calling([WRITE]))

    await ann.http.delete(f"/my/mcp-servers/{server['id']}/")
    refused = await yes(ann, approval)
    await ann.http.post(f"/my/tools/{approval['id']}/reject/", json={})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/tool-gone")
    assert calls(await answered(ann, run_id)) == [("notes__write", "rejected")]


async def test_only_ones_own_servers_are_called(ann: Person, site: Site, notes: NotesServer, evil: EvilServer) -> None:
    # given two users whose servers and tools are called alike
    eve = await site.person(role="admin")
    await with_notes(ann, notes.url, notes__write="allow")
    await with_notes(eve, evil.url("honest"), notes__echo="allow")
    before = len(evil.seen)

    _, run_id = await ask(ann, calling([WRITE]))
    await answered(ann, run_id)

    assert (notes.notes, len(evil.seen)) == (["Buy milk"], before)
    _, run_id = await ask(eve, calling([("notes__echo", {"a": 1}), WRITE]))
    assert calls(await answered(eve, run_id)) == [("notes__echo", "ok"), ("notes__write", "failed")]
    assert notes.notes == ["Buy milk"]


async def test_a_hanging_server_holds_up_nobody_else(ann: Person, site: Site, evil: EvilServer) -> None:
    # given somebody whose calls all hang
    bob = await site.person(role="admin")
    await with_notes(bob, evil.url("hang-call"), notes__echo="allow")
    await with_notes(ann, evil.url("honest"), notes__echo="allow")
    runs = [await ask(bob, calling([("notes__echo", {"n": n}) for n in range(3)])) for _ in range(2)]
    async with asyncio.timeout(20):
        while sum(method == "tools/call" for _, method in evil.seen) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    _, run_id = await ask(ann, calling([("notes__echo", {"a": 1})]))

    assert calls(await answered(ann, run_id)) == [("notes__echo", "ok")]
    # and no more of them are under way than one user may have
    assert sum(method == "tools/call" for _, method in evil.seen) == 5
    for _, each in runs:
        await bob.http.post(f"/my/runs/{each}/cancel/")


async def test_pictures_for_which_there_is_no_room(ann: Person, notes: NotesServer, site: Site) -> None:
    await with_notes(ann, notes.url, notes__draw="allow")
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute(_FULL, ann.id, uuid.uuid4())

    _, run_id = await ask(ann, calling([("notes__draw", {})]))
    [call] = (await answered(ann, run_id))["tool_calls"]

    assert (call["status"], call["files"]) == ("ok", [])
    assert call["result"] == {
        "answer": "[picture 1]",
        "note": "Pictures of this answer could not be kept: the user has no room for them.",
    }


_FULL = """
insert into files (user_id, id, name, media_type, size, sha256, source, text_status)
values ($1, $2, 'x', 'text/plain', 1000000000000, '', 'upload', 'none')
"""


async def test_a_tool_in_hand_whose_server_is_gone(ann: Person, notes: NotesServer, site: Site) -> None:
    server = await added(ann, "Notes", notes.url)
    source = site.house.mcp.source
    async with site.house.shards.user_tx(ann.id) as tx:
        [tool] = await source.read(tx, ["notes__write"])
        assert await source.read(tx, ["current_time", "notes__nonesuch", "other__write"]) == []
    await ann.http.delete(f"/my/mcp-servers/{server['id']}/")
    caller = Caller(ann.id, "user1_coder", 1, uuid.uuid4(), uuid.uuid4(), "call")

    assert tool.run is not None
    with pytest.raises(ToolFailure, match="was removed"):
        await tool.run(caller, {"text": "x"})
    assert notes.notes == []


async def test_a_tool_in_hand_is_of_no_use_to_another(ann: Person, site: Site, notes: NotesServer) -> None:
    eve = await site.person(role="admin")
    await added(ann, "Notes", notes.url)
    async with site.house.shards.user_tx(ann.id) as tx:
        [tool] = await site.house.mcp.source.read(tx, ["notes__write"])
    caller = Caller(eve.id, "user1_coder", 1, uuid.uuid4(), uuid.uuid4(), "call")

    assert tool.run is not None
    with pytest.raises(ToolFailure, match="was removed"):
        await tool.run(caller, {"text": "x"})
    assert notes.notes == []
