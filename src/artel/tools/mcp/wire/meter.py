"""How much one conversation with a server may take, and what was seen of its faults.

The protocol's library hides most of what goes wrong below it, so the layers under it write it down here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from artel.tools.mcp.model import McpFailure, SignInNeeded

MAX_BYTES: Final = 8_000_000
"""Of all answers and events of one conversation."""
MAX_MARKS: Final = 50_000
"""Of brackets and braces in them, each of which may become an object that is copied several times: some five
microseconds and hundred bytes. A comma counts for an eighth: many stand in texts, and numbers are small."""
MAX_REQUESTS: Final = 40
"""HTTP requests of one conversation; a server can have a broken stream asked for again and again."""
MAX_NOTICES: Final = 2_000
"""Notifications, which are all dropped."""
MAX_DEMANDS: Final = 20
"""Requests of the server's to us, which are all refused."""


@dataclass(slots=True)
class Meter:
    """Of one conversation. failure: what ended it; hint: the last odd answer, which may explain what follows."""

    bytes_left: int = MAX_BYTES
    marks_left: float = MAX_MARKS
    requests_left: int = MAX_REQUESTS
    notices_left: int = MAX_NOTICES
    demands_left: int = MAX_DEMANDS
    judges: bool = True
    """What a status means is said here, and not by whoever asked."""
    failure: McpFailure | None = field(default=None, init=False)
    hint: McpFailure | None = field(default=None, init=False)

    def end(self, failure: McpFailure) -> McpFailure:
        """Writes down why the conversation cannot go on; the first reason holds. Answers it, to be raised."""
        self.failure = self.failure or failure
        return self.failure

    def request(self) -> None:
        """Counts a request of ours.

        Raises:
            McpFailure: it was one too many.
        """
        self.requests_left -= 1
        if self.requests_left < 0:
            raise self.end(McpFailure("flood", "The server kept ending its answers and having them asked for again."))

    def take(self, chunk: bytes) -> None:
        """Counts what came.

        Raises:
            McpFailure: it was too much.
        """
        self.bytes_left -= len(chunk)
        self.marks_left -= chunk.count(b"[") + chunk.count(b"{") + chunk.count(b",") / 8
        if self.bytes_left < 0 or self.marks_left < 0:
            raise self.end(McpFailure("too_large", "The server answered with more than is allowed."))

    def notice(self) -> None:
        """Counts a notification.

        Raises:
            McpFailure: it was one too many.
        """
        self.notices_left -= 1
        if self.notices_left < 0:
            raise self.end(McpFailure("flood", "The server sent too many notifications."))

    def demand(self) -> None:
        """Counts a request of the server's.

        Raises:
            McpFailure: it was one too many.
        """
        self.demands_left -= 1
        if self.demands_left < 0:
            raise self.end(McpFailure("flood", "The server asked for too many things."))

    def status(self, status: int, challenge: str) -> None:
        """Looks at an answer's status; one that went well clears what was odd before it.

        Raises:
            McpFailure: the server does not let us in.
        """
        if not self.judges:
            return
        if status == 401:
            raise self.end(SignInNeeded(challenge[:2_000]))
        if status == 403:
            raise self.end(McpFailure("refused", "The server refused access (HTTP 403)."))
        if 300 <= status < 400:
            self.hint = McpFailure("redirected", "The server sends requests on to another address. Enter that one.")
        elif status in (404, 405, 406):
            self.hint = McpFailure("not_mcp", f"There is no MCP server under this address (HTTP {status}).")
        elif status >= 400:
            self.hint = McpFailure("http_error", f"The server answered with HTTP {status}.")
        else:
            self.hint = None
