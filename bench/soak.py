"""Mixed work for half an hour: does anything grow?

python -m bench.soak [--minutes 30] [--people 3] [--quick]

`artel cluster --api 1 --worker 1 --shards 1` over embedded stores with a scripted model. Each person goes on talking
in a chat of theirs (short and long answers, tools that ask, plans that ask), begins other chats, talks there and
deletes them, uploads, reads and deletes files, notes, finds and forgets memories, and has a stream that stays and one
that comes and goes. Two others try everybody's ids all the time (`bench/lookout.py`). The pace is the same all the
time, and far from all that the machine could do.

Every ten seconds: the memory of each process (USS; of PostgreSQL's processes together what is not its shared buffers:
these and the pages of files fill up to their limit), its open descriptors, PostgreSQL's processes (one for each
connection), and what Valkey says it uses. After a third of the time, which is warm-up, each series must be flat: a
slope by least squares below 1 % a minute. Everything that was sent is answered exactly once. Ends with 1 if not;
`--quick` (a minute) judges no slope.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final

import psutil
from redis.asyncio import Redis

from artel.store.embedded.directory import DataDirectory
from bench.blows import family
from bench.lookout import Intruders, Watch
from bench.processes import private_mb
from bench.series import Point, growing, percent_a_minute, warmed_up
from bench.trial import Found, People, Place, around, carry_out, options_of
from tests.support.clusters import RunningCluster
from tests.support.talking import KINDS, Talker
from tests.support.visitors import Stream, Upload

_SAMPLE_SECONDS: Final = 10.0
_QUICK_SAMPLE_SECONDS: Final = 3.0
_SETTLE_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 1.0


class Day:
    """What one person does all day, each habit in a loop of its own."""

    def __init__(self, talker: Talker, seed: int, goes_on: Callable[[], bool]) -> None:
        self.talker = talker
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._random = Random(seed)
        self._goes_on = goes_on

    async def live(self) -> None:
        """Until it is over."""
        habits = (self._talk, self._visit, self._files, self._memory, self._listen)
        await asyncio.gather(*(self._keep(habit) for habit in habits))

    async def _keep(self, habit: Callable[[], Any]) -> None:
        while self._goes_on():
            await habit()
            self.done[habit.__name__.strip("_")] += 1
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _talk(self) -> None:
        await self._say(self.talker.chats[0])

    async def _visit(self) -> None:
        """A chat that is deleted again; what was said in it is looked at before."""
        visitor = self.talker.visitor
        chat = (await visitor.expect(201, "POST", "/my/chat/sessions/", {}))["id"]
        for _ in range(3):
            await self._say(chat)
        self.faults += await self.talker.faults_of(chat)
        await visitor.expect(204, "DELETE", f"/my/chat/{chat}/")

    async def _say(self, chat: int) -> None:
        kind = self._random.choice(KINDS)
        await self.talker.say(chat, kind, len(self.talker.asked), self._random)
        self.done[kind] += 1

    async def _files(self) -> None:
        visitor, text = self.talker.visitor, f"Report {self._random.random()}. " * 2_000
        file = await visitor.expect(201, "POST", "/my/files/", Upload("report.txt", text))
        if await visitor.expect(200, "GET", f"/my/files/{file['id']}/content/") != text.encode():
            self.faults.append(f"file {file['id']} has other content")
        await visitor.expect(204, "DELETE", f"/my/files/{file['id']}/")

    async def _memory(self) -> None:
        visitor, word = self.talker.visitor, f"w{self._random.randrange(10**9)}"
        note = await visitor.expect(201, "POST", "/my/memory/", {"text": f"The word of the day is {word}."})
        await visitor.expect(200, "GET", f"/my/memory/?q={word}")
        await visitor.expect(204, "DELETE", f"/my/memory/{note['id']}/")

    async def _listen(self) -> None:
        stream = Stream(self.talker.visitor, 0)
        await stream.start()
        await asyncio.sleep(self._random.uniform(0, 3))
        await stream.stop()


class Gauges:
    """Looks at everything from time to time."""

    def __init__(self, cluster: RunningCluster, every: float) -> None:
        self.series: dict[str, list[Point]] = defaultdict(list)
        self.watch = Watch(cluster)
        self._cluster = cluster
        self._every = every
        self._began = time.monotonic()
        endpoints = DataDirectory(cluster.data).published()
        assert endpoints is not None
        assert endpoints.redis_url is not None
        self._redis: Redis = Redis.from_url(endpoints.redis_url)  # pyright: ignore[reportUnknownMemberType]

    async def read(self) -> None:
        """For ever."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(self._every)
        finally:
            await self._redis.aclose()

    async def _look(self) -> None:
        [api], worker = self._cluster.apis.values(), self._cluster.workers[-1]
        stores = self._cluster.stores()
        ours = {"cluster": self._cluster.process.pid, "api": api, "worker": worker, **stores}
        for name, pid in ours.items():
            is_postgres, is_store = name.startswith("postgres"), name in stores
            everyone = family(pid) if is_store else [pid]
            memory, descriptors = 0.0, 0
            for each in everyone:
                # Connections come and go.
                with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                    memory += private_mb(each, shares=is_postgres)
                    descriptors += psutil.Process(each).num_fds()
            self._note(f"{name} MB", memory)
            self._note(f"{name} descriptors", descriptors)
            if is_postgres:
                self._note(f"{name} processes", len(everyone))
        self._note("api children", len(family(api)) - 1)  # one for each document that is being read
        told: dict[str, Any] = await self._redis.info("memory")  # pyright: ignore[reportUnknownMemberType]
        self._note("valkey used MB", told["used_memory"] / 2**20)
        await self.watch.look()

    def _note(self, name: str, value: float) -> None:
        self.series[name].append((round(time.monotonic() - self._began, 1), round(value, 2)))


