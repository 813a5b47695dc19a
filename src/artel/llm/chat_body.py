"""The body of a chat completion's response: a stream of events, or one whole object, or not an answer at all."""

from __future__ import annotations

from typing import Final, Literal

import orjson

from artel.llm.chat_chunks import BadChunk, ChunkReader
from artel.llm.deltas import Delta
from artel.llm.sse import SseParser

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""Of one answer on the wire, where a token takes some two hundred."""


class PageInstead(ValueError):
    """The body is a web page."""


class AnswerTooLarge(ValueError):
    """The body is larger than MAX_ANSWER_BYTES."""


class ChatBody:
    """Reads a response's bytes, in whatever pieces, into deltas.

    What the body is shows its first character: servers mislabel it too often to trust the content type, and some
    answer in one piece although a stream was asked for.
    """

    def __init__(self) -> None:
        self.reader = ChunkReader()
        self._parser = SseParser()
        self._form: Literal["unknown", "events", "object"] = "unknown"
        self._whole: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Delta]:
        """The deltas that these bytes completed.

        Raises:
            PageInstead, AnswerTooLarge, BadChunk, ErrorChunk, EventTooLarge
        """
        self._size += len(chunk)
        if self._size > MAX_ANSWER_BYTES:
            raise AnswerTooLarge
        if self._form == "unknown":
            self._form = self._look(chunk)
        if self._form == "events":
            reader = self.reader
            deltas = reader.read(self._parser.feed(chunk))
            return deltas + reader.finish() if reader.done else deltas
        self._whole.append(chunk)
        return []

    def finish(self) -> list[Delta]:
        """The rest, when the connection has no more bytes. Raises as `feed` does."""
        if self._form != "object":
            deltas = self.reader.read(self._parser.finish())
            return deltas + self.reader.finish()
        try:
            whole = orjson.loads(b"".join(self._whole))
        except orjson.JSONDecodeError as error:
            raise BadChunk from error
        if not isinstance(whole, dict):
            raise BadChunk
        return self.reader.read_whole(whole)  # pyright: ignore[reportUnknownArgumentType]

    def _look(self, chunk: bytes) -> Literal["unknown", "events", "object"]:
        first = chunk.lstrip()[:1]
        if first == b"<":
            raise PageInstead
        if first in (b"{", b"["):
            return "object"
        return "events" if first else "unknown"
