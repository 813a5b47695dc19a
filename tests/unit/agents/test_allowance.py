"""What a task may still spend, apart from where it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Literal

import pytest

from artel.accounts.means import Limit, TokenLimit
from artel.agents.allowance import LOOK_SECONDS, Allowance, BudgetExceeded
from artel.bus.model import ModelUse, TaskFailed


def _limit(of: Literal["run", "month"], usd: str, spent: str) -> Limit:
    return Limit(of, Decimal(usd), Decimal(spent))


def _use(cost: str | None, *, estimated: bool = True) -> ModelUse:
    return ModelUse("openai", "gpt-4o", 1, 1, None if cost is None else Decimal(cost), estimated)


async def _pieces(number: int) -> AsyncIterator[int]:
    for piece in range(number):
        yield piece


class Watch:
    """A stream under an allowance: its time goes on by `step` with each look at the clock, its cost with each piece."""

    def __init__(self, *limits: Limit, step: float = LOOK_SECONDS, locale: str = "en") -> None:
        ticks = count()
        self.allowance = Allowance(None, locale, limits, timer=lambda: next(ticks) * step)
        self.looks = 0
        self.read: list[int] = []

    async def run(self, costs: Iterable[str | None], *, estimated: bool = True) -> None:
        given = list(costs)

        def use_so_far() -> ModelUse:
            self.looks += 1
            return _use(given[len(self.read) - 1], estimated=estimated)

        async for piece in self.allowance.watch(_pieces(len(given)), use_so_far):
            self.read.append(piece)


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ((), None),
        ((_limit("month", "10", "4"),), "6"),
        ((_limit("run", "1", "0.5"), _limit("month", "10", "4")), "0.5"),
        ((_limit("run", "1", "0.5"), _limit("month", "10", "9.9")), "0.1"),
        ((_limit("run", "1", "1.5"),), "-0.5"),
    ],
)
def test_the_tightest_limit_counts(limits: tuple[Limit, ...], left: str | None) -> None:
    assert Allowance(None, "en", limits).left == (None if left is None else Decimal(left))


def test_a_call_may_be_made_while_anything_is_left() -> None:
    Allowance(None, "en").check()
    Allowance(None, "en", (_limit("month", "1", "0.999999"),)).check()


@pytest.mark.parametrize("spent", ["1", "1.01"])
def test_without_anything_left_no_call_is_made(spent: str) -> None:
    with pytest.raises(TaskFailed) as stopped:
        Allowance(None, "en", (_limit("month", "1", spent), _limit("run", "9", "0"))).check()

    assert (stopped.value.fault.code, stopped.value.retryable, stopped.value.use) == ("budget_exceeded", False, None)


@pytest.mark.parametrize(
    ("of", "locale", "says"),
    [
        ("month", "en", ("Your budget for this month ($12.50) is spent", "Raise the monthly budget")),
        ("month", "ru", ("Ваш бюджет на этот месяц ($12.50) исчерпан", "Увеличьте бюджет на месяц")),
        ("run", "en", ("The budget of this run ($12.50) is spent", "orchestrator's settings")),
        ("run", "ru", ("Бюджет этого запуска ($12.50) исчерпан", "в настройках оркестратора")),
    ],
)
def test_the_failure_says_which_budget_and_what_to_do(
    of: Literal["run", "month"], locale: str, says: tuple[str, str]
) -> None:
    with pytest.raises(TaskFailed) as stopped:
        Allowance(None, locale, (_limit(of, "12.5", "13"),)).check()

    assert [part for part in says if part not in stopped.value.fault.detail] == []


async def test_an_answer_is_stopped_once_it_costs_more_than_is_left() -> None:
    watch = Watch(_limit("month", "1", "0.7"))

    with pytest.raises(BudgetExceeded) as stopped:
        await watch.run(["0.1", "0.3", "0.300001", "0.4", "0.5"])

    # what was written up to then is kept, and paid for
    assert watch.read == [0, 1, 2]
    assert stopped.value.use == _use("0.300001")


async def test_an_answer_within_its_limit_is_left_alone() -> None:
    watch = Watch(_limit("month", "1", "0.7"))

    await watch.run(["0.1", "0.2", "0.3"])

    assert watch.read == [0, 1, 2]


async def test_it_is_looked_at_now_and_then_only() -> None:
    watch = Watch(_limit("month", "1", "0"), step=LOOK_SECONDS / 50)

    await watch.run(["0.01"] * 200)

    assert (len(watch.read), watch.looks) == (200, 4)


async def test_unknown_prices_count_as_nothing() -> None:
    watch = Watch(_limit("month", "1", "0.999"))

    await watch.run([None] * 5)

    assert (len(watch.read), watch.looks) == (5, 5)


async def test_an_answer_that_is_complete_is_handed_out_to_its_end() -> None:
    watch = Watch(_limit("month", "1", "0.9"))

    await watch.run(["5"] * 3, estimated=False)

    assert watch.read == [0, 1, 2]


async def test_without_a_limit_nothing_stands_between_reader_and_stream() -> None:
    stream = _pieces(1)

    assert Allowance(None, "en").watch(stream, lambda: _use("5")) is stream
    await stream.aclose()  # type: ignore[attr-defined]


def _tokens(of: Literal["day", "month"], left: int) -> TokenLimit:
    return TokenLimit(of, 100, 100 - left, datetime(2026, 12, 1, tzinfo=UTC))


def test_tokens_that_are_used_up_let_no_model_be_called() -> None:
    Allowance(None, "en", tokens=(_tokens("day", 1),)).check()
    with pytest.raises(BudgetExceeded) as refused:
        Allowance(None, "ru", tokens=(_tokens("day", 1), _tokens("month", 0))).check()

    assert refused.value.fault.code == "limit_reached"
    assert "в месяц (100)" in refused.value.fault.detail
    assert "2026-12-01 00:00 UTC" in refused.value.fault.detail


@pytest.mark.parametrize(("left", "is_stopped"), [(1, True), (2, False)])
async def test_an_answer_is_stopped_when_its_tokens_are_more_than_are_left(left: int, is_stopped: bool) -> None:
    watch = Watch()
    watch.allowance.tokens = (_tokens("day", left),)

    # Each of them says that one token went in and one came out.
    with pytest.raises(BudgetExceeded) if is_stopped else nullcontext():
        await watch.run([None, None, None])

    assert len(watch.read) == (1 if is_stopped else 3)
