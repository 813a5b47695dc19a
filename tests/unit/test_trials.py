"""What the trials of `bench/` judge by: whether a series grows, and whether a refusal is a clear one."""

from __future__ import annotations

import pytest
from aiohttp import ClientConnectionError, ServerTimeoutError

from bench.series import growing, percent_a_minute, warmed_up
from tests.support.visitors import no_answer, refusal_of

_PROBLEM = b'{"type":"/problems/unavailable","status":503}'
_TYPE = {"Content-Type": "application/problem+json"}


def test_a_slope_is_in_percent_of_the_mean_a_minute() -> None:
    # 90 to 110 within two minutes: ten a minute of a mean of 100
    assert percent_a_minute([(0, 90), (30, 95), (60, 100), (90, 105), (120, 110)]) == pytest.approx(10)
    assert percent_a_minute([(0, 110), (120, 90)]) == pytest.approx(-10)
    assert percent_a_minute([(0, 7), (10, 7), (20, 7)]) == 0


@pytest.mark.parametrize("points", [[], [(0.0, 5.0)], [(3.0, 1.0), (3.0, 2.0)], [(0.0, 0.0), (60.0, 0.0)]])
def test_where_nothing_can_be_said_nothing_grows(points: list[tuple[float, float]]) -> None:
    assert percent_a_minute(points) == 0


def test_only_what_grows_after_the_warm_up_is_named() -> None:
    warms_up = [(0.0, 10.0), (59.0, 50.0), (60.0, 100.0), (120.0, 100.0), (180.0, 100.0)]
    leaks = [(at, 100 + at / 60 * 2) for at, _ in warms_up]

    assert warmed_up(warms_up) == warms_up[2:]
    assert list(growing({"warms up": warms_up, "leaks": leaks, "shrinks": [(0, 9), (60, 8), (120, 7)]})) == ["leaks"]


def test_a_clear_refusal_is_a_problem_that_says_when_to_come_again() -> None:
    clear = refusal_of(503, {**_TYPE, "Retry-After": "2"}, _PROBLEM)

    assert (clear.what, clear.is_clear) == ("503 unavailable", True)
    assert not refusal_of(503, _TYPE, _PROBLEM).is_clear
    assert not refusal_of(502, {**_TYPE, "Retry-After": "2"}, _PROBLEM).is_clear
    assert not refusal_of(503, {"Content-Type": "text/html", "Retry-After": "2"}, b"<h1>Sorry</h1>").is_clear


def test_a_broken_connection_is_clear_and_silence_is_not() -> None:
    assert no_answer(ClientConnectionError()).is_clear
    assert no_answer(ConnectionResetError()).is_clear
    assert not no_answer(TimeoutError()).is_clear
    assert not no_answer(ServerTimeoutError()).is_clear
