"""The demo model: labelled, deterministic, useful for trying everything around it."""

from __future__ import annotations

import enum

import pytest
from pydantic import BaseModel, Field
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from artel.llm.answer import stream_answer
from artel.llm.deltas import Delta, TextDelta
from artel.llm.demo import DemoModel, demo_answer, estimate_tokens
from artel.llm.demo_schema import example_of


def says(text: str) -> list[ModelMessage]:
    return [ModelRequest(parts=[UserPromptPart(text)])]


@pytest.mark.parametrize(
    ("prompt", "label"),
    [
        ("Write a poem", "This is the demo model"),
        ("Напиши стихи", "Это демо-модель"),
        ("Напиши функцию на Python, пожалуйста", "Это демо-модель"),
        ("Explain the word «артель» to me in detail", "This is the demo model"),
        ("", "This is the demo model"),
        ("42", "This is the demo model"),
    ],
)
def test_it_says_what_it_is_in_the_users_language(prompt: str, label: str) -> None:
    answer = demo_answer(says(prompt))
    assert label in answer
    assert "```json" in answer


def test_it_repeats_the_request_as_a_quotation() -> None:
    answer = demo_answer(says("one\ntwo?"))
    assert "> one\n> two?" in answer
    assert "a question, 2 words" in answer
    assert len(demo_answer(says("x" * 5000))) < 1500


def test_the_same_conversation_gives_the_same_answer() -> None:
    longer = [*says("a"), ModelResponse(parts=[TextPart("b")]), *says("a")]
    assert demo_answer(says("a")) == demo_answer(says("a"))
    assert '"messages": 2' in demo_answer(longer)


async def test_it_streams_in_small_pieces_with_a_pause_between() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    model = DemoModel(0.01, pause)
    async with model.request_stream(says("hi"), None, ModelRequestParameters()) as stream:
        async for _ in stream:
            pass
    assert len(pauses) > 30
    assert set(pauses) == {0.01}


async def test_its_usage_is_an_estimate_by_a_stated_rule() -> None:
    assert [estimate_tokens(text) for text in ("", "a", "abcd", "abcde", "да")] == [0, 1, 1, 2, 1]
    deltas: list[Delta] = []
    async with stream_answer(DemoModel(0), says("hi")) as answer:
        async for delta in answer:
            deltas.append(delta)
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    assert text == demo_answer(says("hi"))
    assert answer.response.usage.output_tokens == estimate_tokens(text)
    assert answer.response.usage.input_tokens > 0
    assert answer.response.finish_reason == "stop"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Form(BaseModel):
    """A form with one of everything."""

    title: str = Field(min_length=8, max_length=9)
    colour: Colour
    count: int = Field(ge=3)
    share: float = Field(gt=0)
    sure: bool
    tags: list[str] = Field(min_length=2)
    nested: list[Colour] | None
    note: str = "kept"
    nothing: None


async def test_it_fills_in_forms_with_an_example() -> None:
    result = await Agent(DemoModel(0), output_type=Form).run("hi")
    assert (result.output.title, result.output.colour, result.output.count) == ("hi......", Colour.RED, 3)
    assert result.output.tags == ["hi", "hi"]
    assert result.output.note == "kept"


def test_an_example_of_a_schema_that_contains_itself_ends() -> None:
    schema = {"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "required": ["next"],
              "properties": {"next": {"$ref": "#/$defs/Node"}}}}}  # fmt: skip
    assert example_of(schema, "x")["next"]["next"]


async def test_the_agent_loop_runs_on_it_even_with_tools() -> None:
    agent = Agent(DemoModel(0))
    agent.tool_plain(estimate_tokens)
    assert "demo model" in (await agent.run("hi")).output
