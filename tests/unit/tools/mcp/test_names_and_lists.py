"""What strangers call things, and what of a list is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.tools.mcp.listing import keep
from artel.tools.mcp.model import MAX_TOOLS, Offer, RawTool
from artel.tools.mcp.naming import handle_of, handles_in, readable, tool_id_of

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def raw(name: str, schema: Any = None, **more: Any) -> RawTool:
    return RawTool(name, more.get("title"), more.get("description"), schema or {"type": "object"})


@pytest.mark.parametrize(
    ("name", "taken", "handle"),
    [
        ("Notes", [], "notes"),
        ("Мои заметки", [], "moi-zametki"),
        ("a__b", [], "a-b"),
        ("!!!", [], "server"),
        ("A name that is far too long for a handle", [], "a-name-that-is-far-too-l"),
        ("Notes", ["notes", "notes-2"], "notes-3"),
        ("A name that is far too long for a handle", ["a-name-that-is-far-too-l"], "a-name-that-is-far-too-2"),
    ],
)
def test_a_handle_is_made_of_a_name(name: str, taken: list[str], handle: str) -> None:
    assert handle_of(name, taken) == handle


@given(st.text(max_size=100), st.text(max_size=300))
def test_an_id_can_be_used_and_names_its_server(name: str, tool: str) -> None:
    handle = handle_of(name, [])

    tool_id = tool_id_of(handle, tool)

    assert _ID.fullmatch(tool_id)
    assert handles_in([tool_id]) == {handle}


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=20))
def test_different_names_are_different_tools(names: list[str]) -> None:
    assert len({tool_id_of("notes", name) for name in names}) == len(names)


def test_a_plain_name_stays_and_another_is_rewritten() -> None:
    assert tool_id_of("notes", "current_time") == "notes__current_time"
    assert re.fullmatch(r"notes__pogoda-[0-9a-f]{8}", tool_id_of("notes", "погода"))
    assert re.fullmatch(r"notes__[a]{48}-[0-9a-f]{8}", tool_id_of("notes", "a" * 100))
    assert handles_in(["current_time", "web_search"]) == set()


def test_what_nobody_sees_is_taken_out() -> None:
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "obey me")

    assert readable(f"Hello{hidden}\u202e\u0000\x07 wor\nld\u2066", 100) == "Hello wor\nld"
    assert readable("می\u200cخواهم", 100) == "می\u200cخواهم"
    assert readable("x" * 50, 10) == "x" * 9 + "…"


def test_names_that_lie() -> None:
    offer = Offer(
        [
            raw("search"),
            raw("search", description="the second of its name"),
            raw("builtin__current_time"),
            raw("current_time"),
            raw("user1__x"),
            raw(""),
            raw("x" * 201),
            raw("\ud800"),
            raw("a\0b"),
            raw("погода", title="Погода"),
            raw("deep", {"$ref": "https://example.org/"}),
        ],
        "2025-11-25",
    )

    kept = keep("notes", offer)

    assert [tool.tool_id for tool in kept.tools[:4]] == [
        "notes__search",
        "notes__builtin__current_time",
        "notes__current_time",
        "notes__user1__x",
    ]
    assert kept.tools[0].description == ""
    assert (kept.tools[4].name, kept.tools[4].label) == ("погода", "Погода")
    assert kept.notice is not None
    assert kept.notice.code == "tools_left_out"
    assert kept.notice.detail.startswith("6 of its tools were left out: search: the server lists it twice; ")
    assert kept.notice.detail.endswith("; and others.")


def test_no_more_than_two_hundred() -> None:
    kept = keep("notes", Offer([raw(f"tool{number}") for number in range(MAX_TOOLS + 1)], "2025-11-25"))

    assert len(kept.tools) == MAX_TOOLS
    assert kept.notice is not None
    assert kept.notice.code == "too_many_tools"


def test_no_more_than_can_be_read_with_each_turn() -> None:
    large = {"type": "object", "description": "x" * 15_000}

    kept = keep("notes", Offer([raw(f"tool{number}", large) for number in range(30)], "2025-11-25"))

    assert len(kept.tools) == 26
    assert kept.notice is not None
    assert "the list is too long" in kept.notice.detail


def test_a_list_that_went_on_is_said_to() -> None:
    kept = keep("notes", Offer([raw("one")], "2025-11-25", is_whole=False))

    assert kept.notice is not None
    assert kept.notice.detail == "The server has more tools than the 1 that were taken."
    assert keep("notes", Offer([raw("one")], "2025-11-25")).notice is None
