"""What happened in which run and for how long, for whatever speaks OTLP. This module costs nothing to import."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

Attributes = Mapping[str, str | int | float | bool]
"""By the names of OpenTelemetry's semantic conventions; never what somebody said."""


class Work(Protocol):
    """Something that is being done."""

    def set(self, attributes: Attributes) -> None:
        """Says more of it."""
        ...

    def fail(self, error: str) -> None:
        """It came to nothing; error is a code."""
        ...


class Traces(Protocol):
    """Takes spans, and sends them by and by. Every run is a trace; see docs/watching.md."""

    def work(self, run_id: UUID, name: str, attributes: Attributes, *, is_first: bool) -> AbstractContextManager[Work]:
        """A task of a run, from now on. is_first: the one that a message set in motion, under which all others are."""
        ...

    def past(
        self,
        name: str,
        seconds: float,
        attributes: Attributes,
        *,
        error: str | None = None,
        run_id: UUID | None = None,
        is_call: bool = False,
    ) -> None:
        """Something that is over just now: of the task that is being done here, or of a run. is_call: of somebody
        else's server."""
        ...

    def close(self) -> None:
        """Sends what waits, for some seconds at most. Blocks."""
        ...