async def run(place: Place, minutes: float, number: int, every: float, *, judges_slopes: bool) -> Found:
    """The whole of it. number: of people; every: seconds between two looks."""
    async with place.cluster(apis=1, workers=1, shards=1) as cluster:
        addresses = list(cluster.apis)
        people = await People.gather(addresses, "p", number, chats=1)
        intruders = await Intruders.begin(addresses, people.prey)
        for each in people.prey:
            await each.until_found()
            each.talker.visitor.refusals.clear()  # a memory whose index is being made says so
        gauges = Gauges(cluster, every)
        reading = asyncio.create_task(gauges.read())
        end = time.monotonic() + minutes * 60
        days = [Day(talker, seed, lambda: time.monotonic() < end) for seed, talker in enumerate(people.talkers)]
        ends = await asyncio.gather(*(day.live() for day in days), return_exceptions=True)
        reading.cancel()
        [read] = await asyncio.gather(reading, return_exceptions=True)
        await asyncio.sleep(_SETTLE_SECONDS)
        faults = [repr(each) for each in ends if each is not None]
        faults += [] if isinstance(read, asyncio.CancelledError) else [repr(read)]
        faults += [*await intruders.end(), *(fault for day in days for fault in day.faults)]
        faults += [*await people.part(), *gauges.watch.faults()]
        faults += [f"refused: {each.what}" for each in people.refusals]
    # Those that read a document live for a moment: how many were seen is told, and not judged.
    grown = growing({name: points for name, points in gauges.series.items() if "children" not in name})
    faults += [f"{name} grows by {percent} % a minute" for name, percent in grown.items() if judges_slopes]
    return {
        "minutes": minutes,
        "people": number,
        "done": dict(sum((day.done for day in days), Counter[str]())),
        **around(intruders),
        "user_isolation_violations": gauges.watch.violations,
        "percent_a_minute": {
            name: round(percent_a_minute(warmed_up(points)), 2) for name, points in gauges.series.items()
        },
        "growing": grown,
        "faults": faults,
        "series": gauges.series,
    }


def main() -> None:
    """The command line."""
    parser = options_of(__doc__, quick="a minute, no slope judged", people=3)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    judges: bool = not options.quick
    minutes, every = (options.minutes, _SAMPLE_SECONDS) if judges else (1.0, _QUICK_SAMPLE_SECONDS)
    carry_out("soak", lambda place: run(place, minutes, options.people, every, judges_slopes=judges), options)


if __name__ == "__main__":
    main()
