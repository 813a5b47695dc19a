"""Pieces of an answer as they arrive, whatever provider they come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TextDelta:
    """More of the visible answer."""

    text: str


@dataclass(slots=True)
class ThinkingDelta:
    """More of the model's thinking, which is not part of the answer.

    field: where the server put it; "content" means between <think> tags in the answer itself.
    """

    text: str
    field: str


@dataclass(slots=True)
class ToolCallDelta:
    """More of one tool call: its id and name come with the first piece, its JSON arguments in fragments.

    key: tells the calls of one answer apart.
    """

    key: int
    call_id: str | None
    name: str | None
    arguments: str


Delta = TextDelta | ThinkingDelta | ToolCallDelta
