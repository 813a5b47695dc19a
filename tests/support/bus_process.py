"""A worker process for tests: a bus with scripted tasks, steered over stdin and heard over stdout, a JSON line each.

Run as a program it takes its set-up as the first line of stdin:
`{"worker_id", "databases": [url], "redis_url", "traces_url", "config": {...}}`; then commands `{"id", "do", ...}`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import orjson
import structlog
from redis.asyncio import Redis
from sqlalchemy.engine import make_url

from artel.bus.bus import Bus, BusConfig
from artel.bus.model import Call, Fault, Finished, Held, Progress, Stopped, Submitted
from artel.events.client import redis_client
from artel.kit.ids import IdMaker
from artel.store.engine import PoolSizes
from artel.store.shards import Shards
from tests.support.bus_script import ScriptedRunner, Traces

CANCELLED_CHANNEL = "test:cancelled"


def say(what: str, **about: Any) -> None:
    """One line on stdout."""
    sys.stdout.buffer.write(orjson.dumps({"what": what, **about}, default=str) + b"\n")
    sys.stdout.buffer.flush()


class Announcer:
    """The bus's observer: tells everything on stdout."""

    def queued(self, user_id: int, call: Call, submitted: Submitted) -> None:
        say("queued", run_id=submitted.run_id)

    def started(self, held: Held) -> None:
        say("started", run_id=held.run_id, epoch=held.epoch)

    def retried(self, held: Held, fault: Fault, delay: float) -> None:
        say("retried", run_id=held.run_id)

    def finished(self, held: Held, finished: Finished) -> None:
        say("finished", run_id=held.run_id, epoch=held.epoch, status=finished.status)

    def parked(self, held: Held, *, agent_busy: bool) -> None:
        say("parked", run_id=held.run_id)

    def moved_on(self, held: Held, *, agent_busy: bool) -> None:
        say("moved on", run_id=held.run_id)

    def progressed(self, user_id: int, session_id: int, run_id: UUID, progress: Progress) -> None:
        say("progressed", run_id=run_id, over=progress.over)

    def stopped(self, user_id: int, stopped: Sequence[Stopped], runs: Sequence[tuple[int, UUID]]) -> None:
        say("stopped", run_ids=[task.run_id for task in stopped])

    def settled(self, user_id: int, session_id: int, run_id: UUID, approval_id: UUID) -> None:
        say("settled", approval_id=approval_id)

    def lost(self, held: Held) -> None:
        say("lost", run_id=held.run_id, epoch=held.epoch)

    def interrupted(self, user_ids: Sequence[int]) -> None:
        say("interrupted", user_ids=list(user_ids))


@asynccontextmanager
async def _open_bus(setup: dict[str, Any]) -> AsyncGenerator[Bus]:
    shards = Shards([make_url(url) for url in setup["databases"]], PoolSizes(kept=4, extra=4))
    await shards.start()
    redis, traces = redis_client(setup["redis_url"]), redis_client(setup["traces_url"])

    async def tell_others(user_id: int, tasks: Sequence[UUID]) -> None:
        await cast(Any, redis).publish(CANCELLED_CHANNEL, orjson.dumps([str(task) for task in tasks]))

    ids = IdMaker()
    config = BusConfig(worker_id=setup["worker_id"], **setup["config"])
    bus = Bus(config, shards, redis, ids, ScriptedRunner(shards, ids, Traces(traces)), Announcer(), tell_others)
    ears = asyncio.create_task(_hear_cancelled(redis, bus))
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()
        ears.cancel()
        await redis.aclose()
        await traces.aclose()
        await shards.stop()


async def _hear_cancelled(redis: Redis, bus: Bus) -> None:
    async with cast(Any, redis).pubsub() as ears:
        await ears.subscribe(CANCELLED_CHANNEL)
        async for message in ears.listen():
            if message["type"] == "message":
                bus.end_here([UUID(task) for task in orjson.loads(message["data"])])


async def _obey(bus: Bus, command: dict[str, Any]) -> None:
    user_id = command["user_id"]
    match command["do"]:
        case "submit":
            agent_id = command["agent_id"]
            call = Call(command["session_id"], agent_id, command["content"], agent_id, "direct")
            sent = await bus.submit(user_id, call)
            say("reply", id=command["id"], run_id=sent.run_id, answer_id=sent.answer_id, message_id=sent.message_id)
        case "cancel":
            await bus.cancel_run(user_id, UUID(command["run_id"]))
            say("reply", id=command["id"])
        case _:
            raise ValueError(command["do"])


async def main() -> None:
    """Works until SIGTERM or the end of stdin."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    setup = orjson.loads(await stdin.readline())
    leave = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, leave.set)
    async with _open_bus(setup) as bus:
        say("ready")
        leaving = asyncio.create_task(leave.wait())
        while not leave.is_set():
            line = asyncio.create_task(stdin.readline())
            await asyncio.wait((line, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not line.done():
                line.cancel()
                break
            if not line.result():
                break
            await _obey(bus, orjson.loads(line.result()))
    say("gone")


if __name__ == "__main__":
    asyncio.run(main())
