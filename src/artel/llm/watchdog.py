"""Notices a stream that has fallen silent, at no cost for each piece that arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from artel.llm.callee import Deadlines

Silence = Literal["first", "idle", "total"]


class Watchdog:
    """Calls `bark` once when the stream is late; until then it looks only when it could be, not at every piece.

    `touch` after each piece; `verdict` tells afterwards what it was too late for. `cancel` it in the end.
    """

    __slots__ = ("_bark", "_deadlines", "_due", "_timer", "verdict")

    def __init__(self, deadlines: Deadlines, bark: Callable[[], None]) -> None:
        self._deadlines = deadlines
        self._bark = bark
        self._due = deadlines.first
        self._timer: asyncio.TimerHandle | None = deadlines.loop.call_at(deadlines.first, self._look)
        self.verdict: Silence | None = None

    def touch(self) -> None:
        """A piece has arrived: the next may take its time again."""
        deadlines = self._deadlines
        self._due = deadlines.loop.time() + deadlines.idle

    def cancel(self) -> None:
        """Nothing more is expected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        deadlines = self._deadlines
        due = min(self._due, deadlines.total)
        if deadlines.loop.time() < due:
            self._timer = deadlines.loop.call_at(due, self._look)
            return
        self._timer = None
        self.verdict = "total" if due == deadlines.total else "first" if self._due == deadlines.first else "idle"
        self._bark()
