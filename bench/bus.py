"""The bus alone, without HTTP and models: how soon work begins and stops, and what a call costs this process.

python -m bench.bus [--quick] [--profile FILE]

The buses run in this process, bound to the server's core; the stores have the others. A call is stored, seated, run by
a runner that answers at once, and its answer stored: everything of an answer but the model.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import orjson
from redis.asyncio import Redis
from sqlalchemy.engine import URL

from artel.bus.bus import Bus, BusConfig
from artel.bus.model import Answer, Call, Fault, Finished, Held, Outcome, Progress, Stopped, Submitted
from artel.events.client import redis_client
from artel.kit.ids import IdMaker
from artel.store.embedded import EmbeddedServers, create_database
from artel.store.migrate import migrate, name_shard
from artel.store.roles import prepare_database
from artel.store.shards import Shards
from artel.store.tables import Agent, ChatSession, User
from artel.store.tx import UserTx
from bench.machine import Cores
from bench.processes import pin
from bench.report import keep

_CHANNEL = "bench:cancelled"
_USERS = 20
_AGENT_LIMIT = 100


@dataclass
class Bodies:
    """A runner: tells when a body began and was cancelled; a message `wait` waits for ever, others answer at once."""

    began: dict[UUID, float] = field(default_factory=dict[UUID, float])
    cancelled: dict[UUID, float] = field(default_factory=dict[UUID, float])
    ended: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    waits: bool = False

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Outcome:
        self.began[held.run_id] = time.perf_counter()
        self.news.set()
        if self.waits:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled[held.run_id] = time.perf_counter()
                self.news.set()
        return Answer("An answer.", None)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns when something that happened made it so."""
        while not holds():
            self.news.clear()
            await self.news.wait()


@dataclass
class Ears:
    """An observer that counts ends."""

    bodies: Bodies

    def queued(self, user_id: int, call: Call, submitted: Submitted) -> None: ...
    def started(self, held: Held) -> None: ...
    def retried(self, held: Held, fault: Fault, delay: float) -> None: ...
    def parked(self, held: Held, *, agent_busy: bool) -> None: ...
    def moved_on(self, held: Held, *, agent_busy: bool) -> None: ...
    def progressed(self, user_id: int, session_id: int, run_id: UUID, progress: Progress) -> None: ...
    def stopped(self, user_id: int, stopped: Sequence[Stopped], runs: Sequence[tuple[int, UUID]]) -> None: ...
    def settled(self, user_id: int, session_id: int, run_id: UUID, approval_id: UUID) -> None: ...
    def lost(self, held: Held) -> None: ...
    def interrupted(self, user_ids: Sequence[int]) -> None: ...
    def finished(self, held: Held, finished: Finished) -> None:
        self.bodies.ended += 1
        self.bodies.news.set()


@dataclass
class Bench:
    """Stores with users, and two buses that hear of each other through Redis alone."""

    api: Bus
    worker: Bus
    bodies: Bodies
    calls: list[tuple[int, Call]]


@asynccontextmanager
async def open_bus(
    url: URL, redis: Redis, bodies: Bodies, config: BusConfig, ears: Ears | None = None
) -> AsyncGenerator[Bus]:
    """A bus of this process, which hears of the others through Redis alone."""
    shards = Shards([url])
    await shards.start()

    async def tell_others(user_id: int, tasks: Sequence[UUID]) -> None:
        await cast(Any, redis).publish(_CHANNEL, orjson.dumps([str(task) for task in tasks]))

    bus = Bus(config, shards, redis, IdMaker(), bodies, ears or Ears(bodies), tell_others)
    async with cast(Any, redis).pubsub() as channel:
        await channel.subscribe(_CHANNEL)
        listening = asyncio.create_task(_listen(channel, bus))
        await bus.start()
        try:
            yield bus
        finally:
            await bus.stop()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await shards.stop()


async def _listen(ears: Any, bus: Bus) -> None:
    async for message in ears.listen():
        if message["type"] == "message":
            bus.end_here([UUID(task) for task in orjson.loads(message["data"])])


async def _people(url: URL) -> list[tuple[int, Call]]:
    ids, shards = IdMaker(), Shards([url])
    await shards.start()
    calls: list[tuple[int, Call]] = []
    for number in range(_USERS):
        async with shards.system_tx() as session:
            user = User(email=f"u{number}@example.org", password_hash="!", role="user", locale="en", shard="shard1")
            session.add(user)
            await session.flush()
        await shards.open_space(user.id, "shard1")
        agent_id, chat = f"user{user.id}_coder", ids.number()
        async with shards.user_tx(user.id) as tx:
            tx.session.add(ChatSession(user_id=user.id, id=chat, title="bench"))
            tx.session.add(
                Agent(
                    user_id=user.id,
                    id=ids.uuid(),
                    agent_id=agent_id,
                    name="coder",
                    config={},
                    concurrency_limit=_AGENT_LIMIT,
                )
            )
        calls.append((user.id, Call(chat, agent_id, "A question.", agent_id, "direct")))
    await shards.stop()
    return calls


