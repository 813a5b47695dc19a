"""Time as a parameter, so that tests can hold it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present moment, always with a time zone (UTC)."""


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def micros() -> int:
    """Microseconds since 1970, from the system's clock."""
    return time.time_ns() // 1000
