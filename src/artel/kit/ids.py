"""Ids made in the application: time-ordered, globally unique, without a trip to the database."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from uuid import UUID

NUMBER_EPOCH_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: numbers count milliseconds from here."""

MAX_NUMBER = 2**53 - 1
"""The largest integer that JSON clients read exactly."""

_SEQUENCE_BITS = 12
_SEQUENCE_MASK = (1 << _SEQUENCE_BITS) - 1


class IdMaker:
    """Makes ids that rise within one process, whatever the system's clock does.

    `number()` is a positive integer below 2**53 (41 bits of milliseconds, 12 bits of a sequence that starts at a random
    place each millisecond). `uuid()` is a UUIDv7 (RFC 9562, with the sequence in rand_a: method 1 of section 6.2).
    """

    def __init__(
        self,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._now_ms = now_ms
        self._random_bits = random_bits
        self._ms = 0
        self._sequence = 0

    def _tick(self) -> tuple[int, int]:
        now = self._now_ms()
        if now > self._ms:
            self._ms = now
            # Half the range is left above the start, so a busy millisecond rarely borrows from the next one.
            self._sequence = self._random_bits(_SEQUENCE_BITS - 1)
        elif self._sequence < _SEQUENCE_MASK:
            self._sequence += 1
        else:
            self._ms += 1
            self._sequence = 0
        return self._ms, self._sequence

    def number(self) -> int:
        """A new integer id, rising, below 2**53."""
        ms, sequence = self._tick()
        return ((ms - NUMBER_EPOCH_MS) << _SEQUENCE_BITS) | sequence

    def uuid(self) -> UUID:
        """A new UUIDv7, rising."""
        ms, sequence = self._tick()
        value = ms << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | self._random_bits(62)
        return UUID(int=value)
