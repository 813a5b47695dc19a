"""What a plan is expected to cost, and how long it takes: against time passing second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.orchestrator.estimate import (
    ENOUGH,
    PRIOR_OUTPUT_TOKENS,
    PRIOR_SECONDS,
    Estimate,
    Part,
    Record,
    Spread,
    estimate_plan,
    estimate_task,
    play,
)
from artel.orchestrator.plan import Draft, in_order
from tests.unit.orchestrator.graphs import AGENTS, graphs

MONEY = st.none() | st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=12)
SECONDS = st.floats(0, 10**6, allow_nan=False)
RANGE = st.none() | SECONDS
ESTIMATES = st.builds(Estimate, MONEY, MONEY, MONEY, SECONDS, RANGE, RANGE, st.sampled_from(["history", "prior"]))


def lasting(seconds: float, cost: str | None = "0", **ranges: float) -> Estimate:
    """An estimate without a range, or with one of seconds."""
    amount = None if cost is None else Decimal(cost)
    return Estimate(amount, None, None, seconds, ranges.get("low"), ranges.get("high"), "history")


def parts_of(plan: Draft, lengths: Sequence[int]) -> list[Part]:
    """The plan's parts in their order, each as long as told."""
    return [
        Part(each.id, each.agent, each.depends_on, lasting(length))
        for each, length in zip(in_order(plan), lengths, strict=False)
    ]


def by_the_clock(parts: Sequence[Part], max_parallel: int, limits: Mapping[str, int]) -> int:
    """The same as `play`, second by second."""
    ends: dict[str, int] = {}
    now = 0
    while True:
        running = [part for part in parts if ends.get(part.name, now) > now]
        busy = Counter(part.agent for part in running)
        for part in parts:
            ready = part.name not in ends and all(ends.get(name, now + 1) <= now for name in part.depends_on)
            if ready and busy.total() < max_parallel and busy[part.agent] < limits[part.agent]:
                ends[part.name] = now + int(part.estimate.seconds)
                busy[part.agent] += 1
        if len(ends) == len(parts):
            return max(ends.values())
        now += 1


@given(
    graphs(),
    st.lists(st.integers(1, 4), min_size=8, max_size=8),
    st.integers(1, 4),
    st.fixed_dictionaries({agent: st.integers(1, 3) for agent in AGENTS}),
)
def test_time_passes_as_lanes_and_seats_allow(
    plan: Draft, lengths: list[int], max_parallel: int, limits: dict[str, int]
) -> None:
    parts = parts_of(plan, lengths)

    played = play(parts, lambda part: part.estimate.seconds, max_parallel, limits)

    assert played == by_the_clock(parts, max_parallel, limits)


@given(graphs(), st.lists(st.integers(1, 9), min_size=8, max_size=8))
def test_alone_everything_takes_as_long_as_its_parts_together(plan: Draft, lengths: list[int]) -> None:
    parts = parts_of(plan, lengths)

    assert play(parts, lambda part: part.estimate.seconds, 1, {}) == sum(part.estimate.seconds for part in parts)


def test_of_those_that_can_begin_at_the_same_moment_the_first_does() -> None:
    parts = [
        Part("a", "coder", (), lasting(1)),
        Part("b", "writer", (), lasting(1)),
        Part("first", "coder", ("b",), lasting(5)),
        Part("second", "coder", (), lasting(5)),
        Part("last", "writer", ("first",), lasting(5)),
    ]

    assert play(parts, lambda part: part.estimate.seconds, 2, {}) == 11


def test_what_waits_for_something_outside_ends_the_play() -> None:
    parts = [Part("a", "coder", (), lasting(2)), Part("b", "coder", ("never",), lasting(5))]

    assert play(parts, lambda part: part.estimate.seconds, 3, {}) == 2


@given(ESTIMATES)
def test_what_is_stored_reads_as_it_was(estimate: Estimate) -> None:
    assert Estimate.of_json(orjson.loads(orjson.dumps(estimate.as_json()))) == estimate


