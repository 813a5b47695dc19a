"""A quantile of what happened lately."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from artel.telemetry.metrics import Metrics
from artel.telemetry.recent import MOST, WINDOW_SECONDS, RecentQuantile


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def quantile(clock: Clock) -> RecentQuantile:
    return RecentQuantile("slow", "How slow.", 0.95, CollectorRegistry(), clock)


def test_ninety_five_of_a_hundred_are_no_greater() -> None:
    slow = quantile(Clock())
    assert slow.value == 0.0

    for value in range(100, 0, -1):
        slow.observe(float(value))

    assert slow.value == 95.0


def test_one_is_its_own_quantile() -> None:
    slow = quantile(Clock())

    slow.observe(0.25)

    assert slow.value == 0.25


def test_what_is_long_past_counts_no_more() -> None:
    clock = Clock()
    slow = quantile(clock)
    slow.observe(9.0)
    clock.now += WINDOW_SECONDS / 2
    slow.observe(1.0)

    clock.now += WINDOW_SECONDS / 2 + 1

    assert slow.value == 1.0
    clock.now += WINDOW_SECONDS
    assert slow.value == 0.0


def test_the_oldest_make_room() -> None:
    slow = quantile(Clock())
    slow.observe(9.0)

    for _ in range(MOST):
        slow.observe(1.0)

    assert slow.value == 1.0


def test_the_share_that_went_past_the_orchestrator() -> None:
    metrics = Metrics()

    for mode in ("direct", "auto", "direct", "direct"):
        metrics.sent(mode)

    assert b"\norchestrator_bypass_rate 0.75\n" in metrics.render()
    with pytest.raises(KeyError):
        metrics.sent("sideways")
