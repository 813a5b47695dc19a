"""What a direct call takes beyond the model's own time, and how many stored answers a core makes a second.

python -m bench.direct_call            # all of it, about four minutes
python -m bench.direct_call --quick    # a minute, for work on the hot path: compare ratios, not numbers
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import uvloop

from bench.conversation import Pace, Person, Sample
from bench.processes import cpu_seconds
from bench.report import keep
from bench.stage import Stage, open_stage
from bench.subject import Subject, artel, floor

CALM = Pace(first_ms=100, delay_ms=20)
"""A quick model: 50 tokens a second."""
AT_ONCE = Pace()
"""The whole answer in one piece: what remains is the server's own work."""
QUICK = Pace(first_ms=20, delay_ms=5)
"""200 tokens a second, so that a core can be filled with paced streams."""

TURNS_A_CHAT = 4
_WARM_UP = 2.0


@dataclass(frozen=True)
class Plan:
    """How long to measure, in seconds, and with how many people."""

    streams: Sequence[tuple[int, float]] = ((1, 26.0), (20, 10.0), (100, 10.0))
    saturation: float = 10.0
    people: int = 100
    chats: int = 12


BRIEF = Plan(streams=((1, 8.0), (20, 5.0), (100, 6.0)), saturation=6.0, chats=6)

Opener = Callable[[Stage, int, int], AbstractAsyncContextManager[Subject]]


async def run(stage: Stage, plan: Plan) -> dict[str, Any]:
    """Measures floor and Artel one after the other, on the same stores and cores."""
    found: dict[str, Any] = {}
    for opener in (floor, artel):
        async with opener(stage, plan.people, plan.chats) as subject:
            found[subject.name] = await _measure(stage, subject, plan)
    return found


async def _measure(stage: Stage, subject: Subject, plan: Plan) -> dict[str, Any]:
    streams = {}
    for count, seconds in plan.streams:
        streams[str(count)] = await _talk(stage, subject, subject.people[:count], CALM, seconds)
    return {
        "streams": streams,
        "saturation_whole_answers": await _talk(stage, subject, subject.people, AT_ONCE, plan.saturation),
        "saturation_paced": await _talk(stage, subject, subject.people, QUICK, plan.saturation),
    }


async def _talk(stage: Stage, subject: Subject, people: Sequence[Person], pace: Pace, seconds: float) -> dict[str, Any]:
    """Lets people talk, each in their own rhythm, and measures once they have warmed up."""
    for person in people:
        person.samples.clear()
        person.deltas = 0
        await person.connect(subject.address)
    began = time.perf_counter()
    until = began + _WARM_UP + seconds
    talks = [
        asyncio.create_task(_late(index * pace.last / len(people), person, pace, until))
        for index, person in enumerate(people)
    ]
    await asyncio.sleep(_WARM_UP)
    before, since = _cpu(stage, subject), time.perf_counter()
    await asyncio.sleep(seconds)
    after, to = _cpu(stage, subject), time.perf_counter()
    await asyncio.gather(*talks)
    for person in people:
        person.hang_up()
    samples = [sample for person in people for sample in person.samples]
    ended = sum(since <= sample.asked_at + sample.stored < to for sample in samples)
    cpu = {part: (after[part] - before[part]) * 1000 / ended for part in after}
    return {
        **_added([sample for sample in samples if since <= sample.asked_at < to], pace),
        "answers": ended,
        "answers_per_second": round(ended / (to - since), 1),
        "deltas_per_answer": round(sum(person.deltas for person in people) / len(samples), 1),
        "cpu_ms_per_answer": {part: round(value, 2) for part, value in cpu.items()},
        "server_core_used": round((after["server"] - before["server"]) / (to - since), 2),
    }


async def _late(seconds: float, person: Person, pace: Pace, until: float) -> None:
    await asyncio.sleep(seconds)
    await person.talk(pace, until, TURNS_A_CHAT)


def _cpu(stage: Stage, subject: Subject) -> dict[str, float]:
    return {"server": cpu_seconds(subject.pid), **stage.cpu(), "load": time.process_time()}


def _added(samples: Sequence[Sample], pace: Pace) -> dict[str, Any]:
    """Milliseconds beyond the model's own: to the first text, to the last, and to the end of what is stored."""
    return {
        "first_ms": _spread([sample.first - pace.first for sample in samples]),
        "last_ms": _spread([sample.last - pace.last for sample in samples]),
        "stored_ms": _spread([sample.stored - pace.last for sample in samples]),
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(value * 1000 for value in seconds)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


def main() -> None:
    """Measures, prints and keeps the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with open_stage() as stage:
        found = uvloop.run(run(stage, BRIEF if options.quick else Plan()))
    keep("direct_call", found, kept=not options.quick)


if __name__ == "__main__":
    main()
