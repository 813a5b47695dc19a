"""How a plan is read out of a model's answer, and what is sent back when there is none."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart

from artel.orchestrator.planner import MAX_REASONS, Terms, correction, read_plan
from artel.orchestrator.prompts import PLAN_TOOL

TERMS = Terms(["coder", "writer"], 5)
PLAN: dict[str, Any] = {"tasks": [{"id": "t1", "agent": "coder", "instruction": "Do.", "depends_on": []}]}
TEXT = orjson.dumps(PLAN).decode()


def called(arguments: Any, tool: str = PLAN_TOOL) -> ModelResponse:
    """An answer that calls a tool."""
    return ModelResponse([ToolCallPart(tool, arguments, "c1")])


def said(text: str) -> ModelResponse:
    """An answer in words."""
    return ModelResponse([TextPart(text)])


@pytest.mark.parametrize(
    "answer",
    [
        called(TEXT),
        called(PLAN),
        said(TEXT),
        said(f"Here you are:\n```json\n{TEXT}\n```\nGood luck!"),
        ModelResponse([TextPart("I plan {this}."), ToolCallPart(PLAN_TOOL, TEXT)]),
        ModelResponse([ToolCallPart("search", "{}"), ToolCallPart(PLAN_TOOL, TEXT)]),
    ],
    ids=["call", "call-with-object", "bare", "fenced", "call-beside-text", "call-beside-another"],
)
def test_a_plan_is_found_wherever_a_model_puts_it(answer: ModelResponse) -> None:
    draft, reasons = read_plan(answer, TERMS)

    assert reasons == []
    assert draft is not None
    assert draft.model_dump(mode="json") == PLAN


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (said("I would rather not."), "no plan in the answer"),
        (said(""), "no plan in the answer"),
        (ModelResponse([]), "no plan in the answer"),
        (called(TEXT, "search"), "no plan in the answer"),
        (said("{not json}"), "plan: Invalid JSON"),
        (called('{"tasks": [{"id": "t1"'), "tasks: Field required"),
        (called('{"tasks": [{"id": "t\\ud800"}]}'), "tasks: Field required"),
        (called({"tasks": "none"}), "tasks: "),
        (called({"tasks": [{"id": "t1", "agent": "coder"}]}), "tasks.0.instruction: Field required"),
        (called({"tasks": []}), "The plan has no tasks."),
        (called({"tasks": [{**PLAN["tasks"][0], "agent": "nobody"}]}), "no active agent 'nobody'"),
    ],
)
def test_what_is_none_is_told(answer: ModelResponse, says: str) -> None:
    draft, reasons = read_plan(answer, TERMS)

    assert draft is None
    assert any(says in reason for reason in reasons)


def test_numbers_and_mentions_are_taken_for_what_they_mean() -> None:
    tasks: list[dict[str, Any]] = [
        {"id": 1, "agent": "@coder", "instruction": "Do.", "depends_on": []},
        {"id": 2, "agent": " @writer ", "instruction": "Do.", "depends_on": [1]},
    ]

    draft, reasons = read_plan(called({"tasks": tasks}), TERMS)

    assert reasons == []
    assert draft is not None
    assert [(each.id, each.agent, each.depends_on) for each in draft.tasks] == [
        ("1", "coder", ()),
        ("2", "writer", ("1",)),
    ]


def test_a_replanned_rest_may_use_what_is_done_and_forgets_what_failed() -> None:
    again = {"tasks": [{"id": "c", "agent": "coder", "instruction": "Do.", "depends_on": ["a", "b"]}]}

    draft, _ = read_plan(called(again), Terms(["coder"], 5, finished=["a"], taken=["a", "b"]))

    assert draft is not None
    assert draft.tasks[0].depends_on == ("a",)


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(str))
def test_whatever_a_model_says_is_read(text: str) -> None:
    draft, reasons = read_plan(said(text), TERMS)

    assert (draft is None) == bool(reasons)


def test_every_call_gets_its_answer() -> None:
    answer = ModelResponse([ToolCallPart(PLAN_TOOL, "{}", "one"), ToolCallPart("search", "{}", "two")])

    sent = correction(answer, ["It has no tasks."])

    assert [part.tool_call_id for part in sent.parts if isinstance(part, ToolReturnPart)] == ["one", "two"]
    assert all("- It has no tasks." in str(part.content) for part in sent.parts if isinstance(part, ToolReturnPart))


def test_words_are_answered_in_words_and_not_with_too_many() -> None:
    [part] = correction(said("no"), [f"reason {number}" for number in range(MAX_REASONS + 5)]).parts

    assert isinstance(part, UserPromptPart)
    assert str(part.content).count("- reason") == MAX_REASONS
