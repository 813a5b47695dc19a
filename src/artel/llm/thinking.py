"""Thinking that a local model writes between <think> tags at the start of its answer."""

from __future__ import annotations

from typing import Final

from artel.llm.deltas import TextDelta, ThinkingDelta

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
TAG_FIELD: Final = "content"


class ThinkTags:
    """Parts the text of an answer into thinking and answer, wherever the pieces were cut.

    Only an answer that begins with the tag is looked into: later on the same letters may be meant for the reader.
    """

    __slots__ = ("_blank", "_held", "_state")

    def __init__(self) -> None:
        self._state = "start"
        self._held = ""
        self._blank = True  # nothing was thought yet but blanks

    def split(self, text: str) -> list[TextDelta | ThinkingDelta]:
        """What this piece of text is for sure; a possible half of a tag is held back until the next piece."""
        if self._state == "answer":
            return [TextDelta(text)] if text else []
        text = self._held + text
        self._held = ""
        if self._state == "start":
            return self._at_start(text)
        if self._state == "thinking":
            return self._in_thinking(text)
        return self._after_thinking(text)

    def finish(self) -> list[TextDelta | ThinkingDelta]:
        """What was held back when the answer ended."""
        held, self._held = self._held, ""
        if not held:
            return []
        if self._state == "thinking":
            return [ThinkingDelta(held, TAG_FIELD)]
        return [TextDelta(held)]

    def _at_start(self, text: str) -> list[TextDelta | ThinkingDelta]:
        stripped = text.lstrip()
        if stripped.startswith(_OPEN):
            self._state = "thinking"
            return self._in_thinking(stripped[len(_OPEN) :])
        if _OPEN.startswith(stripped):
            self._held = text
            return []
        self._state = "answer"
        return [TextDelta(text)]

    def _in_thinking(self, text: str) -> list[TextDelta | ThinkingDelta]:
        thought, found, rest = text.partition(_CLOSE)
        if not found:
            keep = _possible_tag_start(text)
            thought, self._held = text[: len(text) - keep], text[len(text) - keep :]
        if self._blank:
            thought = thought.lstrip()
            self._blank = not thought
        deltas: list[TextDelta | ThinkingDelta] = [ThinkingDelta(thought, TAG_FIELD)] if thought else []
        if found:
            self._state = "after"
            deltas += self._after_thinking(rest)
        return deltas

    def _after_thinking(self, text: str) -> list[TextDelta | ThinkingDelta]:
        # The blank lines between the thinking and the answer belong to neither.
        text = text.lstrip()
        if not text:
            return []
        self._state = "answer"
        return [TextDelta(text)]


def _possible_tag_start(text: str) -> int:
    """How many characters at the end may be the beginning of the closing tag."""
    for size in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if _CLOSE.startswith(text[-size:]):
            return size
    return 0
