"""How long turns wait for their memories: as long as it takes, and soon where too many did."""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest

from artel.memory.patience import SLOW_ANYWAY, SPAN_SECONDS, Patience

SOON, MOST = 0.06, 0.6


class Clock:
    """Shows what it was last set to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    return Patience(SOON, MOST, clock)


def turn(patience: Patience, clock: Clock, needed: float) -> float:
    """A turn whose memories need so many seconds; answers how many it waited."""
    with patience.wait() as seconds:
        waited = min(needed, seconds)
        clock.now += waited
    return waited


def test_one_person_on_a_busy_machine_is_told_every_time(patience: Patience, clock: Clock) -> None:
    for _ in range(50):
        assert turn(patience, clock, 0.2) == 0.2
        clock.now += SPAN_SECONDS / SLOW_ANYWAY


@pytest.mark.parametrize("slow_of_ten", [3, 5, 10])
def test_most_of_many_turns_wait_no_longer_than_soon(patience: Patience, clock: Clock, slow_of_ten: int) -> None:
    waits = [turn(patience, clock, 0.2 if number % 10 < slow_of_ten else 0.03) for number in range(300)]

    slow = sum(wait > SOON for wait in waits)
    assert sorted(waits)[150] <= SOON
    # Nor is anybody hurried who need not be.
    assert slow >= 85


def test_of_many_at_once_few_may_take_long(patience: Patience, clock: Clock) -> None:
    with ExitStack() as turns:
        given = [turns.enter_context(patience.wait()) for _ in range(100)]
    assert given[:SLOW_ANYWAY] == [MOST] * SLOW_ANYWAY
    assert given[SLOW_ANYWAY:] == [SOON] * (100 - SLOW_ANYWAY)

    # They were quick after all: nothing is held against those who come now.
    with ExitStack() as turns:
        given = [turns.enter_context(patience.wait()) for _ in range(60)]
    assert given.count(MOST) > 50 * 2 / 3 - 1


def test_what_was_slow_is_forgotten_after_a_minute(patience: Patience, clock: Clock) -> None:
    for _ in range(20):
        turn(patience, clock, 1.0)
    assert patience.seconds() == SOON

    clock.now += SPAN_SECONDS + 1

    assert patience.seconds() == MOST


def test_a_turn_that_fails_is_counted_too(patience: Patience, clock: Clock) -> None:
    for _ in range(SLOW_ANYWAY):
        with suppress(TimeoutError), patience.wait() as seconds:
            clock.now += seconds
            raise TimeoutError

    assert patience.seconds() == SOON
