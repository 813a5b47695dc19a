"""Pydantic AI's message history as the `messages` of an OpenAI-compatible chat completion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic_ai.messages import (
    BinaryContent,
    CachePoint,
    ImageUrl,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextContent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)

from artel.kit.guard import AddressRefused, OutgoingGuard

_GUARD: Final = OutgoingGuard()

WireMessage = dict[str, Any]
"""One message as JSON: {role, content, tool_calls?, tool_call_id?}."""

REASONING_FIELDS: Final = ("reasoning_content", "reasoning")
"""Where compatible servers put a model's thinking: DeepSeek's and older vLLM's name, then Ollama's and OpenRouter's."""


class UnsupportedContent(ValueError):
    """A part of the conversation that chat completions cannot carry; its text names the kind."""


def map_messages(
    messages: Sequence[ModelMessage], instructions: Iterable[str], *, system_role: str = "system"
) -> list[WireMessage]:
    """The whole conversation, with everything a system would say at its start joined into one message, because the
    chat templates of many local models accept only one.

    Raises:
        UnsupportedContent: a file of a kind that cannot be sent.
    """
    wire: list[WireMessage] = []
    for message in messages:
        if isinstance(message, ModelRequest):
            _map_request(message, wire, system_role)
        else:
            _map_response(message, wire)
    leading = 0
    while leading < len(wire) and wire[leading]["role"] == system_role and system_role != "user":
        leading += 1
    standing = [message["content"] for message in wire[:leading]]
    standing.extend(text for text in instructions if text)
    if standing:
        wire[:leading] = [{"role": system_role, "content": "\n\n".join(standing)}]
    return wire


def _map_request(message: ModelRequest, wire: list[WireMessage], system_role: str) -> None:
    files: list[UserContent] = []
    for part in message.parts:
        if isinstance(part, UserPromptPart):
            wire.append({"role": "user", "content": _user_content(part.content)})
        elif isinstance(part, SystemPromptPart):
            wire.append({"role": system_role, "content": part.content})
        elif isinstance(part, ToolReturnPart):
            text, attached = part.model_response_str_and_user_content()
            files.extend(attached)
            wire.append({"role": "tool", "tool_call_id": part.tool_call_id, "content": text})
        else:
            # Everything else becomes one of the three above in Model.prepare_messages, which ran before.
            raise UnsupportedContent(part.part_kind)
    if files:
        # Tool messages carry text only; a file a tool returned follows as what the user shows.
        wire.append({"role": "user", "content": _user_content(files)})


def _map_response(message: ModelResponse, wire: list[WireMessage]) -> None:
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    thoughts: dict[str, str] = {}
    for part in message.parts:
        if isinstance(part, TextPart):
            texts.append(part.content)
        elif isinstance(part, ToolCallPart):
            function = {"name": part.tool_name, "arguments": part.args_as_json_str()}
            calls.append({"id": part.tool_call_id, "type": "function", "function": function})
        elif isinstance(part, ThinkingPart) and part.id in REASONING_FIELDS:
            thoughts[part.id] = thoughts.get(part.id, "") + part.content
    if not texts and not calls:
        return  # the API refuses an assistant message that says and calls nothing
    mapped: WireMessage = {"role": "assistant", "content": "\n\n".join(texts) if texts else None}
    if calls:
        mapped["tool_calls"] = calls
        # DeepSeek-style servers refuse a tool-calling turn without the thinking that led to it; elsewhere it would
        # only fill the context.
        mapped.update(thoughts)
    wire.append(mapped)


def _user_content(content: str | Sequence[UserContent]) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    items = [mapped for item in content if (mapped := _content_item(item)) is not None]
    if all(item["type"] == "text" for item in items):
        # Many local servers accept only a string where there is no picture.
        return "\n\n".join(item["text"] for item in items)
    return items


def _content_item(item: UserContent) -> dict[str, Any] | None:
    if isinstance(item, str):
        return {"type": "text", "text": item}
    if isinstance(item, TextContent):
        return {"type": "text", "text": item.content}
    if isinstance(item, ImageUrl):
        return {"type": "image_url", "image_url": {"url": _checked(item.url)}}
    if isinstance(item, BinaryContent):
        if item.is_image:
            return {"type": "image_url", "image_url": {"url": item.data_uri}}
        if item.media_type.startswith("text/") or item.media_type == "application/json":
            return {"type": "text", "text": item.data.decode("utf-8", "replace")}
        raise UnsupportedContent(item.media_type)
    if isinstance(item, CachePoint):
        return None
    raise UnsupportedContent(item.kind)


def _checked(url: str) -> str:
    """A picture's address, which the model's server will fetch: it must not lead into the network around it."""
    if not url.startswith("data:image/"):
        try:
            _GUARD.check_url(url)
        except AddressRefused as error:
            raise UnsupportedContent("image_url") from error
    return url