@given(st.lists(st.decimals(0, 100, allow_nan=False, allow_infinity=False, places=12), min_size=1, max_size=9))
def test_costs_add_up_exactly(costs: list[Decimal]) -> None:
    parts = [Part(str(place), "coder", (), lasting(1, str(cost))) for place, cost in enumerate(costs)]

    whole = estimate_plan(parts, max_parallel=3, limits={}, summing_up=lasting(1, "0.000000000001"))

    assert whole.cost == sum(costs, Decimal("0.000000000001"))


@pytest.mark.parametrize("unknown", ["a part", "the sum"])
def test_one_unknown_price_makes_the_whole_unknown(unknown: str) -> None:
    parts = [Part("a", "coder", (), lasting(1, None if unknown == "a part" else "1"))]
    summing_up = lasting(1, None if unknown == "the sum" else "1")

    assert estimate_plan(parts, max_parallel=1, limits={}, summing_up=summing_up).cost is None


def test_a_range_counts_parts_without_one_at_their_middle() -> None:
    ranged = Estimate(Decimal(2), Decimal(1), Decimal(4), 10, 5, 20, "history")
    parts = [Part("a", "coder", (), ranged), Part("b", "coder", ("a",), lasting(7, "3"))]

    whole = estimate_plan(parts, max_parallel=3, limits={}, summing_up=lasting(1, "1"))

    assert (whole.cost_low, whole.cost, whole.cost_high) == (5, 6, 8)
    assert (whole.seconds_low, whole.seconds, whole.seconds_high) == (13, 18, 28)


def test_without_any_range_there_is_none() -> None:
    whole = estimate_plan([Part("a", "coder", (), lasting(1))], max_parallel=1, limits={}, summing_up=None)

    assert (whole.cost_low, whole.cost_high, whole.seconds_low, whole.seconds_high) == (None,) * 4


@pytest.mark.parametrize(("bases", "basis"), [(("history", "history"), "history"), (("history", "prior"), "prior")])
def test_a_whole_is_known_when_all_of_it_is(bases: tuple[str, str], basis: str) -> None:
    known, other = (estimate_task(4, 0, record(ENOUGH) if each == "history" else None, price) for each in bases)
    parts = [Part("a", "coder", (), known), Part("b", "coder", (), other)]

    assert estimate_plan(parts, max_parallel=1, limits={}, summing_up=None).basis == basis


def record(tasks: int) -> Record:
    """What an agent was like."""
    return Record(tasks, Spread(100, 50, 200), Spread(10, 5, 20), Spread(3, 2, 4))


def price(asked: int, said: int) -> Decimal:
    """A cent for each token asked, a dollar for each said."""
    return Decimal(asked) / 100 + said


def unknown(asked: int, said: int) -> None:
    """Of a model that no price list knows."""
    del asked, said


def test_of_an_agent_that_nobody_knows_much_is_assumed() -> None:
    estimate = estimate_task(4_000, 2, None, price)

    assert estimate.cost == price(1_000 + 2 * 400, PRIOR_OUTPUT_TOKENS)
    assert (estimate.seconds, estimate.seconds_low, estimate.basis) == (PRIOR_SECONDS, None, "prior")


@pytest.mark.parametrize(("tasks", "low"), [(1, None), (ENOUGH - 1, None), (ENOUGH, price(50, 5))])
def test_some_tasks_make_a_figure_and_enough_a_range(tasks: int, low: Decimal | None) -> None:
    estimate = estimate_task(9, 9, record(tasks), price)

    assert (estimate.cost, estimate.cost_low, estimate.basis) == (price(100, 10), low, "history")


def test_an_unknown_price_leaves_the_seconds() -> None:
    estimate = estimate_task(9, 9, record(ENOUGH), unknown)

    assert (estimate.cost, estimate.cost_low, estimate.seconds_high) == (None, None, 4)
