"""Repeating a call: when, after how long, and with what in the report."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from pydantic_ai.usage import RequestUsage

from artel.llm.callee import Callee
from artel.llm.calling import Call, CallReport, Lane, RetryPolicy
from artel.llm.errors import ModelError, ModelKeyRefused, ModelOverloaded, ModelRateLimited
from artel.llm.limiter import FairLimiter

CALLEE = Callee("openai", "OpenAI", "m")


class Thing:
    """Something open."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


class Opener:
    """Fails with each of the errors in turn, then opens."""

    def __init__(self, *errors: ModelError) -> None:
        self._errors: Iterator[ModelError] = iter(errors)
        self.thing = Thing()

    async def __call__(self) -> Thing:
        for error in self._errors:
            raise error
        return self.thing


class Watched:
    """A lane whose waits are written down instead of waited."""

    def __init__(self, policy: RetryPolicy | None = None, *, seats: int = 1) -> None:
        self.waits: list[float] = []
        self.reports: list[CallReport] = []
        self.limiter = FairLimiter(seats, max_waiting=0)
        self.lane = Lane(self.limiter, policy or RetryPolicy(), self.reports.append, lambda: 1.0, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        assert self.limiter.idle, "a call that waits must not keep its seat"
        self.waits.append(seconds)

    def call(self) -> Call[Thing]:
        return Call(self.lane, CALLEE)


async def test_passing_faults_are_repeated_with_growing_waits() -> None:
    watched, opener = Watched(), Opener(ModelOverloaded(), ModelOverloaded())
    call = watched.call()
    assert await call.open(opener) is opener.thing
    await call.close(usage=RequestUsage(output_tokens=3))
    assert watched.waits == [0.5, 1.0]
    (report,) = watched.reports
    assert (report.outcome, report.attempts, report.usage.output_tokens) == ("ok", 3, 3)
    assert report.first_piece_seconds is not None
    assert opener.thing.closed == 1
    assert watched.limiter.idle


async def test_after_the_last_attempt_the_error_is_passed_on() -> None:
    watched = Watched()
    with pytest.raises(ModelOverloaded):
        await watched.call().open(Opener(*(ModelOverloaded() for _ in range(9))))
    assert len(watched.waits) == 2
    assert [report.outcome for report in watched.reports] == ["model_overloaded"]
    assert watched.limiter.idle


async def test_lasting_faults_are_not_repeated() -> None:
    watched = Watched()
    with pytest.raises(ModelKeyRefused):
        await watched.call().open(Opener(ModelKeyRefused()))
    assert watched.waits == []


@pytest.mark.parametrize(
    ("asked", "attempt", "chance", "wait"),
    [
        (None, 1, 0.0, 0.25),
        (None, 1, 1.0, 0.5),
        (None, 2, 1.0, 1.0),
        (None, 3, 1.0, 2.0),
        (3.0, 1, 1.0, 3.0),
        (0.1, 1, 1.0, 0.5),
        (20.0, 1, 1.0, 20.0),
        (21.0, 1, 1.0, None),
        (None, 9, 1.0, 8.0),
        (None, 10, 1.0, None),
    ],
)
def test_how_long_to_wait(asked: float | None, attempt: int, chance: float, wait: float | None) -> None:
    policy = RetryPolicy(attempts=10)
    assert policy.wait(ModelRateLimited(retry_after=asked), attempt, chance) == wait


async def test_a_full_queue_is_an_error_of_its_own() -> None:
    watched = Watched()
    await watched.limiter.acquire()
    with pytest.raises(ModelRateLimited) as caught:
        await watched.call().open(Opener())
    assert caught.value.variant == "queue"


async def test_a_cancelled_call_gives_its_seat_back_and_says_so() -> None:
    watched = Watched()
    begun = asyncio.Event()

    async def hang() -> Thing:
        begun.set()
        await asyncio.Event().wait()
        return Thing()

    task = asyncio.create_task(watched.call().open(hang))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert watched.limiter.idle
    assert [report.outcome for report in watched.reports] == ["cancelled"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "cancelled"), (ModelOverloaded(), "model_overloaded"), (ZeroDivisionError(), "internal")],
)
async def test_what_ended_a_call_that_was_open(error: BaseException | None, outcome: str) -> None:
    watched = Watched()
    call = watched.call()
    await call.open(Opener())
    await call.close(error)
    await call.close()
    assert [report.outcome for report in watched.reports] == [outcome]
    assert watched.limiter.idle
