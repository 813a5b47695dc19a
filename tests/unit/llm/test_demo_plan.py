"""The demo model's plans: small, proper, and made of who is there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.llm.demo_plan import demo_plan
from artel.orchestrator.plan import Draft, problems
from artel.orchestrator.prompts import plan_tool

HANDLES = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), min_size=1, max_size=6, unique=True)


def form(handles: list[str], *, may_be_empty: bool = False) -> dict[str, Any]:
    """What a planner is given to fill in."""
    return plan_tool(handles, may_be_empty=may_be_empty).parameters_json_schema


@given(HANDLES.filter(lambda handles: "orchestrator" not in handles))
def test_it_is_a_plan_that_can_be_carried_out(handles: list[str]) -> None:
    made = demo_plan(form(handles), "Do it.")

    assert made is not None
    assert problems(Draft.model_validate(made), handles, 4) == []


def test_one_agent_gets_one_task() -> None:
    assert demo_plan(form(["coder", "orchestrator"]), "Do it.") == {
        "tasks": [{"id": "t1", "agent": "coder", "instruction": "Do it.", "depends_on": []}]
    }


def test_three_work_at_once_and_the_first_builds_on_all_of_it() -> None:
    made = demo_plan(form(["a", "b", "c", "d"]), "Do it.")

    assert made is not None
    assert [(task["agent"], task["depends_on"]) for task in made["tasks"]] == [
        ("a", []),
        ("b", []),
        ("c", []),
        ("a", ["t1", "t2", "t3"]),
    ]


def test_a_rest_that_may_be_empty_is() -> None:
    assert demo_plan(form(["coder"], may_be_empty=True), "Do it.") == {"tasks": []}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": {"tasks": {"type": "string"}}},
        {"properties": {"tasks": {"items": {"properties": {"agent": {"enum": ["coder"]}}}}}},
        {"properties": None},
        form(["orchestrator"]),
        form([]),
    ],
)
def test_another_form_is_not_filled_in(schema: dict[str, Any]) -> None:
    assert demo_plan(schema, "Do it.") is None
