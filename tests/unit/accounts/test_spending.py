"""Days, months and what is left of a budget."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from artel.accounts.spending import MAX_DAYS, MonthlyBudget, month_start, period
from artel.kit.errors import Invalid

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("since", "until", "meant"),
    [
        (None, None, (date(2026, 10, 27), TODAY)),
        (TODAY, None, (TODAY, TODAY)),
        (None, date(2026, 3, 1), (date(2026, 1, 31), date(2026, 3, 1))),
        (date(2026, 1, 1), date(2026, 1, 1), (date(2026, 1, 1), date(2026, 1, 1))),
        (date(2024, 1, 1), date(2024, 12, 31), (date(2024, 1, 1), date(2024, 12, 31))),
        (None, date.min, (date.min, date.min)),
        (None, date.max, (date(9999, 12, 2), date.max)),
    ],
)
def test_the_days_that_are_meant(since: date | None, until: date | None, meant: tuple[date, date]) -> None:
    assert period(since, until, TODAY) == meant


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        (date(2026, 11, 26), None, "today"),
        (date(2026, 2, 2), date(2026, 2, 1), "comes after the last day, 2026-02-01"),
        (date(2025, 1, 1), date(2026, 1, 2), "are 367 days; at most 366"),
        (date.min, date.max, "at most 366"),
    ],
)
def test_days_that_cannot_be_are_refused_in_words(since: date, until: date | None, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        period(since, until, TODAY)

    assert says in refused.value.detail
    assert [field.field for field in refused.value.fields] == ["since"]


def test_the_day_that_a_refusal_names_is_taken() -> None:
    with pytest.raises(Invalid) as refused:
        period(date(2020, 1, 1), TODAY, TODAY)

    named = date.fromisoformat(refused.value.fields[0].message.removesuffix(".").split()[-1])
    assert period(named, TODAY, TODAY) == (named, TODAY)
    assert (TODAY - named).days + 1 == MAX_DAYS


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, 2, tzinfo=timezone(timedelta(hours=3))), datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_month_is_one_of_utc(now: datetime, start: datetime) -> None:
    assert month_start(now) == start


@pytest.mark.parametrize(
    ("limit", "spent", "remaining"),
    [("10", "0.1", "9.9"), ("10", "10.000001", "0"), (None, "5", None), ("0", "0", "0")],
)
def test_what_remains_is_never_negative(limit: str | None, spent: str, remaining: str | None) -> None:
    budget = MonthlyBudget(TODAY, None if limit is None else Decimal(limit), Decimal(spent))

    assert budget.remaining == (None if remaining is None else Decimal(remaining))