@asynccontextmanager
async def _open(dsn: str, redis_url: str) -> AsyncGenerator[Bench]:
    urls = await prepare_database(dsn, "the bench's key")
    await migrate(urls.migrator)
    await name_shard(urls.migrator, "shard1", is_directory=True)
    calls, bodies, redis = await _people(urls.app), Bodies(), redis_client(redis_url)
    only_calls = BusConfig("api", slots=0, takes_queue=False)
    async with (
        open_bus(urls.app, redis, bodies, only_calls) as api,
        open_bus(urls.app, redis, bodies, BusConfig("worker", slots=1000)) as worker,
    ):
        yield Bench(api, worker, bodies, calls)
    await redis.aclose()


async def _to_body(bench: Bench, bus: Bus, rounds: int) -> list[float]:
    """Milliseconds from a call's submission to its body."""
    taken: list[float] = []
    for number in range(rounds):
        user_id, call = bench.calls[number % len(bench.calls)]
        ended, begun = bench.bodies.ended, time.perf_counter()
        sent = await bus.submit(user_id, call)
        await bench.bodies.until(lambda ended=ended: bench.bodies.ended > ended)
        taken.append((bench.bodies.began[sent.run_id] - begun) * 1e3)
    return taken


async def _to_stop(bench: Bench, rounds: int) -> list[float]:
    """Milliseconds from a stop in one process to CancelledError in the body, in the other."""
    taken: list[float] = []
    bench.bodies.waits = True
    for number in range(rounds):
        user_id, call = bench.calls[number % len(bench.calls)]
        sent = await bench.worker.submit(user_id, call)
        await bench.bodies.until(lambda run=sent.run_id: run in bench.bodies.began)
        ended, begun = bench.bodies.ended, time.perf_counter()
        await bench.api.cancel_run(user_id, sent.run_id)
        await bench.bodies.until(lambda run=sent.run_id: run in bench.bodies.cancelled)
        taken.append((bench.bodies.cancelled[sent.run_id] - begun) * 1e3)
        await bench.bodies.until(lambda ended=ended: bench.bodies.ended > ended)
    bench.bodies.waits = False
    return taken


async def _throughput(bench: Bench, calls: int, at_once: int) -> dict[str, float]:
    """Answers a second with so many callers, and what one costs this process's processor."""

    async def caller(number: int) -> None:
        user_id, call = bench.calls[number % len(bench.calls)]
        for _ in range(calls // at_once):
            await bench.worker.submit(user_id, call)

    ended, begun, cpu = bench.bodies.ended, time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller(number) for number in range(at_once)))
    count = calls // at_once * at_once
    await bench.bodies.until(lambda: bench.bodies.ended - ended >= count)
    seconds, busy = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "callers": at_once,
        "answers_a_second": round(count / seconds, 1),
        "cpu_ms_an_answer": round(busy / count * 1e3, 3),
        "answers_a_second_of_cpu": round(count / busy, 1),
    }


def _spread(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=20)
    return {"median_ms": round(statistics.median(taken), 2), "p95_ms": round(cuts[-1], 2)}


async def _measure(dsn: str, redis_url: str, scale: float, profile: Path | None) -> dict[str, Any]:
    async with _open(dsn, redis_url) as bench:
        rounds, many = int(200 * scale), int(3000 * scale)
        await _to_body(bench, bench.worker, rounds)
        found: dict[str, Any] = {
            "submit_to_body": _spread(await _to_body(bench, bench.worker, rounds)),
            "wake_to_body": _spread(await _to_body(bench, bench.api, rounds)),
            "stop_to_cancelled": _spread(await _to_stop(bench, rounds)),
            "throughput": [await _throughput(bench, many, at_once) for at_once in (1, 10, 50)],
        }
        if profile is not None:
            with cProfile.Profile() as costs:
                await _throughput(bench, many, 10)
            costs.dump_stats(profile)
        return found


def run(scale: float, profile: Path | None = None) -> dict[str, Any]:
    """All of it, over durable stores of its own."""
    cores = Cores.of_this_machine()
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as directory:
        if cores.pinned:
            pin(cores.rest)
        with EmbeddedServers(Path(directory)) as endpoints:
            if cores.pinned:
                pin(cores.server)
            assert endpoints.redis_url is not None
            dsn = asyncio.run(_new_database(endpoints.postgres[0]))
            return asyncio.run(_measure(dsn, endpoints.redis_url, scale, profile))


async def _new_database(server: Any) -> str:
    await create_database(server, "bench")
    return server.dsn("bench")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of it, nothing written")
    parser.add_argument("--profile", type=Path, help="write cProfile's statistics of the throughput there")
    arguments = parser.parse_args()
    quick: bool = arguments.quick
    keep("bus", run(0.2 if quick else 1.0, arguments.profile), kept=not quick)


if __name__ == "__main__":
    main()
