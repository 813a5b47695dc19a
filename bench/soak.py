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

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil
import uvloop
from redis.asyncio import Redis

from artel.store.embedded.directory import DataDirectory
from bench.blows import family
from bench.lookout import Intruders, Prey, violations
from bench.processes import child, private_mb
from bench.report import keep
from bench.series import Point, growing, percent_a_minute, warmed_up
from tests.support.clusters import RunningCluster, running_cluster
from tests.support.talking import KINDS, Talker
from tests.support.visitors import Stream, Upload

_SAMPLE_SECONDS: Final = 10.0
_QUICK_SAMPLE_SECONDS: Final = 3.0
_SETTLE_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 1.0
_ENVIRONMENT: Final = {
    "OPENAI_API_KEY": "soak",
    "ARTEL_REGISTRATION": "open",
    "ARTEL_FIND_LOCAL_MODELS": "false",
    "ARTEL_METRICS_PORT": "0",
}


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
        self.violations = 0.0
        self._cluster = cluster
        self._every = every
        self._began = time.monotonic()
        endpoints = DataDirectory(cluster.data).published()
        assert endpoints is not None
        assert endpoints.redis_url is not None
        self._redis: Redis = Redis.from_url(endpoints.redis_url)  # pyright: ignore[reportUnknownMemberType]

    async def watch(self) -> None:
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
        self.violations = max(self.violations, (await violations(self._cluster))[1])

    def _note(self, name: str, value: float) -> None:
        self.series[name].append((round(time.monotonic() - self._began, 1), round(value, 2)))


async def run(model: str, data: Path, minutes: float, people: int, every: float) -> dict[str, Any]:
    """The whole of it."""
    environment = {**_ENVIRONMENT, "OPENAI_BASE_URL": model}
    async with running_cluster(data, environment, apis=1, workers=1, shards=1) as cluster:
        addresses = list(cluster.apis)
        talkers = [await Talker.begin(addresses, f"p{number}@example.org", 1) for number in range(people)]
        prey = [await Prey.of(talker) for talker in talkers]
        intruders = await Intruders.begin(addresses, prey)
        for each in prey:
            await each.until_found()
            each.talker.visitor.refusals.clear()  # a memory whose index is being made says so
        gauges = Gauges(cluster, every)
        watching = asyncio.create_task(gauges.watch())
        end = time.monotonic() + minutes * 60
        days = [Day(talker, seed, lambda: time.monotonic() < end) for seed, talker in enumerate(talkers)]
        ends = await asyncio.gather(*(day.live() for day in days), return_exceptions=True)
        watching.cancel()
        [watched] = await asyncio.gather(watching, return_exceptions=True)
        await asyncio.sleep(_SETTLE_SECONDS)
        faults = [repr(each) for each in ends if each is not None]
        faults += [] if isinstance(watched, asyncio.CancelledError) else [repr(watched)]
        faults += [*await intruders.end(), *(fault for day in days for fault in day.faults)]
        faults += [fault for each in (*talkers, *prey) for fault in await each.faults()]
        faults += [f"refused: {each.what}" for talker in talkers for each in talker.visitor.refusals]
        if gauges.violations:
            faults.append(f"user_isolation_violations: {gauges.violations}")
        for talker in talkers:
            await talker.end()
    return {
        "minutes": minutes,
        "people": people,
        "done": dict(sum((day.done for day in days), Counter[str]())),
        "intruders_were_told": intruders.answers(),
        "user_isolation_violations": gauges.violations,
        "load_average": round(os.getloadavg()[0], 1),
        "percent_a_minute": {
            name: round(percent_a_minute(warmed_up(points)), 2) for name, points in gauges.series.items()
        },
        # Those that read a document live for a moment: how many were seen is told, and not judged.
        "growing": growing({name: points for name, points in gauges.series.items() if "children" not in name}),
        "faults": faults,
        "series": gauges.series,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a minute, nothing written and no slope judged")
    options = parser.parse_args()
    quick: bool = options.quick
    minutes, every = (1.0, _QUICK_SAMPLE_SECONDS) if quick else (options.minutes, _SAMPLE_SECONDS)
    directory = Path(tempfile.mkdtemp(prefix="artel-soak-"))
    with child([sys.executable, "-m", "tests.support.model_server"], ready="READY") as model:
        found = uvloop.run(run(model.address, directory / "data", minutes, options.people, every))
    keep("soak", found, kept=not quick)
    if found["faults"] or (found["growing"] and not quick):
        print(f"Not flat: {found['growing']}. Faults: {found['faults']}. Everything is in {directory}")
        raise SystemExit(1)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
