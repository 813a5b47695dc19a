"""What was spent, and what may be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from pydantic import Field

from artel.gateway.shapes.common import Body, Money, Shape

UsageKey = Literal["day", "agent", "model"]


class Spent(Shape):
    """Model calls added up."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost: Money
    unpriced_calls: int = Field(description="Calls whose price is not known; `cost` lacks them.")


class UsageRow(Spent):
    """One row of the table; what it is not grouped by is null."""

    day: dt.date | None
    agent_id: str | None
    provider: str | None
    model: str | None


class Budget(Shape):
    """What may be spent in a calendar month (UTC)."""

    monthly_usd: float | None = Field(description="Null: no limit.")
    spent: Money
    remaining: Money = Field(description="Null: no limit.")
    month: str = Field(examples=["2026-11"])


class BudgetIn(Body):
    """Another limit; null takes it away."""

    monthly_usd: Decimal | None = Field(ge=0, le=1_000_000, decimal_places=6, examples=[20])


class Usage(Shape):
    """The table, the newest day first."""

    items: list[UsageRow]
    total: Spent
    budget: Budget
    next_cursor: None = None
