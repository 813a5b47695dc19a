"""What a user's model calls came to, and the budget of a month."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from artel.kit.clock import Clock
from artel.kit.errors import FieldProblem, Invalid
from artel.store.shards import Shards

Key = Literal["day", "agent", "model"]

USUAL_DAYS: Final = 30
MAX_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Model calls added up. What they were not grouped by is None; so is the agent of calls made for none.

    `cost`: US dollars, the exact sum of the known prices; None when no price is known.
    """

    day: date | None
    agent_id: str | None
    provider: str | None
    model: str | None
    calls: int
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    unpriced_calls: int
    """Calls whose price is not known; `cost` lacks them."""


@dataclass(frozen=True, slots=True)
class MonthlyBudget:
    """What may be spent in a calendar month (UTC), and what is, in US dollars. `limit`: None is no limit."""

    month: date
    """Its first day."""
    limit: Decimal | None
    spent: Decimal

    @property
    def remaining(self) -> Decimal | None:
        """Never negative; None without a limit."""
        return None if self.limit is None else max(self.limit - self.spent, Decimal(0))


def month_start(now: datetime) -> datetime:
    """When the calendar month of this moment began, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


class Spending:
    """One user's."""

    def __init__(self, user_id: int, shards: Shards, clock: Clock) -> None:
        self._user_id = user_id
        self._shards = shards
        self._clock = clock

    async def table(self, since: date | None, until: date | None, by: Collection[Key]) -> list[UsageRow]:
        """The calls of these days (UTC, both included; the last 30 when left out), the newest day first, then the
        dearest.

        Raises:
            Invalid: the days are in the wrong order, or too many.
        """
        first, last = period(since, until, self._clock().astimezone(UTC).date())
        async with self._shards.user_tx(self._user_id) as tx:
            rows = await tx.fetch(_table(frozenset(by)), self._user_id, first, last)
        return [UsageRow(**row) for row in rows]

    async def budget(self) -> MonthlyBudget:
        """Of this month."""
        return await self._budget(_BUDGET)

    async def put_budget(self, limit: Decimal | None) -> MonthlyBudget:
        """Sets another limit, or takes it away; the next model call keeps to it."""
        if limit is None:
            return await self._budget(_LIFT)
        return await self._budget(_PUT, limit)

    async def _budget(self, sql: str, *args: object) -> MonthlyBudget:
        month = month_start(self._clock())
        async with self._shards.user_tx(self._user_id) as tx:
            row = await tx.fetchrow(sql, self._user_id, month, *args)
        assert row is not None
        return MonthlyBudget(month.date(), row["monthly_usd"], row["spent"])


def period(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """The first and the last day that are meant.

    Raises:
        Invalid: they are in the wrong order, or too far apart.
    """
    last = until or today
    # Near the first day there is, thirty days back would be none.
    first = since or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
    if first > last:
        end = "the last day" if until else "today, the last day when none is given"
        raise Invalid(
            f"The first day, {first}, comes after {end}, {last}.",
            reason="period-reversed",
            figures={"first": first.isoformat(), "last": last.isoformat()},
            fields=[FieldProblem("since", f"It must not be after {last}.", "not_after", {"last": last.isoformat()})],
        )
    if last - first >= timedelta(days=MAX_DAYS):
        earliest = last - timedelta(days=MAX_DAYS - 1)
        figures = {"first": earliest.isoformat()}
        raise Invalid(
            f"From {first} to {last} are {(last - first).days + 1} days; at most {MAX_DAYS} can be asked for at once.",
            reason="period-too-long",
            figures={"at_most": MAX_DAYS},
            fields=[FieldProblem("since", f"It must not be before {earliest}.", "not_before", figures)],
        )
    return first, last


_COLUMNS: Final = {
    "day": ("day", "(created_at at time zone 'UTC')::date as day", "null::date as day"),
    "agent_id": ("agent", "agent_id", "null::text as agent_id"),
    "provider": ("model", "provider", "null::text as provider"),
    "model": ("model", "model", "null::text as model"),
}
"""By column: the key it belongs to, how it is read, and what stands in its place when it is no key."""


def _table(by: frozenset[str]) -> str:
    grouped = [place for place, (key, _, _) in enumerate(_COLUMNS.values(), start=1) if key in by]
    columns = ", ".join(read if key in by else absent for key, read, absent in _COLUMNS.values())
    return f"""
select {columns}, count(*) as calls, sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens, sum(cost) as cost,
    count(*) filter (where cost is null) as unpriced_calls
from usage
where user_id = $1 and created_at >= $2::date::timestamp at time zone 'UTC'
    and created_at < ($3::date + 1)::timestamp at time zone 'UTC'
group by {", ".join(map(str, grouped)) or "()"} having count(*) > 0
order by day desc, cost desc nulls last, calls desc, agent_id, provider, model
"""


_SPENT = "(select coalesce(sum(cost), 0) from usage where user_id = $1 and created_at >= $2) as spent"
_BUDGET = f"select (select monthly_usd from budgets where user_id = $1) as monthly_usd, {_SPENT}"
_PUT = f"""
with put as (
    insert into budgets (user_id, monthly_usd) values ($1, $3)
    on conflict (user_id) do update set monthly_usd = excluded.monthly_usd, updated_at = now()
    returning monthly_usd
)
select monthly_usd, {_SPENT} from put
"""
_LIFT = f"with lifted as (delete from budgets where user_id = $1) select null::numeric as monthly_usd, {_SPENT}"
