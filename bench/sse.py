"""The event stream to thousands of clients: delay of a broadcast, order, drops, and memory a connection.

    python -m bench.sse            # about three minutes
    python -m bench.sse --quick    # one size, fewer events, nothing written

Artel is the whole server as a user starts it; the events come from another process, as a worker's do. The floors send
the same blocks with nothing around them (sse_floor.py). The clients run on the cores that the server leaves.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import uvloop

from artel.events.client import redis_client
from artel.events.codec import Entry, encode
from artel.events.log import EventLog
from artel.events.outbox import Outbox
from bench.listeners import Audience, stamped
from bench.processes import child, cpu_seconds, memory_mb
from bench.report import keep
from bench.sse_floor import CHANNEL
from bench.stage import Stage, open_stage
from bench.subject import artel

_USERS = 5
_LONGEST_SETTLING_S = 60
_QUIET = 0.05
"""Processor seconds a second."""


@dataclass(frozen=True)
class Size:
    """So many connections, spread evenly over so many users; each event goes to all of them at the same moment."""

    connections: int
    users: int
    events: int
    pause_s: float
    promised_p99_ms: float


SIZES = (Size(1_000, 1, 100, 0.2, 45.0), Size(5_000, _USERS, 40, 1.0, 250.0))
QUICK = (Size(1_000, 1, 30, 0.2, 45.0),)


@dataclass(frozen=True)
class Broadcaster:
    """A server, what its clients show, and how to tell all clients of the first `n` users something."""

    address: str
    pid: int
    tokens: Sequence[str]
    tell: Callable[[int, int], Awaitable[None]]
    """(number of the event, users)"""


@asynccontextmanager
async def _artel(stage: Stage) -> AsyncGenerator[Broadcaster]:
    async with artel(stage, people=_USERS, chats=0) as subject, redis_client(stage.redis_url) as redis:
        outbox = Outbox(EventLog(redis))
        outbox.start()
        tokens = [person.token for person in subject.people]
        users = [int(token.split("_")[1]) for token in tokens]

        async def tell(number: int, count: int) -> None:
            for user_id in users[:count]:
                outbox.emit(user_id, stamped(number))
            await outbox.flush()

        yield Broadcaster(subject.address, subject.pid, tokens, tell)
        await outbox.aclose()


def _floor(kind: str) -> Callable[[Stage], AbstractAsyncContextManager[Broadcaster]]:
    @asynccontextmanager
    async def start(stage: Stage) -> AsyncGenerator[Broadcaster]:
        command = [sys.executable, "-m", "bench.sse_floor", kind, stage.redis_url]
        with child(command, ready="The floor is ready", cores=stage.cores.server) as server:
            async with redis_client(stage.redis_url) as redis:

                async def tell(number: int, count: int) -> None:
                    block = Entry(1, 0, 1, None, encode(stamped(number))).sse
                    await cast(Any, redis).publish(CHANNEL, block)

                yield Broadcaster(server.address, server.pid, ["nobody"] * _USERS, tell)

    return start


SUBJECTS = {"protocol": _floor("protocol"), "starlette": _floor("starlette"), "artel": _artel}


async def run(stage: Stage, sizes: Sequence[Size]) -> dict[str, Any]:
    """Measures every subject in every size, each with a fresh server."""
    found: dict[str, Any] = {}
    for size in sizes:
        of_size: dict[str, Any] = {}
        for name, subject in SUBJECTS.items():
            async with subject(stage) as server:
                of_size[name] = await _measure(server, size)
        ratio = {name: round(of_size["artel"]["p99_ms"] / of_size[name]["p99_ms"], 2) for name in of_size}
        of_size["promise"] = {"p99_ms": size.promised_p99_ms, "kb_a_connection": 40, "lost": 0, "disorder": 0}
        of_size["artel_p99_as_multiple_of"] = {name: ratio[name] for name in ("protocol", "starlette")}
        found[f"{size.connections} connections, {size.users} users"] = of_size
    return found


async def _measure(server: Broadcaster, size: Size) -> dict[str, Any]:
    audience = Audience()
    tokens = [server.tokens[number % size.users] for number in range(size.connections)]
    first = size.connections // 10
    await audience.gather(server.address, tokens[:first])
    before = await _settled(server.pid)
    await audience.gather(server.address, tokens[first:])
    memory = await _settled(server.pid) - before
    gc.collect()
    gc.freeze()
    cpu = cpu_seconds(server.pid, family=False)
    for number in range(size.events):
        await server.tell(number, size.users)
        await asyncio.sleep(size.pause_s)
    expected = size.events * size.connections
    await audience.until(lambda record: len(record.delays_ns) >= expected, seconds=20)
    cpu = cpu_seconds(server.pid, family=False) - cpu
    record = audience.record
    delays = sorted(delay / 1e6 for delay in record.delays_ns)
    audience.leave()
    return {
        "p50_ms": round(_percentile(delays, 50), 2),
        "p99_ms": round(_percentile(delays, 99), 2),
        "max_ms": round(delays[-1], 2),
        "events_missing": expected - len(delays),
        "disorder": record.disorder,
        "connections_lost": record.lost,
        "refused_at_first": record.refused,
        "kb_a_connection": round(memory * 1024 / (size.connections - first), 1),
        "cpu_us_a_delivery": round(cpu * 1e6 / expected, 1),
    }


async def _settled(pid: int) -> float:
    """The server's memory in MB, once it is busy with nothing: what it loads after its start is not a connection's."""
    cpu = cpu_seconds(pid, family=False)
    for _ in range(_LONGEST_SETTLING_S):
        await asyncio.sleep(1)
        cpu, before = cpu_seconds(pid, family=False), cpu
        if cpu - before < _QUIET:
            break
    return memory_mb(pid)


def _percentile(ordered: Sequence[float], percent: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one size, fewer events, nothing written")
    quick: bool = parser.parse_args().quick
    with open_stage() as stage, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(run(stage, QUICK if quick else SIZES))
    keep("sse", found, kept=not quick)


if __name__ == "__main__":
    main()
