"""What a user may use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from artel.accounts.my_limits import LimitUse
from artel.gateway.shapes.common import Body, Shape
from artel.kit.ids import MAX_NUMBER
from artel.store.limits import Value

LimitName = Literal[
    "runs_hour", "runs_day", "tokens_day", "tokens_month", "storage_mb", "agents", "streams", "requests_minute"
]
LimitValue = Annotated[int, Field(ge=0, le=MAX_NUMBER)] | Literal["unlimited"] | None


class LimitsIn(Body):
    """Limits by name: a number (0: nothing at all), `unlimited`, or null: what stands behind it. What is left out stays
    as it is."""

    runs_hour: LimitValue = None
    runs_day: LimitValue = None
    tokens_day: LimitValue = None
    tokens_month: LimitValue = None
    storage_mb: Annotated[int, Field(ge=0, le=1_000_000_000)] | Literal["unlimited"] | None = None
    agents: LimitValue = None
    streams: LimitValue = None
    requests_minute: LimitValue = None

    def given(self) -> dict[str, Value | None]:
        """Those that the client named."""
        return self.model_dump(exclude_unset=True)


class LimitsOut(Shape):
    """Limits by name; null: what stands behind it holds."""

    runs_hour: LimitValue = None
    runs_day: LimitValue = None
    tokens_day: LimitValue = None
    tokens_month: LimitValue = None
    storage_mb: LimitValue = None
    agents: LimitValue = None
    streams: LimitValue = None
    requests_minute: LimitValue = None


class MyLimit(Shape):
    """One limit, and what is used of it."""

    name: LimitName
    limit: int | None = Field(description="Null: no limit.")
    used: int | None = Field(description="Null: it is not counted.")
    free_at: datetime | None = Field(description="When it is free again; null: when one makes room.")


class MyLimits(Shape):
    """All of them."""

    items: list[MyLimit]
    next_cursor: None = None


def limits_out(stored: Mapping[str, Value]) -> LimitsOut:
    """As they are stored."""
    return LimitsOut.model_validate({name: value for name, value in stored.items() if name in LimitsOut.model_fields})


def my_limits(uses: list[LimitUse]) -> MyLimits:
    """As their user sees them."""
    return MyLimits(
        items=[
            MyLimit.model_validate(
                {"name": use.name, "limit": use.limit, "used": use.used, "free_at": use.free_at}, strict=False
            )
            for use in uses
        ]
    )
