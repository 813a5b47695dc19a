"""What a plan is expected to cost and how long it takes. Pure: prices and track records are given."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

PRIOR_SECONDS: Final = 12.0
PRIOR_OUTPUT_TOKENS: Final = 500
PRIOR_RESULT_TOKENS: Final = 400
"""Of each result that a task is given, while nothing is known of it."""
CHARS_A_TOKEN: Final = 4
ENOUGH: Final = 5
"""So many finished tasks make a range."""

Price = Callable[[int, int], Decimal | None]
"""The cost in US dollars of so many input and output tokens; None when it is not known."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure with its likely range: the median, the 20th and the 80th percentile."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Record:
    """What an agent's finished tasks were like."""

    tasks: int
    input_tokens: Spread
    output_tokens: Spread
    seconds: Spread


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one task or of a plan; costs are US dollars, None when a price is unknown. Ranges need a record."""

    cost: Decimal | None
    cost_low: Decimal | None
    cost_high: Decimal | None
    seconds: float
    seconds_low: float | None
    seconds_high: float | None
    basis: Literal["history", "prior"]

    def as_json(self) -> dict[str, Any]:
        """As it is stored: costs are texts, so that they stay exact."""
        return {
            "cost": _text(self.cost),
            "cost_low": _text(self.cost_low),
            "cost_high": _text(self.cost_high),
            "seconds": self.seconds,
            "seconds_low": self.seconds_low,
            "seconds_high": self.seconds_high,
            "basis": self.basis,
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Estimate:
        """The opposite of `as_json`."""
        return cls(
            _amount(stored["cost"]),
            _amount(stored["cost_low"]),
            _amount(stored["cost_high"]),
            stored["seconds"],
            stored["seconds_low"],
            stored["seconds_high"],
            stored["basis"],
        )


def estimate_task(prompt_chars: int, results: int, record: Record | None, price: Price) -> Estimate:
    """Of one task.

    prompt_chars: of the agent's own prompt and the instruction. results: how many others' results it is given.
    """
    if record is None or not record.tasks:
        asked = prompt_chars // CHARS_A_TOKEN + results * PRIOR_RESULT_TOKENS
        return Estimate(price(asked, PRIOR_OUTPUT_TOKENS), None, None, PRIOR_SECONDS, None, None, "prior")
    asked, said, seconds = record.input_tokens, record.output_tokens, record.seconds
    cost = price(round(asked.middle), round(said.middle))
    if record.tasks < ENOUGH:
        return Estimate(cost, None, None, round(seconds.middle, 1), None, None, "history")
    return Estimate(
        cost,
        price(round(asked.low), round(said.low)),
        price(round(asked.high), round(said.high)),
        round(seconds.middle, 1),
        round(seconds.low, 1),
        round(seconds.high, 1),
        "history",
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A task as the whole sees it: who does it, after what, and its own estimate."""

    name: str
    agent: str
    depends_on: Sequence[str]
    estimate: Estimate


def estimate_plan(
    parts: Sequence[Part], *, max_parallel: int, limits: Mapping[str, int], summing_up: Estimate | None
) -> Estimate:
    """Of a whole plan: costs add up, and time passes as `max_parallel` and the agents' limits let it.

    parts: in an order in which they can be done. summing_up: what comes after all of them.
    """
    estimates = [part.estimate for part in parts] + ([summing_up] if summing_up else [])
    has_range = any(estimate.seconds_low is not None for estimate in estimates)

    def seconds(of: Callable[[Estimate], float | None]) -> float:
        def length(estimate: Estimate) -> float:
            value = of(estimate)
            return estimate.seconds if value is None else value

        played = play(parts, lambda part: length(part.estimate), max_parallel, limits)
        return round(played + (length(summing_up) if summing_up else 0.0), 1)

    return Estimate(
        _sum([estimate.cost for estimate in estimates]),
        _sum([_or(estimate.cost_low, estimate.cost) for estimate in estimates]) if has_range else None,
        _sum([_or(estimate.cost_high, estimate.cost) for estimate in estimates]) if has_range else None,
        seconds(lambda estimate: estimate.seconds),
        seconds(lambda estimate: estimate.seconds_low) if has_range else None,
        seconds(lambda estimate: estimate.seconds_high) if has_range else None,
        "history" if all(estimate.basis == "history" for estimate in estimates) else "prior",
    )


def play(
    parts: Sequence[Part], seconds: Callable[[Part], float], max_parallel: int, limits: Mapping[str, int]
) -> float:
    """Seconds until all are done, each beginning as soon as its dependencies, a lane and a seat of its agent allow."""
    waiting, done, busy = list(parts), set[str](), dict[str, int]()
    running: list[tuple[float, int, Part]] = []
    now, number = 0.0, 0
    while waiting or running:
        for part in list(waiting):
            free = len(running) < max_parallel and busy.get(part.agent, 0) < limits.get(part.agent, 1)
            if free and done.issuperset(part.depends_on):
                waiting.remove(part)
                busy[part.agent] = busy.get(part.agent, 0) + 1
                number += 1
                heapq.heappush(running, (now + seconds(part), number, part))
        if not running:
            break  # what is left waits for something outside the plan that never comes
        now = running[0][0]
        # All that end now, so that what stands first begins first.
        while running and running[0][0] == now:
            _, _, ended = heapq.heappop(running)
            busy[ended.agent] -= 1
            done.add(ended.name)
    return now


def _or(cost: Decimal | None, otherwise: Decimal | None) -> Decimal | None:
    return otherwise if cost is None else cost


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
