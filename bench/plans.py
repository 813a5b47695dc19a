"""A plan of 100 tasks that do nothing, ten layers of ten: what the bus itself costs, beside the least that could work.

python -m bench.plans [--quick] [--profile FILE]

- **Floor**: `graphlib.TopologicalSorter` and asyncio over PostgreSQL, two commits a task (it begins, it ends): nothing
  is leased, fenced, limited by agent or told to anybody, and a process that dies leaves it all behind.
- **LangGraph** with its PostgreSQL saver, the usual way to have such a graph survive, in a process of its own.
- **Artel**: the same graph released on a bus of its own; every task is seated, run and stored with its answer, and its
  consequences drawn, in durable transactions, from the release to the end of the last task.

Every task of a layer waits for all of the layer before it. Both run at most 3, then 10 tasks at once, in one process,
over the same PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import statistics
import subprocess
import tempfile
import time
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
from sqlalchemy.engine import URL

from artel.bus.bus import BusConfig
from artel.bus.model import PLANNING, TASK, Answer, Call, Finished, Held, Onward, Outcome
from artel.events.client import redis_client
from artel.kit.ids import IdMaker
from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.outline import Outline, PlannedTask
from artel.orchestrator.proposal import Proposals, RunPlace
from artel.store.embedded import EmbeddedServers, create_database
from artel.store.migrate import migrate, name_shard
from artel.store.roles import prepare_database
from artel.store.shards import Shards
from artel.store.tables import Agent, ChatSession, User
from artel.store.tx import UserTx
from bench.bus import Bodies, Ears, open_bus
from bench.machine import Cores
from bench.peers import python_of, script_of
from bench.processes import pin
from bench.report import keep

_LAYERS = _WIDTH = 10
_AT_ONCE = (3, 10)
_NOTHING = Estimate(None, None, None, 1.0, None, None, "prior")
_ASKS_NOBODY = OrchestratorConfig(plan_approval="never")

GRAPH = {
    f"t{layer}-{place}": tuple(f"t{layer - 1}-{other}" for other in range(_WIDTH)) if layer else ()
    for layer in range(_LAYERS)
    for place in range(_WIDTH)
}


class Planner(Bodies):
    """A runner whose planning releases the graph, and whose tasks do nothing."""

    def __init__(self, ids: IdMaker, agent_id: str) -> None:
        super().__init__()
        self._ids = ids
        self._agent_id = agent_id
        self.max_parallel = 3
        self.released: dict[UUID, float] = {}

    async def run(self, held: Held) -> Outcome:
        if held.kind == PLANNING:
            return Onward(lambda tx: self._release(tx, held))
        return Answer("An answer.", None)

    async def _release(self, tx: UserTx, held: Held) -> Any:
        tasks = [
            PlannedTask(name, "coder", self._agent_id, "Do nothing.", after, _NOTHING) for name, after in GRAPH.items()
        ]
        outline = Outline(tasks, _NOTHING, self.max_parallel)
        proposals = Proposals(self._ids, lambda _user, _event: None)
        tell = await proposals.write(tx, RunPlace(held.session_id, held.run_id), outline, _ASKS_NOBODY)

        def told() -> None:
            self.released[held.run_id] = time.perf_counter()
            tell()

        return told


class Ends(Ears):
    """An observer that knows when the last task of a plan ended."""

    def __init__(self, bodies: Bodies) -> None:
        super().__init__(bodies)
        self.over: dict[UUID, float] = {}
        self.completed: set[UUID] = set()

    def finished(self, held: Held, finished: Finished) -> None:
        if held.kind != TASK:
            self.completed.add(held.run_id)
        elif finished.progress is not None and finished.progress.over == len(GRAPH):
            self.over[held.run_id] = time.perf_counter()
        super().finished(held, finished)


async def floor_once(pool: asyncpg.Pool[Any], at_once: int) -> float:
    """Milliseconds for the graph with two commits a task."""
    run, lanes = uuid4(), asyncio.Semaphore(at_once)
    sorter = TopologicalSorter(GRAPH)
    sorter.prepare()
    finished: asyncio.Queue[str] = asyncio.Queue()

    async def work(name: str) -> None:
        async with lanes:
            await pool.execute("insert into floor_tasks values ($1, $2, 'running', null)", run, name)
            await pool.execute(_END, run, name, "An answer.")
        finished.put_nowait(name)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        while sorter.is_active():
            for name in sorter.get_ready():
                tasks.create_task(work(name))
            sorter.done(await finished.get())
    return (time.perf_counter() - begun) * 1e3


async def _floor(dsn: str, at_once: int, rounds: int) -> dict[str, float]:
    async with asyncpg.create_pool(dsn, min_size=10, max_size=10) as pool:
        await pool.execute(_TABLE)
        await floor_once(pool, at_once)
        return _spread([await floor_once(pool, at_once) for _ in range(rounds)])


def _langgraph(dsn: str, at_once: int, rounds: int) -> dict[str, float]:
    numbers = [str(number) for number in (_LAYERS, _WIDTH, at_once, rounds)]
    command = [python_of("langgraph"), script_of("langgraph", "plan"), dsn, *numbers]
    found = subprocess.run(command, capture_output=True, check=True, text=True)
    return _spread(orjson.loads(found.stdout))


async def _artel(url: URL, redis_url: str, at_once: int, rounds: int, profile: Path | None) -> dict[str, float]:
    ids, shards, redis = IdMaker(), Shards([url]), redis_client(redis_url)
    await shards.start()
    user_id, session_id = await _boss(shards, ids)
    planner = Planner(ids, f"user{user_id}_coder")
    planner.max_parallel = at_once
    ends = Ends(planner)
    call = Call(session_id, f"user{user_id}_orchestrator", "A question.", None, "auto")
    taken: list[float] = []
    async with open_bus(url, redis, planner, BusConfig(f"worker{at_once}", slots=1000), ends) as bus:
        for number in range(rounds + 1):
            with cProfile.Profile() if profile and number else _Off() as costs:
                sent = await bus.submit(user_id, call)
                await planner.until(lambda run=sent.run_id: run in ends.completed)
            if number:
                taken.append((ends.over[sent.run_id] - planner.released[sent.run_id]) * 1e3)
                if profile and isinstance(costs, cProfile.Profile):
                    costs.dump_stats(profile)
    await shards.stop()
    await redis.aclose()
    return _spread(taken)


class _Off:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


async def _boss(shards: Shards, ids: IdMaker) -> tuple[int, int]:
    async with shards.system_tx() as session:
        user = User(email=f"{uuid4().hex}@example.org", password_hash="!", role="user", locale="en", shard="shard1")
        session.add(user)
        await session.flush()
    await shards.open_space(user.id, "shard1")
    chat = ids.number()
    async with shards.user_tx(user.id) as tx:
        tx.session.add(ChatSession(user_id=user.id, id=chat, title="bench"))
        for handle in ("coder", "orchestrator"):
            agent_id = f"user{user.id}_{handle}"
            tx.session.add(
                Agent(user_id=user.id, id=ids.uuid(), agent_id=agent_id, name=handle, config={}, concurrency_limit=100)
            )
    return user.id, chat


_TABLE = """
create table if not exists floor_tasks (run uuid, name text, status text, answer text, primary key (run, name))
"""
_END = "update floor_tasks set status = 'done', answer = $3 where run = $1 and name = $2"


def _spread(taken: list[float]) -> dict[str, float]:
    return {"median_ms": round(statistics.median(taken), 1), "best_ms": round(min(taken), 1)}


async def _measure(server: Any, redis_url: str, rounds: int, profile: Path | None) -> dict[str, Any]:
    await create_database(server, "bench")
    for name in ("floor", "langgraph"):
        await create_database(server, name)
    urls = await prepare_database(server.dsn("bench"), "the bench's key")
    await migrate(urls.migrator)
    await name_shard(urls.migrator, "shard1", is_directory=True)
    found: dict[str, Any] = {}
    for at_once in _AT_ONCE:
        floor = await _floor(server.dsn("floor"), at_once, rounds)
        artel = await _artel(urls.app, redis_url, at_once, rounds, profile)
        langgraph = _langgraph(server.dsn("langgraph"), at_once, rounds)
        found[f"at_once_{at_once}"] = {
            "floor": floor,
            "langgraph": langgraph,
            "artel": artel,
            "ratio_to_floor": round(artel["median_ms"] / floor["median_ms"], 2),
            "ratio_to_langgraph": round(artel["median_ms"] / langgraph["median_ms"], 2),
        }
    return found


def run(rounds: int, profile: Path | None = None) -> dict[str, Any]:
    """All of it, over durable stores of its own."""
    cores = Cores.of_this_machine()
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as directory:
        if cores.pinned:
            pin(cores.rest)
        with EmbeddedServers(Path(directory)) as endpoints:
            if cores.pinned:
                pin(cores.server)
            assert endpoints.redis_url is not None
            return asyncio.run(_measure(endpoints.postgres[0], endpoints.redis_url, rounds, profile))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds, nothing written")
    parser.add_argument("--profile", type=Path, help="write cProfile's statistics of one plan there")
    arguments = parser.parse_args()
    quick: bool = arguments.quick
    keep("plans", run(3 if quick else 15, arguments.profile), kept=not quick)


if __name__ == "__main__":
    main()
