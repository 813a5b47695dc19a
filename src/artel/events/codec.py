"""Events as bytes: JSON for the log, lines for Redis, blocks for SSE, and the JSON schema for the API's description.

A *line* is one event as Redis keeps and publishes it: `<user> <prev> <id> <session or -> <json>`. JSON holds no raw
newline, so lines are joined by newlines. The JSON lacks `ts`: it is read off the id (microseconds since 1970), so the
two can never disagree.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Annotated, Any

import orjson
from pydantic import Field, TypeAdapter

from artel.events.types import Event

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
_NO_SESSION = b"-"


def encode(event: Event) -> bytes:
    """The event's JSON, without `ts`, on one line."""
    try:
        return orjson.dumps(event)
    except TypeError:
        # A model may write lone surrogates or integers beyond 64 bits, which orjson refuses.
        text = json.dumps(dataclasses.asdict(event), ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "replace")


def iso_time(event_id: int) -> str:
    """The moment an event got its id, such as "2026-11-03T10:00:00.000001Z"."""
    seconds, micros = divmod(event_id, 1_000_000)
    return f"{_iso_second(seconds)}.{micros:06d}Z"


@lru_cache(maxsize=16)
def _iso_second(seconds: int) -> str:
    # Remembered: formatting takes seven times as long as the look-up, and the events of one second come together.
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    """One event in a user's log.

    `prev` is the id of the event before it (of any session): entries form a chain, so a reader sees at once when one
    is missing. The encoded block and the decoded event are made at the first use and shared by all who hold the entry.
    """

    user_id: int
    prev: int
    id: int
    session_id: int | None
    payload: bytes
    """The JSON that `encode` made."""

    @property
    def begins_anew(self) -> bool:
        """The chain does not go on from what a listener saw before: its ids no longer count (a local `resync`)."""
        return self.prev == self.id

    @cached_property
    def json(self) -> bytes:
        """The event's JSON with its `ts`."""
        return b'{"ts":"%s",%s' % (iso_time(self.id).encode(), self.payload[1:])

    @cached_property
    def sse(self) -> bytes:
        """The block that goes out on an event stream."""
        return b"id: %d\ndata: %s\n\n" % (self.id, self.json)

    @cached_property
    def event(self) -> Event:
        """The event itself."""
        return _ADAPTER.validate_json(self.payload)


def parse_line(line: bytes) -> Entry:
    """The opposite of what the append script writes."""
    user, prev, event_id, session, payload = line.split(b" ", 4)
    return Entry(int(user), int(prev), int(event_id), None if session == _NO_SESSION else int(session), payload)


def parse_lines(message: bytes) -> list[Entry]:
    """The entries of one published message, oldest first."""
    return [parse_line(line) for line in message.split(b"\n")]


def session_field(session_id: int | None) -> bytes:
    """A session's id as a line holds it."""
    return _NO_SESSION if session_id is None else b"%d" % session_id


def json_schema(ref_template: str = "#/components/schemas/{model}") -> dict[str, Any]:
    """`{name: schema}` of the union (under "Event") and of all its parts, to be put among the API's schemas.

    Each member of the union also has its `ts`, which the log adds.
    """
    schema = _ADAPTER.json_schema(mode="serialization", ref_template=ref_template)
    parts: dict[str, Any] = schema.pop("$defs")
    for part in parts.values():
        if "type" in part.get("properties", {}):
            part["properties"]["ts"] = {"type": "string", "format": "date-time", "title": "Ts"}
            part["required"] = sorted(part["properties"])
    return {"Event": schema, **parts}
