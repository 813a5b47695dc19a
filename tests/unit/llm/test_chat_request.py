"""The body of a request: which tools are offered, whether one must be called, and what servers differ in."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_ai.messages import (
    BinaryContent,
    CachePoint,
    DocumentUrl,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    RetryInfo,
    SystemPromptPart,
    TextContent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings, ToolOrOutput
from pydantic_ai.tools import ToolDefinition

from artel.llm.chat_messages import UnsupportedContent, map_messages
from artel.llm.chat_request import Dialect, request_body


def tool(name: str, *, strict: bool | None = None) -> ToolDefinition:
    schema = {"type": "object"}
    return ToolDefinition(name=name, parameters_json_schema=schema, description=f"does {name}", strict=strict)


def body(
    settings: ModelSettings | None = None,
    parameters: ModelRequestParameters | None = None,
    profile: ModelProfile | None = None,
    dialect: Dialect | None = None,
    *,
    stream: bool = True,
) -> dict[str, Any]:
    return request_body(
        "m",
        [{"role": "user", "content": "hi"}],
        settings or {},
        parameters or ModelRequestParameters(),
        profile=profile or {},
        dialect=dialect or Dialect(),
        stream=stream,
    )


FREE = ModelRequestParameters(function_tools=[tool("a"), tool("b")], output_tools=[tool("out")])
FORCED = ModelRequestParameters(
    function_tools=[tool("a"), tool("b")], output_tools=[tool("out")], allow_text_output=False
)
PLAIN = ModelRequestParameters(function_tools=[tool("a"), tool("b")])


@pytest.mark.parametrize(
    ("parameters", "choice", "offered", "called"),
    [
        (FREE, None, ["a", "b", "out"], "auto"),
        (FORCED, None, ["a", "b", "out"], "required"),
        (FREE, "auto", ["a", "b", "out"], "auto"),
        (FREE, "required", ["a", "b", "out"], "required"),
        (PLAIN, "none", ["a", "b"], "none"),
        (PLAIN, [], ["a", "b"], "none"),
        (FREE, "none", ["out"], "auto"),
        (FORCED, "none", ["out"], "required"),
        (FREE, ["b"], ["b"], "required"),
        (FREE, ToolOrOutput(function_tools=["a"]), ["a", "out"], "auto"),
        (FORCED, ToolOrOutput(function_tools=["a"]), ["a", "out"], "required"),
    ],
)
def test_which_tools_are_offered(
    parameters: ModelRequestParameters, choice: Any, offered: list[str], called: str
) -> None:
    sent = body(ModelSettings(tool_choice=choice), parameters)
    assert [item["function"]["name"] for item in sent["tools"]] == offered
    assert sent["tool_choice"] == called


def test_without_tools_nothing_is_said_about_them() -> None:
    sent = body(ModelSettings(parallel_tool_calls=False))
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(sent)


def test_servers_differ() -> None:
    settings = ModelSettings(max_tokens=5)
    openai = body(settings, ModelRequestParameters(function_tools=[tool("a", strict=True)]),
                  dialect=Dialect("max_completion_tokens", strict_tools=True))  # fmt: skip
    other = body(settings, ModelRequestParameters(function_tools=[tool("a", strict=True)]),
                 dialect=Dialect(stream_usage=False))  # fmt: skip
    assert openai["max_completion_tokens"] == other["max_tokens"] == 5
    assert openai["tools"][0]["function"]["strict"] is True
    assert "strict" not in other["tools"][0]["function"]
    assert "stream_options" in openai
    assert "stream_options" not in other
    assert "stream_options" not in body(stream=False)


def test_a_model_that_always_thinks_is_not_told_its_temperature() -> None:
    settings = ModelSettings(temperature=0.3, top_p=0.9, seed=7, stop_sequences=["x"], extra_body={"top_k": 3})
    thinking = body(settings, profile=ModelProfile(thinking_always_enabled=True))
    plain = body(settings)
    assert not {"temperature", "top_p"} & set(thinking)
    assert (thinking["seed"], thinking["stop"], thinking["top_k"]) == (7, ["x"], 3)
    assert (plain["temperature"], plain["top_p"]) == (0.3, 0.9)


def test_a_schema_is_a_response_format() -> None:
    wanted = OutputObjectDefinition({"type": "object"})
    sent = body(parameters=ModelRequestParameters(output_mode="native", output_object=wanted))
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "result", "schema": {"type": "object"}},
    }


def test_system_prompts_at_the_start_become_one() -> None:
    history = [ModelRequest(parts=[SystemPromptPart("a"), SystemPromptPart("b"), UserPromptPart("hi")])]
    assert map_messages(history, ["c", ""])[0] == {"role": "system", "content": "a\n\nb\n\nc"}
    assert map_messages([ModelRequest(parts=[UserPromptPart("hi")])], []) == [{"role": "user", "content": "hi"}]
    old = map_messages(history, ["c"], system_role="user")
    assert [message["role"] for message in old] == ["user"] * 4


def test_an_answer_that_said_nothing_is_left_out() -> None:
    assert map_messages([ModelResponse(parts=[]), ModelResponse(parts=[ThinkingPart("hm")])], []) == []


def test_thinking_goes_back_with_calls_only() -> None:
    thought = ThinkingPart("hm", id="reasoning_content")
    call = ToolCallPart("f", "{}", tool_call_id="1")
    assert "reasoning_content" not in map_messages([ModelResponse(parts=[thought, TextPart("x")])], [])[0]
    assert map_messages([ModelResponse(parts=[thought, call])], [])[0]["reasoning_content"] == "hm"


def test_content_without_pictures_is_plain_text() -> None:
    note = BinaryContent("да".encode(), media_type="text/plain")
    content = ["a", TextContent("b"), CachePoint(), note, BinaryContent(b"{}", media_type="application/json")]
    sent = map_messages([ModelRequest(parts=[UserPromptPart(content)])], [])
    assert sent == [{"role": "user", "content": "a\n\nb\n\nда\n\n{}"}]


def test_a_picture_that_a_tool_returned_follows_its_result() -> None:
    picture = BinaryContent(b"x", media_type="image/png")
    sent = map_messages([ModelRequest(parts=[ToolReturnPart("camera", picture, tool_call_id="1")])], [])
    assert [message["role"] for message in sent] == ["tool", "user"]
    assert any(item["type"] == "image_url" for item in sent[1]["content"])


@pytest.mark.parametrize(
    "part",
    [
        UserPromptPart([ImageUrl("http://169.254.169.254/latest/meta-data")]),
        UserPromptPart([ImageUrl("file:///etc/passwd")]),
        UserPromptPart([DocumentUrl("https://example.com/a.pdf")]),
        UserPromptPart([BinaryContent(b"x", media_type="video/mp4")]),
        RetryFeedbackPart("again", retry=RetryInfo(cause="model_retry")),
    ],
)
def test_what_cannot_be_sent_is_named(part: Any) -> None:
    with pytest.raises(UnsupportedContent):
        map_messages([ModelRequest(parts=[part])], [])
