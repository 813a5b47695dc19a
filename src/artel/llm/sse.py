"""Server-sent events out of raw bytes, wherever the network cut them.

Only what a model's stream needs: the data of each event. Event names, ids and retry times are read over.
Source: the HTML standard, section 9.2.6.
"""

from __future__ import annotations

from typing import Final

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""No honest chunk of an answer is larger; an endless line must not fill the memory."""

_BOM: Final = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event is larger than MAX_EVENT_BYTES."""


class SseParser:
    """Feed it bytes as they come; it answers the data of the events that are complete.

    Lines end with LF, CRLF or CR. Several data lines of one event are joined with LF. Comments are dropped.
    """

    __slots__ = ("_data", "_held", "_size", "_started")

    def __init__(self) -> None:
        self._held = b""  # the start of a line whose end has not come yet
        self._data: list[bytes] = []  # the data lines of the event that is not closed yet
        self._size = 0
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that this chunk completed, in order.

        Raises:
            EventTooLarge: an event grew beyond MAX_EVENT_BYTES.
        """
        text = self._held + chunk if self._held else chunk
        if not self._started:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                self._held = text
                return []
            self._started = True
            text = text.removeprefix(_BOM)
        if b"\r" in text:
            # A CR at the very end may be the first half of CRLF: keep it until the next byte is known.
            ends_with_cr = text.endswith(b"\r")
            text = (text[:-1] if ends_with_cr else text).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            lines = text.split(b"\n")
            self._held = lines.pop() + (b"\r" if ends_with_cr else b"")
        else:
            lines = text.split(b"\n")
            self._held = lines.pop()
        events = self._take(lines)
        if self._size + len(self._held) > MAX_EVENT_BYTES:
            raise EventTooLarge
        return events

    def finish(self) -> list[bytes]:
        """What was left when the stream ended: the standard drops an event without its blank line, but many model
        servers leave that line out after the last one."""
        if not self._started:
            return []
        events = self._take([self._held.removesuffix(b"\r"), b""])
        self._held = b""
        return events

    def _take(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        for line in lines:
            if line.startswith(b"data:"):
                value = line[6:] if line.startswith(b"data: ") else line[5:]
                self._data.append(value)
                self._size += len(value)
            elif not line:
                if self._data:
                    events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                    self._data.clear()
                    self._size = 0
            elif line == b"data":
                self._data.append(b"")
        return events
