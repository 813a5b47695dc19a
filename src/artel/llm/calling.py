"""How a call is made: in a seat of the provider, again after a passing fault, and reported when it is over."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic_ai.usage import RequestUsage

from artel.llm.callee import Callee
from artel.llm.errors import AnswerUnwanted, ModelError, ModelRateLimited
from artel.llm.limiter import FairLimiter, QueueFull


class Closeable(Protocol):
    """Something open that must be closed."""

    async def aclose(self) -> None: ...


T = TypeVar("T", bound=Closeable)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to ask again; all times in seconds.

    The wait before the n-th repetition is random between half and all of `base_delay * 2**(n-1)`, at most `max_delay`,
    and never shorter than the provider asked for. When it asked for more than `max_retry_after`, the error is passed
    on at once: a person should know, and a fallback may be quicker.
    """

    attempts: int = 3
    base_delay: float = 0.5
    max_delay: float = 8.0
    max_retry_after: float = 20.0

    def wait(self, error: ModelError, attempt: int, chance: float) -> float | None:
        """Seconds to wait after the attempt (1 is the first) failed; None to give up. chance: 0 to 1."""
        if attempt >= self.attempts or not error.retryable:
            return None
        asked = error.retry_after or 0.0
        if asked > self.max_retry_after:
            return None
        backoff = min(self.max_delay, self.base_delay * 2 ** (attempt - 1))
        return max(asked, backoff * (0.5 + chance / 2))


@dataclass(slots=True)
class CallReport:
    """What became of one call, for metrics: no content."""

    provider: str
    model: str
    outcome: str = "ok"
    """ "ok", "cancelled" (also when the reader stopped early), or the error's code."""
    attempts: int = 0
    queued_seconds: float = 0.0
    first_piece_seconds: float | None = None
    """From the start of the call, without the time in the queue."""
    total_seconds: float = 0.0
    usage: RequestUsage = field(default_factory=RequestUsage)


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to one provider with one key, which all its calls take."""

    limiter: FairLimiter
    retry: RetryPolicy
    on_call: Callable[[CallReport], None] | None = None
    random: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Call(Generic[T]):
    """One call on a lane: opened, used and closed by one task.

    `open` is repeated by the lane's policy; it must not return before the first piece of the answer is there, because
    from then on nothing can be repeated unseen.
    """

    def __init__(self, lane: Lane, callee: Callee, owner: Hashable = None) -> None:
        self._lane = lane
        self._callee = callee
        self._owner = owner
        self._seated = False
        self._opened: T | None = None
        self._closed = False
        self._began = time.monotonic()
        self.report = CallReport(callee.provider, callee.model)

    async def open(self, opener: Callable[[], Awaitable[T]]) -> T:
        """What the opener returned, in the end.

        Raises:
            ModelError: it failed for good.
        """
        try:
            while True:
                await self._sit_down()
                self.report.attempts += 1
                try:
                    self._opened = opened = await opener()
                except ModelError as error:
                    await self._wait_or_give_up(error)
                else:
                    self.report.first_piece_seconds = time.monotonic() - self._began
                    return opened
        except BaseException as error:
            await self.close(error)
            raise

    async def _sit_down(self) -> None:
        before = time.monotonic()
        try:
            await self._lane.limiter.acquire(self._owner)
        except QueueFull as error:
            raise self._callee.error(ModelRateLimited, "queue", retryable=False) from error
        self._seated = True
        waited = time.monotonic() - before
        self.report.queued_seconds += waited
        self._began += waited

    async def _wait_or_give_up(self, error: ModelError) -> None:
        wait = self._lane.retry.wait(error, self.report.attempts, self._lane.random())
        if wait is None:
            raise error
        self._stand_up()  # others may go on while this one waits
        await self._lane.sleep(wait)

    def _stand_up(self) -> None:
        if self._seated:
            self._seated = False
            self._lane.limiter.release()

    async def close(self, error: BaseException | None = None, usage: RequestUsage | None = None) -> None:
        """Closes what was opened, gives the seat back and reports; a second time does nothing.

        error: what ended the call early, if anything did. usage: None when the answer was not read to its end.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self._opened is not None:
                await self._opened.aclose()
        finally:
            self._stand_up()
            self._tell(error, usage)

    def _tell(self, error: BaseException | None, usage: RequestUsage | None) -> None:
        report = self.report
        report.total_seconds = time.monotonic() - self._began
        if isinstance(error, ModelError):
            report.outcome = error.code
        elif isinstance(error, Exception) and not isinstance(error, AnswerUnwanted):
            report.outcome = "internal"
        elif error is not None or usage is None:
            report.outcome = "cancelled"
        if usage is not None:
            report.usage = usage
        if self._lane.on_call is not None:
            self._lane.on_call(report)
