"""Lets an answer out as it is written: the first words at once, then what gathered every 30 ms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from artel.agents.places import answer_place
from artel.bus.model import Held
from artel.events.types import Event, MessageDelta, MessageStarted
from artel.kit.stored import stored_text

GATHER_SECONDS = 0.03

Emit = Callable[[int, Event], None]


class AnswerWriter:
    """The text of one task's answer. A timer runs only while something waits, so an idle stream costs nothing."""

    def __init__(self, held: Held, emit: Emit, first_text: Callable[[float], None]) -> None:
        """first_text: told how many seconds after the task took its seat the first words came."""
        self._held = held
        self._place = answer_place(held)
        self._emit = emit
        self._first_text = first_text
        self._waiting: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._loop = asyncio.get_running_loop()

    def begin(self) -> None:
        """Says that an answer begins, empty, under this attempt."""
        held = self._held
        self._emit(held.user_id, MessageStarted(**self._place, attempt=held.epoch))

    def write(self, text: str) -> None:
        """More of the answer."""
        text = stored_text(text)
        if not self._held.text:
            self._first_text(time.monotonic() - self._held.seated_at)
        self._held.text.append(text)
        self._waiting.append(text)
        if self._timer is None:
            wait = self._last + GATHER_SECONDS - self._loop.time()
            if wait <= 0:
                self.flush()
            else:
                self._timer = self._loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Sends what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        held = self._held
        text = "".join(self._waiting)
        self._waiting.clear()
        self._last = self._loop.time()
        self._emit(held.user_id, MessageDelta(**self._place, text=text, attempt=held.epoch))

    @property
    def text(self) -> str:
        """The whole answer so far."""
        return "".join(self._held.text)
