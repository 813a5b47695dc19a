"""How agents are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.agents.handles import (
    MAX_HANDLE,
    BadHandle,
    agent_id_of,
    called_agent,
    check_handle,
    handle_from_name,
    handle_of,
    mentioned,
    owner_of,
)


@given(st.text(max_size=200), st.sets(st.sampled_from(["agent", "a", "x", "agent_2"])))
def test_any_name_gives_a_handle_that_is_valid_and_free(name: str, taken: set[str]) -> None:
    handle = handle_from_name(name, taken)

    assert check_handle(handle) == handle
    assert handle not in taken
    assert len(handle) <= MAX_HANDLE


@given(st.integers(1, 2**53 - 1), st.text(max_size=50))
def test_a_made_handle_leads_back_to_its_agent(user_id: int, name: str) -> None:
    handle = handle_from_name(name, ())
    agent_id = agent_id_of(user_id, handle)

    assert called_agent(user_id, handle) == agent_id
    assert called_agent(user_id, f"@{handle}") == agent_id
    assert called_agent(user_id, agent_id) == agent_id
    assert mentioned(f"@{handle} hi") == handle
    assert handle_of(user_id, agent_id) == handle
    assert owner_of(agent_id) == user_id


@pytest.mark.parametrize("text", ["", "@", " ", "a b", "ä", "-x", "_x", "x" * 41, "a/b", "auto", "user1_x"])
def test_what_cannot_be_a_handle(text: str) -> None:
    with pytest.raises(BadHandle):
        check_handle(text)


@pytest.mark.parametrize("name", ["user2_coder", "USER2_coder", "@user2_coder", "", "a b", "é", "user2_" + "x" * 90])
def test_a_name_that_is_none_of_mine(name: str) -> None:
    assert called_agent(1, name) is None


@pytest.mark.parametrize(
    ("content", "handle"),
    [
        ("@coder hi", "coder"),
        ("@Coder\thi", "coder"),
        ("@coder", "coder"),
        ("@co-der_2 hi", "co-der_2"),
        ("@coder, hi", None),
        ("@coder.hi", None),
        ("hi @coder", None),
        ("@ coder", None),
        ("@", None),
        ("", None),
        ("@кодер привет", None),
        ("coder@example.org hi", None),
    ],
)
def test_a_mention_stands_at_the_beginning_and_alone(content: str, handle: str | None) -> None:
    assert mentioned(content) == handle
