"""One event on its way to the log, with what the append script must know besides its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from artel.events.codec import encode, session_field
from artel.events.types import Event, MessageCompleted, MessageDelta, MessageStarted

_OVERHEAD = 200
"""Bytes that a waiting record takes besides its JSON, roughly."""


@dataclass(frozen=True, slots=True)
class Record:
    """`arguments` is what `append.lua` reads for one event; `answer` the message whose text it changes."""

    user_id: int
    arguments: tuple[bytes, ...]
    answer: UUID | None

    @property
    def size(self) -> int:
        """Bytes it takes while it waits, roughly."""
        return _OVERHEAD + sum(map(len, self.arguments))


def record_of(user_id: int, event: Event) -> Record:
    """Encodes the event for the log."""
    plain = (session_field(event.session_id), b"", encode(event))
    match event:
        case MessageStarted():
            op, text = b"s", b""
        case MessageDelta():
            op, text = b"d", event.text.encode("utf-8", "replace")
        case MessageCompleted():
            op, text = b"e", b""
        case _:
            return Record(user_id, plain, None)
    session, _, payload = plain
    answer = (str(event.message_id).encode(), b"%d" % event.attempt, text)
    return Record(user_id, (session, op, payload, *answer), event.message_id)


def tear(user_id: int, message_id: UUID) -> Record:
    """Ends the live text of an answer, because part of it was dropped: the rest comes with `message_completed`."""
    attempt = b"%d" % (2**31)
    return Record(user_id, (b"-", b"t", b"", str(message_id).encode(), attempt, b""), message_id)
