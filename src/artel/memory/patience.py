"""How long a turn waits for its memories: soon at the median, and longer where somebody would be answered without.

What is promised is a median, so that a turn may take longer now and then: the first after a start, those of one person
on a busy machine. Only where many do within a minute are further ones hurried, and go on without when they are late.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

SOON_SECONDS: Final = 0.06
"""What memory may add to the first text of an answer, at the median."""
MOST_SECONDS: Final = 1.5
"""A model takes seconds for its answer, and one that does not know what it was told is no answer."""
SLOW_SHARE: Final = 1 / 3
"""Of the turns lately that may take longer than soon; less than half, or the median would be no promise."""
SLOW_ANYWAY: Final = 8
"""So many may, however few there were."""
SPAN_SECONDS: Final = 60.0


@dataclass(slots=True)
class Patience:
    """Of one process. `clock` counts seconds."""

    soon_seconds: float = SOON_SECONDS
    most_seconds: float = MOST_SECONDS
    clock: Callable[[], float] = time.monotonic
    _lately: deque[tuple[float, bool]] = field(default_factory=deque[tuple[float, bool]])
    """When turns ended, oldest first, and whether they were slow."""
    _slow: int = 0
    """Of those."""
    _waiting: int = 0
    """Turns under way that may take longer than soon: each may become a slow one."""

    def seconds(self) -> float:
        """How long a turn that begins now may wait."""
        self._forget()
        allowed = max(SLOW_ANYWAY, SLOW_SHARE * (len(self._lately) + self._waiting))
        return self.most_seconds if self._slow + self._waiting < allowed else self.soon_seconds

    @contextmanager
    def wait(self) -> Generator[float]:
        """One turn's wait; gives the seconds that it may take."""
        seconds, began = self.seconds(), self.clock()
        is_patient = seconds > self.soon_seconds
        self._waiting += is_patient
        try:
            yield seconds
        finally:
            self._waiting -= is_patient
            self._keep(self.clock() - began > self.soon_seconds)

    def _keep(self, is_slow: bool) -> None:
        self._lately.append((self.clock(), is_slow))
        self._slow += is_slow

    def _forget(self) -> None:
        while self._lately and self._lately[0][0] < self.clock() - SPAN_SECONDS:
            self._slow -= self._lately.popleft()[1]
