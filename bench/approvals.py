"""Tool calls that wait for their user: what thousands of them cost, and how soon one goes on after a yes.

python -m bench.approvals [--quick]

- **Going on**: from the POST of the confirmation to the event that the tool begins, over HTTP and SSE as a page has it:
  the row resolved and audited, the task seated again, its history read, the tool called.
- **Waiting**: the same with 10,000 other calls waiting for the same user, and what these cost the process: memory,
  asyncio tasks at work, file descriptors, connections to PostgreSQL, CPU while nothing happens.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import Any

import orjson
import psutil
import uvloop

from bench.client import Account
from bench.report import keep
from bench.stage import Stage, open_stage
from bench.subject import Subject, artel
from tests.support.tool_scripts import calling

_ASKS = calling([("current_time", {})])
_IDLE_SECONDS = 5


class Owner:
    """Somebody whose agent asks before it uses a tool."""

    def __init__(self, subject: Subject) -> None:
        [person] = subject.people
        self._account = Account(subject.address, person.token)
        self._chats = list(person.chats)
        self._heard: dict[str, asyncio.Future[tuple[float, dict[str, Any]]]] = {}

    async def connect(self) -> None:
        """Begins to listen, and gives the agent its tool."""
        await self._account.connect(self._hear)
        [agent] = orjson.loads(await self._account.send(200, "GET", "/my/agents/"))["items"]
        tools = [{"tool_id": "current_time", "policy": "ask"}]
        body = {"name": "Coder", "model": agent["model"], "tools": tools, "concurrency_limit": 50}
        await self._account.send(200, "PUT", f"/my/agents/{agent['agent_id']}/", body)

    def _hear(self, block: bytes) -> None:
        for kind, future in self._heard.items():
            if b'"type":"%s"' % kind.encode() in block and not future.done():
                data = next(line for line in block.split(b"\n") if line.startswith(b"data:"))
                future.set_result((time.perf_counter(), orjson.loads(data[5:])))

    def _next(self, kind: str) -> asyncio.Future[tuple[float, dict[str, Any]]]:
        self._heard[kind] = asyncio.get_running_loop().create_future()
        return self._heard[kind]

    async def metrics(self) -> str:
        """What the server tells its operator."""
        return (await self._account.send(200, "GET", "/metrics")).decode()

    async def ask(self, number: int) -> str:
        """A call that waits; answers its approval."""
        asked = self._next("tool_request")
        chat = self._chats[number % len(self._chats)]
        await self._account.send(202, "POST", f"/my/chat/{chat}/message/", {"content": f"@coder {_ASKS}"})
        return (await asked)[1]["approval_id"]

    async def confirm(self, approval: str) -> float:
        """Milliseconds from the yes to the beginning of the tool."""
        started, over = self._next("tool_started"), self._next("run_completed")
        begun = time.perf_counter()
        await self._account.send(200, "POST", f"/my/tools/{approval}/confirm/", {})
        taken = ((await started)[0] - begun) * 1e3
        await over
        return taken


async def run(stage: Stage, waiting: int, rounds: int) -> dict[str, Any]:
    """First with nothing else waiting, then with very much."""
    async with artel(stage, people=1, chats=20) as subject:
        owner = Owner(subject)
        await owner.connect()
        for number in range(10):
            await owner.confirm(await owner.ask(number))
        alone = [await owner.confirm(await owner.ask(number)) for number in range(rounds)]
        before = await _costs(owner, subject)
        begun = time.perf_counter()
        for number in range(waiting):
            await owner.ask(number)
        asked_in = time.perf_counter() - begun
        after = await _costs(owner, subject)
        among_many = [await owner.confirm(await owner.ask(number)) for number in range(rounds)]
    return {
        "confirm_to_tool_ms": {"alone": _quantiles(alone), "among_many": _quantiles(among_many), "promise": 50},
        "waiting": {"calls": waiting, "asked_per_second": round(waiting / asked_in), "before": before, "after": after},
    }


async def _costs(owner: Owner, subject: Subject) -> dict[str, Any]:
    await asyncio.sleep(1)
    server = psutil.Process(subject.pid)
    before = sum(server.cpu_times()[:2])
    await asyncio.sleep(_IDLE_SECONDS)
    used = sum(server.cpu_times()[:2]) - before
    metrics = await owner.metrics()
    return {
        "rss_mb": round(server.memory_info().rss / 2**20, 1),
        "tasks_running": _metric(metrics, "artel_tasks_running"),
        "file_descriptors": server.num_fds(),
        "sockets": len(server.net_connections(kind="all")),
        "idle_cpu_percent": round(used / _IDLE_SECONDS * 100, 1),
        "threads": server.num_threads(),
    }


def _metric(text: str, name: str) -> float:
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} "))


def _quantiles(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {"median": round(statistics.median(taken), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few of everything, nothing written")
    quick: bool = parser.parse_args().quick
    with open_stage() as stage:
        found = uvloop.run(run(stage, 200 if quick else 10_000, 20 if quick else 200))
    keep("approvals", found, kept=not quick)


if __name__ == "__main__":
    main()
