"""Agents that look things up in their user's memory, and write into it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from artel.events.types import Event, MemoryChanged
from artel.tools.builtin.memory import MEMORY_SAVE, MEMORY_SEARCH
from tests.support.api import Person, Site
from tests.support.memories import Memories
from tests.support.memory import MONDAY
from tests.support.tool_people import answered, ask, chosen, waiting_for, yes
from tests.support.tool_scripts import calling


async def searched(person: Person, handle: str = "coder", **arguments: Any) -> Any:
    """What the tool answers to an agent."""
    _, run_id = await ask(person, calling([(MEMORY_SEARCH, arguments)]), handle)
    [call] = (await answered(person, run_id))["tool_calls"]
    return call["result"]


async def saved(person: Person, text: str, handle: str = "coder") -> Any:
    """The same of writing, once the user agreed."""
    _, run_id = await ask(person, calling([(MEMORY_SAVE, {"text": text})]), handle)
    [approval] = await waiting_for(person)
    assert approval["tool"]["arguments"] == {"text": text}
    await yes(person, approval)
    [call] = (await answered(person, run_id))["tool_calls"]
    return call["result"]


async def notes(person: Person, site: Site) -> list[dict[str, Any]]:
    async with site.house.shards.user_tx(person.id) as tx:
        rows = await tx.fetch("select * from memories where user_id = $1 and kind = 'note' order by id", person.id)
    return [dict(row) for row in rows]


@pytest.fixture
async def ada(ann: Person) -> Person:
    await ann.agent(tools=chosen(MEMORY_SEARCH, MEMORY_SAVE))
    return ann


async def test_what_was_said_is_found_with_its_date(ada: Person, remembered: Memories) -> None:
    await remembered.add(ada.id, "My dog is called Biscuit.", agent_id=f"user{ada.id}_writer", role="assistant")
    await remembered.add(ada.id, "The report is due on Friday.")

    assert await searched(ada, query="Как зовут собаку?") == {
        "found": [
            {
                "text": "My dog is called Biscuit.",
                "said": "2026-11-23T09:00+00:00",
                "kind": "note",
                "by": "assistant",
                "agent": "@writer",
            }
        ]
    }
    assert await searched(ada, query="recipes with chanterelles") == {"found": []}


async def test_times_bound_a_search(ada: Person, remembered: Memories) -> None:
    await remembered.add(ada.id, "My dog is called Biscuit.", minute=0)
    await remembered.add(ada.id, "My dog is called Toast.", minute=24 * 60)

    async def names(**bounds: str) -> list[str]:
        found = (await searched(ada, query="dog", **bounds))["found"]
        return sorted(each["text"].split()[-1] for each in found)

    assert await names(since="2026-11-24") == ["Toast."]
    assert await names(until="2026-11-24") == ["Biscuit."]
    assert await names(since=MONDAY.isoformat(), until="2026-11-23T12:00:00+03:00") == []
    assert await names(since="2026-11-23T08:59:00") == ["Biscuit.", "Toast."]


async def test_nobody_finds_anothers_memory_by_way_of_the_tool(ada: Person, bob: Person, remembered: Memories) -> None:
    await bob.agent(tools=chosen(MEMORY_SEARCH))
    await remembered.add(ada.id, "The safe opens with 48-15-16.")
    await remembered.add(bob.id, "The fridge opens with a key.")

    assert "48-15-16" not in json.dumps(await searched(bob, query="The safe opens with 48-15-16."))
    assert "48-15-16" in json.dumps(await searched(ada, query="How does the safe open?"))


async def test_a_note_is_written_once_and_only_when_the_user_agrees(
    ada: Person, site: Site, remembered: Memories
) -> None:
    def is_told(event: Event) -> bool:
        return isinstance(event, MemoryChanged)

    async with site.house.hub.waiter(ada.id, is_told) as waiter:
        assert await saved(ada, "Ada's dog is called Biscuit.") == {"saved": True, "was_known": False}
        changed = await waiter.result(20)
    [note] = await notes(ada, site)
    assert (note["text"], note["role"], note["call_type"], note["agent_id"]) == (
        "Ada's dog is called Biscuit.", "assistant", "note", f"user{ada.id}_coder",
    )  # fmt: skip
    assert isinstance(changed, MemoryChanged)
    assert (changed.reason, changed.ids, changed.session_id) == ("saved", (note["id"],), note["session_id"])
    assert note["indexed_revision"] == 0

    assert await saved(ada, "  ada's dog is   called biscuit. ") == {"saved": True, "was_known": True}
    assert await notes(ada, site) == [note]


@pytest.mark.parametrize("switch", ["agent", "chat"])
async def test_where_memory_is_off_the_tools_are_too(
    ada: Person, site: Site, remembered: Memories, switch: str
) -> None:
    await remembered.add(ada.id, "My dog is called Biscuit.")
    off: dict[str, Any] = {"memory": {"recall": False, "save": False}} if switch == "agent" else {}
    await ada.agent("Stranger", tools=chosen(**{MEMORY_SEARCH: "allow", MEMORY_SAVE: "allow"}), **off)
    chat = await ada.chat()
    if switch == "chat":
        sql = "update chat_sessions set memory = false where user_id = $1 and id = $2"
        await remembered.change(ada.id, sql, chat)
    for tool, arguments in ((MEMORY_SEARCH, {"query": "dog"}), (MEMORY_SAVE, {"text": "A cat."})):
        answer = (await ada.say(chat, f"@stranger {calling([(tool, arguments)])}")).json()
        [call] = answer["tool_calls"]
        assert call["status"] == "failed"
        assert "switched off" in call["result"]["error"]
    assert len(await notes(ada, site)) == 1


async def test_memory_that_is_away_is_told_to_the_agent(ada: Person) -> None:
    assert "cannot be searched" in (await searched(ada, query="dog"))["error"]


async def test_they_are_in_the_catalogue(ada: Person) -> None:
    catalogue = {tool["tool_id"]: tool for tool in (await ada.http.get("/my/tools/")).json()["items"]}

    assert (catalogue[MEMORY_SEARCH]["policy"], catalogue[MEMORY_SAVE]["policy"]) == ("allow", "ask")
    assert catalogue[MEMORY_SEARCH]["arguments_schema"]["required"] == ["query"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [(MEMORY_SEARCH, {"query": ""}), (MEMORY_SEARCH, {"query": "x", "user_id": 1}), (MEMORY_SAVE, {"text": " \n "})],
)
async def test_arguments_that_are_none(ada: Person, tool: str, arguments: dict[str, Any]) -> None:
    _, run_id = await ask(ada, calling([(tool, arguments)]))
    [call] = (await answered(ada, run_id))["tool_calls"]

    assert call["status"] == "failed"
