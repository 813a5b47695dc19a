"""Each store killed, frozen and slowed in turn while people talk: is it said clearly, and is all well soon afterwards?

python -m bench.faults [--quick] [--stores postgres-1 valkey-1] [--people 4]

`artel cluster --api 2 --worker 2 --shards 2` over embedded stores with a scripted model. For each store (the PostgreSQL
of each shard, Valkey, memory's processes) and each fault there are new people, as many on one shard as on the other,
who talk and listen as in `bench/chaos.py` and search their memory, and two who try everybody's ids all the time
(`bench/lookout.py`).

- **killed**: SIGKILL, once. **frozen**: SIGSTOP for 8 seconds. **slowed**: stopped for 80 of every 100 ms, for 10 s.
- A request may be refused by a problem 503 or 429 with `Retry-After`, or lose its connection. It is sent again then.
  Any other refusal, and 8 seconds of silence, is a fault.
- When the fault ends each person says something new, and then searches their memory. The answer must be whole, and
  what they once noted be found, within ten seconds together.
- Then everybody ends what they began: nothing is lost, nothing doubled, no end of an answer unheard without a `resync`,
  `user_isolation_violations` is 0 on every process, and nobody was told of somebody else's things.

Ends with 1 if one of these fails; the data directory, with everyone's logs, is kept then.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.blows import freeze, send, slow
from bench.lookout import Intruders, Prey, Watch
from bench.trial import Found, People, Place, around, carry_out, options_of
from tests.support.clusters import RunningCluster

STORES: Final = ("postgres-1", "postgres-2", "valkey-1", "memory")
_READY_SECONDS: Final = 10.0
_BEFORE_SECONDS: Final = 1.5
_SETTLE_SECONDS: Final = 2.0
_SEARCH_PAUSE_SECONDS: Final = 0.3
_GIVEN_UP_SECONDS: Final = 60.0
_FROZEN_SECONDS: Final = 8.0
_SLOW_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Cell:
    """One store and what is done to it. seconds: how long it lasts."""

    store: str
    fault: str
    seconds: float

    async def strike(self, cluster: RunningCluster) -> None:
        """Does it, to its end."""
        pids = [pid for name, pid in cluster.stores().items() if name.startswith(self.store)]
        assert pids, cluster.stores()
        if self.fault == "killed":
            for pid in pids:
                send(pid, signal.SIGKILL)
        elif self.fault == "frozen":
            await freeze(pids, self.seconds)
        else:
            await slow(pids, self.seconds)


class Company:
    """The people of one cell, at work: each has a chat to talk in, and one for the moment after the fault."""

    def __init__(self, people: People) -> None:
        self.people = people
        self._going = True
        self._talks = [
            asyncio.create_task(talker.talk(talker.chats[0], Random(number), lambda: self._going))
            for number, talker in enumerate(people.talkers)
        ]
        self._talks += [asyncio.create_task(self._search(each)) for each in people.prey]

    async def answered_after(self) -> list[float]:
        """Seconds until each has something new accepted and answered."""
        return await asyncio.gather(*(self._answered_after(each) for each in self.people.prey))

    async def _answered_after(self, person: Prey) -> float:
        began, talker = time.monotonic(), person.talker
        await talker.say(talker.chats[1], "short", len(talker.asked), Random(1))
        while time.monotonic() - began < _GIVEN_UP_SECONDS:
            if await person.finds_its_memory():
                break
            await asyncio.sleep(_SEARCH_PAUSE_SECONDS)
        return time.monotonic() - began

    async def _search(self, person: Prey) -> None:
        while self._going:
            await person.finds_its_memory()
            await asyncio.sleep(_SEARCH_PAUSE_SECONDS)

    async def end(self) -> list[str]:
        """Lets everybody end what they began, and hang up; what is not as it must be."""
        self._going = False
        ends = await asyncio.gather(*self._talks, return_exceptions=True)
        await asyncio.sleep(_SETTLE_SECONDS)
        return [*(repr(end) for end in ends if end is not None), *await self.people.part()]


async def try_cell(cluster: RunningCluster, cell: Cell, prey: list[Prey], number: int) -> Found:
    """One fault, and what came of it. prey: where intruders look for somebody; number: of people."""
    people = await People.gather(list(cluster.apis), f"{cell.store}-{cell.fault}-", number, chats=2)
    company, watch = Company(people), Watch(cluster)
    prey[:] = people.prey
    await asyncio.sleep(_BEFORE_SECONDS)
    began = time.monotonic()
    await cell.strike(cluster)
    lasted = time.monotonic() - began
    answered = await company.answered_after()
    faults = await company.end()
    await watch.look()
    refusals = [each for each in people.refusals if each.at >= began]
    unclear = Counter(each.what for each in refusals if not each.is_clear)
    faults += [f"{times} times: {what}" for what, times in unclear.items()]
    if max(answered) > _READY_SECONDS:
        faults.append(f"answered only {max(answered):.1f} s after the end")
    found = {
        "store": cell.store,
        "fault": cell.fault,
        "seconds": round(lasted, 1),
        "refused": dict(Counter(each.what for each in refusals)),
        "answered_after_seconds": round(max(answered), 1),
        "messages": sum(len(talker.asked) for talker in people.talkers),
        **people.heard(),
        "violations": watch.violations,
        "processes_that_told": watch.processes,
        "faults": [*faults, *watch.faults()],
    }
    print(found, flush=True)
    return found


async def run(place: Place, stores: Sequence[str], people: int, share: float) -> Found:
    """All cells. share: how much of their time faults last."""
    async with place.cluster(ARTEL_READ_CHATS="false") as cluster:
        prey: list[Prey] = []
        intruders = await Intruders.begin(list(cluster.apis), prey)
        cells: list[Found] = []
        for store in stores:
            for fault, seconds in (("killed", 0.0), ("frozen", _FROZEN_SECONDS), ("slowed", _SLOW_SECONDS)):
                cells.append(await try_cell(cluster, Cell(store, fault, seconds * share), prey, people))
        leaks = await intruders.end()
    return {
        "people": people,
        **around(intruders),
        "cells": cells,
        "faults": [*leaks, *(f"{cell['store']} {cell['fault']}: {each}" for cell in cells for each in cell["faults"])],
    }


def main() -> None:
    """The command line."""
    parser = options_of(__doc__, quick="faults of a quarter of the time", people=4)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES, help="only these, nothing written")
    options = parser.parse_args()
    share = 0.25 if options.quick else 1.0
    is_whole = tuple(options.stores) == STORES
    carry_out("faults", lambda place: run(place, options.stores, options.people, share), options, is_whole=is_whole)


if __name__ == "__main__":
    main()
