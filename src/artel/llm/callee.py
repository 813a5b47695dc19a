"""Who is being called, and for how long one waits for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from artel.llm.errors import ModelError

E = TypeVar("E", bound=ModelError)


@dataclass(frozen=True, slots=True)
class Callee:
    """The provider and model of a call, as errors name them."""

    provider: str
    label: str
    model: str
    has_key: bool = True

    def error(
        self,
        kind: type[E],
        variant: str | None = None,
        *,
        says: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> E:
        """An error that names this provider and model."""
        return kind(
            variant, provider=self.label, model=self.model, says=says, retryable=retryable, retry_after=retry_after
        )


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds a call may take, each part of it and the whole."""

    connect: float = 5.0
    first_token: float = 120.0
    """From the request to the first piece of the answer."""
    idle: float = 60.0
    """Between two pieces."""
    total: float = 1800.0


class Deadlines:
    """Until when, by the event loop's clock, one call may wait for what."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.loop = asyncio.get_running_loop()
        now = self.loop.time()
        self.connect = timeouts.connect
        self.idle = timeouts.idle
        self.first = now + min(timeouts.first_token, timeouts.total)
        self.total = now + timeouts.total

    def next_piece(self) -> float:
        """For a piece after the first."""
        return min(self.loop.time() + self.idle, self.total)
