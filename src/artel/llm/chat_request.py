"""The body of an OpenAI-compatible chat completion request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings, ToolOrOutput
from pydantic_ai.tools import ToolDefinition

from artel.llm.chat_messages import WireMessage

_SAMPLING: Final = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias")
_PLAIN: Final = (*_SAMPLING, "seed", "parallel_tool_calls")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where compatible servers differ."""

    max_tokens_field: str = "max_tokens"
    """OpenAI itself wants max_completion_tokens; most others know only max_tokens."""
    stream_usage: bool = True
    """Whether the server may be asked for usage at the end of a stream."""
    strict_tools: bool = False
    """Whether a tool's schema may be declared strict."""


def request_body(
    name: str,
    messages: list[WireMessage],
    settings: ModelSettings,
    parameters: ModelRequestParameters,
    *,
    profile: ModelProfile,
    dialect: Dialect,
    stream: bool,
) -> dict[str, Any]:
    """Everything the server needs, as JSON values."""
    body: dict[str, Any] = {"model": name, "messages": messages, "stream": stream}
    if stream and dialect.stream_usage:
        body["stream_options"] = {"include_usage": True}
    if (max_tokens := settings.get("max_tokens")) is not None:
        body[dialect.max_tokens_field] = max_tokens
    if (stop := settings.get("stop_sequences")) is not None:
        body["stop"] = stop
    tools = list(parameters.declared_function_tools) + list(parameters.output_tools)
    if tools:
        tools, choice = choose_tools(tools, settings, parameters)
        body["tools"] = [_tool(tool, dialect) for tool in tools]
        body["tool_choice"] = choice
    _copy_plain_settings(body, settings, profile, has_tools=bool(tools))
    if parameters.output_mode == "native" and parameters.output_object is not None:
        body["response_format"] = _schema_format(parameters.output_object, dialect)
    extra = settings.get("extra_body")
    if isinstance(extra, dict):
        body.update(extra)  # pyright: ignore[reportUnknownArgumentType]
    return body


def _copy_plain_settings(
    body: dict[str, Any], settings: ModelSettings, profile: ModelProfile, *, has_tools: bool
) -> None:
    # A model that always thinks refuses to have its sampling set.
    fixed_sampling = profile.get("thinking_always_enabled", False)
    for key in _PLAIN:
        if (value := settings.get(key)) is None:
            continue
        if (fixed_sampling and key in _SAMPLING) or (key == "parallel_tool_calls" and not has_tools):
            continue
        body[key] = value


def choose_tools(
    tools: Sequence[ToolDefinition], settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[ToolDefinition], str]:
    """The tools to offer, and whether one must be called: "auto", "required" or "none".

    Naming a single tool is left out on purpose: several compatible servers know only the three words, and offering
    nothing but the wanted tools has the same effect.
    """
    unforced = "auto" if parameters.allow_text_output or parameters.allow_image_output else "required"
    choice = settings.get("tool_choice")
    output_names = {tool.name for tool in parameters.output_tools}
    if choice is None or choice == "auto":
        return list(tools), unforced
    if choice == "required":
        return list(tools), "required"
    if choice == "none" or choice == []:
        left = [tool for tool in tools if tool.name in output_names]
        return (left, unforced) if left else (list(tools), "none")
    if isinstance(choice, ToolOrOutput):
        wanted = set(choice.function_tools) | output_names
        return [tool for tool in tools if tool.name in wanted], unforced
    return [tool for tool in tools if tool.name in choice], "required"


def _tool(tool: ToolDefinition, dialect: Dialect) -> dict[str, Any]:
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description or "",
        "parameters": tool.parameters_json_schema,
    }
    if tool.strict and dialect.strict_tools:
        function["strict"] = True
    return {"type": "function", "function": function}


def _schema_format(wanted: OutputObjectDefinition, dialect: Dialect) -> dict[str, Any]:
    schema: dict[str, Any] = {"name": wanted.name or "result", "schema": wanted.json_schema}
    if wanted.description:
        schema["description"] = wanted.description
    if wanted.strict and dialect.strict_tools:
        schema["strict"] = True
    return {"type": "json_schema", "json_schema": schema}
