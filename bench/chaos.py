"""A cluster whose processes and stores are killed at random while people talk: nothing may be lost, nothing be doubled.

python -m bench.chaos [--minutes 10] [--seed 1] [--people 4] [--browsers 2] [--quick]

`artel cluster --api 2 --worker 2 --shards 2` over embedded stores with a scripted model. Each person talks in two chats
at once (answers of one and of several seconds, tools that ask, plans that ask) and listens at both API processes, as a
page does: requests that fail are sent again elsewhere under the same key, streams come back with `Last-Event-ID`.
Others sit before real pages, each of another process and shard, and believe what they see (`bench/browsers.py`). Two
more try everybody's ids all the time (`bench/lookout.py`). Every 1.5 to 4 seconds something is killed (SIGKILL), told
to stop (SIGTERM; processes only) or stopped for some seconds (SIGSTOP): an API or worker process, the PostgreSQL of a
shard, Valkey, a process of memory.

Afterwards: every accepted message has one complete answer, with the very text it must have; each stream told its end
once, in order, or told to load the history again; no approval waits; `user_isolation_violations` was 0 wherever and
whenever it was looked at; everybody was ready within ten seconds of the last blow (on a busy machine: within the time
that the first start took). Ends with 1 if one of these fails; the data directory, with everyone's logs, is kept then.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp

from bench import panels
from bench.blows import freeze, send
from bench.browsers import sitters
from bench.charts import Blow, page
from bench.lookout import Intruders, Watch
from bench.scraping import scraped
from bench.trial import Found, People, Place, around, carry_out, options_of
from tests.support.clusters import RunningCluster, is_alive
from tests.support.talking import Talker

_READY_SECONDS = 10.0
_SETTLE_SECONDS = 5.0
_CHATS = 2
_BLOWS_AT_STORES = ("SIGKILL", "SIGKILL", "SIGSTOP")
_BLOWS_AT_PROCESSES = (*_BLOWS_AT_STORES, "SIGTERM", "SIGTERM")


@dataclass
class Killer:
    """Whoever does it."""

    cluster: RunningCluster
    random: Random
    watch: Watch
    blows: Counter[str] = field(default_factory=Counter[str])
    struck: list[Blow] = field(default_factory=list[Blow])

    async def rage(self, seconds: float) -> None:
        """Strikes until the time is over; nothing stays frozen."""
        end = time.monotonic() + seconds
        thaws: set[asyncio.Task[None]] = set()
        while time.monotonic() < end:
            await asyncio.sleep(self.random.uniform(1.5, 4))
            await self.watch.look()
            victims = self._victims()
            name = self.random.choice(sorted(victims))
            kind = name.split("-")[0]
            blows: Sequence[str] = _BLOWS_AT_PROCESSES if kind in ("api", "worker") else _BLOWS_AT_STORES
            blow = self.random.choice(blows)
            self.blows[f"{kind} {blow}"] += 1
            self.struck.append((time.time(), f"{blow} {name}"))
            print(f"{time.strftime('%H:%M:%S')} {blow} {name} {victims[name]}", flush=True)
            if blow == "SIGSTOP":
                thaws.add(asyncio.create_task(freeze([victims[name]], self.random.uniform(2, 8))))
            else:
                send(victims[name], signal.Signals[blow])
        await asyncio.gather(*thaws)

    def _victims(self) -> dict[str, int]:
        apis = {f"api-{place}": pid for place, pid in enumerate(self.cluster.apis.values(), 1)}
        workers = {f"worker-{pid}": pid for pid in self.cluster.alive_workers()}
        return {name: pid for name, pid in {**apis, **workers, **self.cluster.stores()}.items() if is_alive(pid)}


async def until_ready(cluster: RunningCluster, workers: int) -> float:
    """Seconds until every process answers again, or a minute."""
    began = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as http:
        while (passed := time.monotonic() - began) < 60:
            statuses: list[int] = []
            for address in cluster.apis:
                with suppress(aiohttp.ClientError, TimeoutError, OSError):
                    async with http.get(f"{address}/readyz") as answer:
                        statuses.append(answer.status)
            if statuses == [200] * len(cluster.apis) and len(cluster.alive_workers()) >= workers:
                break
            await asyncio.sleep(0.1)
    return passed


async def on_one_shard(administrator: Talker, browsers: int) -> list[str]:
    """What is wrong if those who sit before pages do not live on different shards."""
    found = await administrator.visitor.expect(200, "GET", "/admin/users/?q=sitter")
    homes = sorted({account["shard"] for account in found["items"]})
    return [] if len(homes) == min(browsers, 2) else [f"those with browsers live on {homes} only"]


async def run(place: Place, minutes: float, seed: int, number: int, browsers: int) -> Found:
    """The whole of it. number: of people."""
    began = time.monotonic()
    pictures, watched = place.directory / "pictures", place.directory / "watch"
    await asyncio.to_thread(pictures.mkdir)
    async with (
        place.cluster(
            ARTEL_READ_CHATS="false", ARTEL_DRAIN_SECONDS="4", ARTEL_GRAFANA_PASSWORD=panels.PASSWORD
        ) as cluster,
        scraped(cluster, watched) as prometheus,
    ):
        started_in = time.monotonic() - began
        addresses = list(cluster.apis)
        people = await People.gather(addresses, "p", number, _CHATS)
        intruders = await Intruders.begin(addresses, people.prey)
        going = True
        talks = [
            asyncio.create_task(talker.talk(chat, Random(seed * 1000 + chat), lambda: going))
            for talker in people.talkers
            for chat in talker.chats
        ]
        async with sitters(addresses, browsers, pictures) as seated:
            faults = await on_one_shard(people.talkers[0], browsers)
            seated.begin(seed, lambda: going)
            killer = Killer(cluster, Random(seed), Watch(cluster))
            await killer.rage(minutes * 60)
            ready_after = await until_ready(cluster, workers=2)
            going = False
            faults += await seated.end()
            pages = await seated.figures()
        faults += [repr(each) for each in await asyncio.gather(*talks, return_exceptions=True) if each is not None]
        await asyncio.sleep(_SETTLE_SECONDS)
        faults += await intruders.end()
        await killer.watch.look()
        faults += killer.watch.faults()
        shown = await panels.operators(prometheus)
        of_users = await panels.users(place.data)
        await asyncio.to_thread((place.directory / "chaos.html").write_text, page(shown, killer.struck, "Chaos"))
        faults += panels.unseen(shown, killer.blows)
        faults += [
            f"{user}: {title!r} is empty" for user, each in of_users.items() for title in each if not each[title]
        ]
        # A machine on which nothing starts in time has other things to do.
        if ready_after > max(_READY_SECONDS, started_in):
            faults.append(f"ready only {ready_after:.1f} s after the last blow")
        faults += await people.part()
    return {
        "minutes": minutes,
        "seed": seed,
        "people": number,
        "blows": dict(sorted(killer.blows.items())),
        "messages": dict(Counter(each.kind for talker in people.talkers for each in talker.asked)),
        "browsers": pages,
        "panels": {panel.title: panel.figures() for panel in shown},
        "panels_of_users": of_users,
        "alerts": panels.fired(shown),
        "requests_sent_again": len(people.refusals),
        "streams": len(people.streams),
        "connections": sum(stream.connections for stream in people.streams),
        **people.heard(),
        "started_in_seconds": round(started_in, 1),
        "ready_after_seconds": round(ready_after, 1),
        **around(intruders),
        "user_isolation_violations": killer.watch.violations,
        "tracebacks": tracebacks(place.data),
        "faults": faults,
    }


def tracebacks(data: Path) -> dict[str, int]:
    """How often which exception was logged: to be read, not a fault by itself."""
    found: Counter[str] = Counter()
    for log in (data / "processes").glob("*/server.log"):
        in_trace = False
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("Traceback"):
                in_trace = True
            elif in_trace and line and not line.startswith((" ", "|", "+")):
                found[line.split(":")[0][:80]] += 1
                in_trace = False
    return dict(found)


def main() -> None:
    """The command line."""
    parser = options_of(__doc__, quick="half a minute", people=4)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--browsers", type=int, default=2, help="people before a page in Chromium")
    options = parser.parse_args()
    minutes: float = 0.5 if options.quick else options.minutes
    carry_out("chaos", lambda place: run(place, minutes, options.seed, options.people, options.browsers), options)


if __name__ == "__main__":
    main()
