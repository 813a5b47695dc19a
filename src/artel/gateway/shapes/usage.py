"""What was spent, and what may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from pydantic import Field

from artel.accounts.spending import MonthlyBudget
from artel.accounts.spending import UsageRow as Row
from artel.gateway.shapes.common import Body, Money, Shape, usd

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


def usage(rows: Sequence[Row], month: MonthlyBudget) -> Usage:
    """The rows, added up, beside the budget."""
    known = [row.cost for row in rows if row.cost is not None]
    total = Spent(
        calls=sum(row.calls for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        cost=usd(sum(known, Decimal(0)) if known or not rows else None),
        unpriced_calls=sum(row.unpriced_calls for row in rows),
    )
    return Usage(items=[_row(row) for row in rows], total=total, budget=budget(month))


def _row(row: Row) -> UsageRow:
    return UsageRow(
        day=row.day,
        agent_id=row.agent_id,
        provider=row.provider,
        model=row.model,
        calls=row.calls,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost=usd(row.cost),
        unpriced_calls=row.unpriced_calls,
    )


def budget(month: MonthlyBudget) -> Budget:
    """As its user sees it."""
    return Budget(
        monthly_usd=None if month.limit is None else float(month.limit),
        spent=usd(month.spent),
        remaining=usd(month.remaining),
        month=f"{month.month:%Y-%m}",
    )
