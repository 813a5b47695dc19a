"""How much a user may use: the limits in force, and the error that says that one is reached.

They travel with what the directory says of a user (`tx.UserEntry`), so that every transaction knows them for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from artel.kit.errors import RateLimited

UNLIMITED: Final = "unlimited"
Value = int | Literal["unlimited"]
"""As it is stored and as administrators write it."""

Window = Literal["hour", "day", "month"]

LIMITLESS: Final = 10**9
"""A room for files, in millions of bytes, that nobody fills."""


class LimitReached(RateLimited):
    """A limit of this account is reached. Wait as long as Retry-After says, or ask the administrator for more."""

    slug = "limit-reached"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one user may use; None: no limit."""

    runs_hour: int | None = None
    runs_day: int | None = None
    tokens_day: int | None = None
    tokens_month: int | None = None
    storage_mb: int | None = None
    """None: as much as the installation allows (`files.store.Limits`)."""
    agents: int | None = None
    streams: int | None = None
    requests_minute: int | None = None

    def over(self, *stored: Mapping[str, Any]) -> Limits:
        """These, with what is stored for everybody and for the user put over them, the last the nearest."""
        changed: dict[str, int | None] = {}
        for each in stored:
            for name, value in each.items():
                if name in NAMES:
                    changed[name] = _number(name, value)
        return replace(self, **changed) if changed else self

    @property
    def count_runs(self) -> bool:
        """Whether a new run has to be counted, or tokens to be looked at, before it is taken."""
        return self.runs_hour is not None or self.runs_day is not None or self.count_tokens

    @property
    def count_tokens(self) -> bool:
        """Whether tokens are limited."""
        return self.tokens_day is not None or self.tokens_month is not None


NAMES: Final = tuple(field.name for field in fields(Limits))

NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Windows:
    """The hour, day and month of a moment, in UTC: limits count from their beginning to their end."""

    now: datetime
    hour: datetime
    day: datetime
    month: datetime

    @classmethod
    def of(cls, now: datetime) -> Windows:
        """That the moment lies in."""
        now = now.astimezone(UTC)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(now, now.replace(minute=0, second=0, microsecond=0), day, day.replace(day=1))

    def end(self, of: Window) -> datetime:
        """When the next one begins."""
        if of == "hour":
            return self.hour + timedelta(hours=1)
        if of == "day":
            return self.day + timedelta(days=1)
        return (self.month + timedelta(days=32)).replace(day=1)

    def reached(self, what: Literal["messages", "tokens"], limit: int, of: Window) -> LimitReached:
        """The error of a limit that is free again at the end of the window."""
        end = self.end(of)
        return LimitReached(
            f"This account's {what} of this {of} are used up (limit: {limit:,}). More are free at "
            f"{end:%Y-%m-%d %H:%M} UTC. Nothing was stored; send it again then, or ask the administrator for more.",
            reason=f"{what}-used-up",
            figures={"limit": limit, "of": of, "free_at": end.isoformat()},
            retry_after=(end - self.now).total_seconds(),
        )


def _number(name: str, value: Any) -> int | None:
    if value == UNLIMITED:
        return LIMITLESS if name == "storage_mb" else None
    return int(value)
