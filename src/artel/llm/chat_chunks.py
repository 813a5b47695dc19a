"""The chunks of a streamed chat completion, read into deltas.

All chunks that arrived together become as few deltas as their kinds allow, so that the cost of an answer falls when
the network or a busy server hands over several tokens at once.
"""

from __future__ import annotations

from typing import Any, Final, cast

import orjson
from pydantic_ai.messages import FinishReason
from pydantic_ai.usage import RequestUsage

from artel.llm.chat_messages import REASONING_FIELDS
from artel.llm.deltas import Delta, ThinkingDelta, ToolCallDelta
from artel.llm.thinking import ThinkTags

DONE: Final = b"[DONE]"

_FINISH_REASONS: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
    "error": "error",
}

Json = dict[str, Any]


class BadChunk(ValueError):
    """A chunk that is not the JSON of a chat completion."""


class ErrorChunk(Exception):
    """The server reports an error inside the stream; `body` is the whole chunk."""

    def __init__(self, body: Json) -> None:
        super().__init__("error inside a stream")
        self.body = body


class ChunkReader:
    """Reads chunks in order and remembers what the answer as a whole says about itself."""

    def __init__(self) -> None:
        self.finish_reason: FinishReason | None = None
        self.usage: RequestUsage | None = None
        self.response_id: str | None = None
        self.model_name: str | None = None
        self.refusal = ""
        self.done = False
        self._tags = ThinkTags()
        self._calls: dict[int, str | None] = {}  # key -> the call's id
        self._current_key = -1

    @property
    def complete(self) -> bool:
        """Whether the server said that the answer ends here; a stream that just stops was cut off."""
        return self.done or self.finish_reason is not None or self.usage is not None

    def read(self, payloads: list[bytes]) -> list[Delta]:
        """The deltas of these chunks, neighbours of one kind merged.

        Raises:
            BadChunk: a payload is not an object of JSON, or not shaped as a chunk.
            ErrorChunk: the server reports an error.
        """
        deltas: list[Delta] = []
        texts: list[str] = []
        for payload in payloads:
            if payload == DONE:
                self.done = True
                continue
            delta = self._open(payload)
            if delta is None:
                continue
            content = delta.get("content")
            if isinstance(content, str) and (len(delta) == 1 or (len(delta) == 2 and "role" in delta)):
                texts.append(content)  # the chunk of nearly every token: nothing else to look for
            else:
                self._read_delta(delta, deltas, texts)
        self._flush(texts, deltas)
        return deltas

    def finish(self) -> list[Delta]:
        """What was held back when the stream ended."""
        return list(self._tags.finish())

    def read_whole(self, body: Json) -> list[Delta]:
        """A completion that came in one piece, from a request without streaming or a server that cannot stream."""
        deltas: list[Delta] = []
        if not isinstance(body.get("choices"), list) and not body.get("error"):
            raise BadChunk
        message = self._open_object(body, "message")
        if message is not None:
            texts: list[str] = []
            self._read_delta(message, deltas, texts)
            self._flush(texts, deltas)
        self.done = True
        return deltas + self.finish()

    def _open(self, payload: bytes) -> Json | None:
        try:
            chunk = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise BadChunk from error
        if chunk.__class__ is not dict:
            raise BadChunk
        return self._open_object(chunk, "delta")

    def _open_object(self, chunk: Json, field: str) -> Json | None:
        """Takes what the object says of the whole answer; returns its first choice's delta or message."""
        if chunk.get("error"):
            raise ErrorChunk(chunk)
        usage = chunk.get("usage")
        if usage:
            self.usage = map_usage(usage)
        if self.response_id is None:
            self.response_id = _text(chunk.get("id"))
            self.model_name = _text(chunk.get("model"))
        choices = chunk.get("choices")
        if not choices:
            return None
        if choices.__class__ is not list or choices[0].__class__ is not dict:
            raise BadChunk
        choice: Json = choices[0]
        if reason := choice.get("finish_reason"):
            self.finish_reason = _FINISH_REASONS.get(reason, "stop")
        delta = choice.get(field)
        return cast("Json", delta) if delta.__class__ is dict else None

    def _read_delta(self, delta: Json, deltas: list[Delta], texts: list[str]) -> None:
        """Thinking comes before text and text before calls, should one chunk hold several of them."""
        for field in REASONING_FIELDS:
            thought = delta.get(field)
            if thought and thought.__class__ is str:
                self._flush(texts, deltas)
                _add_thought(deltas, thought, field)
                break
        if content := delta.get("content"):
            texts.append(content if isinstance(content, str) else _joined_parts(content))
        if refusal := _text(delta.get("refusal")):
            self.refusal += refusal
            self.finish_reason = "content_filter"
        calls = delta.get("tool_calls")
        if calls and calls.__class__ is list:
            self._flush(texts, deltas)
            for call in cast("list[Any]", calls):
                if call.__class__ is dict:
                    self._add_call(deltas, call)

    def _flush(self, texts: list[str], deltas: list[Delta]) -> None:
        if texts:
            deltas.extend(self._tags.split("".join(texts)))
            texts.clear()

    def _add_call(self, deltas: list[Delta], call: Json) -> None:
        function: Json = call.get("function") or {}
        call_id, name = _text(call.get("id")), _text(function.get("name"))
        arguments = function.get("arguments")
        if arguments is None:
            arguments = ""
        elif not isinstance(arguments, str):  # some servers send the object itself
            arguments = orjson.dumps(arguments).decode()
        key = self._key_of(call.get("index"), call_id)
        known = key in self._calls
        last = deltas[-1] if deltas else None
        if known and isinstance(last, ToolCallDelta) and last.key == key:
            last.arguments += arguments
            return
        self._calls.setdefault(key, call_id)
        # The id and the name are said once; servers that repeat them would otherwise double the name.
        deltas.append(ToolCallDelta(key, None if known else call_id, None if known else name, arguments))

    def _key_of(self, index: object, call_id: str | None) -> int:
        """Which call a fragment belongs to. Some servers number none of the calls, or all of them 0: there a new id
        starts a new call."""
        for key, known_id in self._calls.items():
            if call_id is not None and known_id == call_id:
                self._current_key = key
                return key
        starts_new = call_id is not None and self._calls.get(cast("int", index)) is not None
        if isinstance(index, int) and not starts_new:
            self._current_key = index
        elif call_id is not None or not self._calls:
            self._current_key = max(self._calls, default=-1) + 1
        return self._current_key


def map_usage(usage: Json) -> RequestUsage:
    """Tokens as the server counted them; what it does not say is zero."""
    if usage.__class__ is not dict:
        raise BadChunk
    input_details: Json = usage.get("prompt_tokens_details") or {}
    output_details: Json = usage.get("completion_tokens_details") or {}
    return RequestUsage(
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cache_read_tokens=_count(input_details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens")),
        cache_write_tokens=_count(input_details.get("cache_write_tokens")),
        output_reasoning_tokens=_count(output_details.get("reasoning_tokens")),
    )


def _add_thought(deltas: list[Delta], text: str, field: str) -> None:
    last = deltas[-1] if deltas else None
    if isinstance(last, ThinkingDelta) and last.field == field:
        last.text += text
    else:
        deltas.append(ThinkingDelta(text, field))


def _joined_parts(content: object) -> str:
    """Some servers send the content as a list of parts."""
    if not isinstance(content, list):
        raise BadChunk
    parts = [cast("Json", part) for part in cast("list[object]", content) if isinstance(part, dict)]
    return "".join(text for part in parts if (text := _text(part.get("text"))))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
