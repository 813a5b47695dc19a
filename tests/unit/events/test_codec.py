"""Events as bytes."""

from __future__ import annotations

import re
import typing
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from artel.events import types
from artel.events.codec import Entry, encode, iso_time, json_schema, parse_lines, session_field

MESSAGE = UUID("0195f0a0-0000-7000-8000-000000000001")
NAMES = {
    "direct_agent_call", "task_plan_created", "plan_request", "tool_request", "approval_resolved", "tasks_progress",
    "task_started", "task_completed", "task_failed", "task_skipped", "message_started", "message_delta",
    "message_completed", "tool_started", "tool_finished", "memory_recalled", "agent_status", "run_completed",
    "run_cancelled", "run_failed", "resync", "memory_changed",
}  # fmt: skip
"""The contract's section 5, and what the page is told of changed memories."""


def entry(payload: bytes, event_id: int = 1_767_225_600_000_001) -> Entry:
    return Entry(user_id=7, prev=event_id - 1, id=event_id, session_id=None, payload=payload)


def test_the_union_holds_exactly_the_names_of_the_contract():
    members = typing.get_args(types.Event)
    assert {member.__dataclass_fields__["type"].default for member in members} == NAMES


ARGUMENTS = st.dictionaries(st.text(), st.none() | st.booleans() | st.text())


def _any_event(member: type[types.Event]) -> st.SearchStrategy[types.Event]:
    # Nobody can make an example of Any.
    has_arguments = "arguments" in member.__dataclass_fields__
    return st.builds(member, arguments=ARGUMENTS) if has_arguments else st.from_type(member)


@given(st.one_of(*(_any_event(member) for member in typing.get_args(types.Event))))
def test_every_event_comes_back_as_it_was(event: types.Event):
    assume(not re.search("nan|inf", repr(event)))  # no number of JSON
    try:
        payload = orjson.dumps(event)
    except TypeError:
        return  # what orjson cannot hold is the next tests' matter
    assert encode(event) == payload
    decoded = entry(payload).event
    assert type(decoded) is type(event)
    assert encode(decoded) == payload


@pytest.mark.parametrize("text", ["half a pair \ud83d", "\x00", "line\nfeed\r\n\u2028", 'quo"te\\', "Привет, мир"])
def test_any_text_becomes_one_line_of_valid_json(text: str):
    payload = encode(types.MessageDelta(message_id=MESSAGE, agent_id="user1_coder", text=text))
    assert b"\n" not in payload
    assert orjson.loads(payload)["text"] == text.encode("utf-8", "replace").decode()


def test_arguments_beyond_64_bits_are_kept():
    event = types.ToolRequest(approval_id=MESSAGE, tool_id="x", agent_id="user1_a", arguments={"n": 2**70})
    assert b'"n":%d' % 2**70 in encode(event)


def test_the_time_is_read_off_the_id():
    moment = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert iso_time(1_767_225_600_000_001) == "2026-01-01T00:00:00.000001Z"
    assert datetime.fromisoformat(orjson.loads(entry(b'{"a":1}').json)["ts"]) == moment


def test_a_block_is_an_id_one_data_line_and_an_empty_line():
    payload = encode(types.AgentStatus(agent_id="user7_coder", status="busy", session_id=3))
    head, data, *rest = entry(payload).sse.split(b"\n")
    assert head == b"id: 1767225600000001"
    assert orjson.loads(data.removeprefix(b"data: ")) == {
        "type": "agent_status",
        "ts": "2026-01-01T00:00:00.000001Z",
        "session_id": 3,
        "run_id": None,
        "agent_id": "user7_coder",
        "status": "busy",
    }
    assert rest == [b"", b""]


def test_the_block_is_made_once_and_shared():
    one = entry(b'{"type":"x"}')
    assert one.sse is one.sse


@pytest.mark.parametrize("session_id", [None, 5])
def test_lines_are_read_back(session_id: int | None):
    payload = b'{"text":"a b  c"}'
    line = b"7 41 42 %s %s" % (session_field(session_id), payload)
    first, second = parse_lines(line + b"\n" + line)
    for each in (first, second):
        assert (each.user_id, each.prev, each.id, each.session_id, each.payload) == (7, 41, 42, session_id, payload)


def test_the_schema_describes_every_member_with_its_time():
    schemas = json_schema()
    mapping = schemas["Event"]["discriminator"]["mapping"]
    assert set(mapping) == NAMES
    for reference in mapping.values():
        member = schemas[reference.removeprefix("#/components/schemas/")]
        assert {"type", "ts", "session_id", "run_id"} <= set(member["required"])
