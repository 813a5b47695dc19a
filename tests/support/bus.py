"""Several buses in one event loop, each as good as a process of its own, over real stores; and what they tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import pytest
import structlog
from redis.asyncio import Redis

from artel.bus.bus import Bus, BusConfig
from artel.bus.model import Call, Fault, Finished, Held, Progress, Runner, Stopped, Submitted
from artel.events.client import redis_client
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tables import Agent, ChatSession
from tests.support.bus_script import PATIENCE_S, ScriptedRunner, Traces
from tests.support.stores import Stores

TEMPO: dict[str, Any] = {"lease_seconds": 1.2, "beat_seconds": 0.25, "sweep_seconds": 0.2, "stray_seconds": 1.0}
"""The bus's clockwork, five times as fast."""

LOOK_S = 0.01


async def eventually(holds: Callable[[], Awaitable[bool]], *, within: float = PATIENCE_S) -> None:
    """Returns when it holds; for what lies in a database and cannot be awaited."""
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110  # the database tells nobody
            await asyncio.sleep(LOOK_S)


class Recorder:
    """The observer of one bus: remembers everything, in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._news = asyncio.Event()

    def _hear(self, what: str, about: Any) -> None:
        self.heard.append((what, about))
        self._news.set()

    def queued(self, user_id: int, call: Call, submitted: Submitted) -> None:
        self._hear("queued", submitted.run_id)

    def started(self, held: Held) -> None:
        self._hear("started", held.run_id)

    def retried(self, held: Held, fault: Fault, delay: float) -> None:
        self._hear("retried", held.run_id)

    def finished(self, held: Held, finished: Finished) -> None:
        self._hear("finished", (held.run_id, finished))

    def parked(self, held: Held, *, agent_busy: bool) -> None:
        self._hear("parked", held.run_id)

    def moved_on(self, held: Held, *, agent_busy: bool) -> None:
        self._hear("moved on", held.run_id)

    def progressed(self, user_id: int, session_id: int, run_id: UUID, progress: Progress) -> None:
        self._hear("progressed", (run_id, progress))

    def stopped(self, user_id: int, stopped: Sequence[Stopped], runs: Sequence[tuple[int, UUID]]) -> None:
        self._hear("stopped", [task.run_id for task in stopped])

    def settled(self, user_id: int, session_id: int, run_id: UUID, approval_id: UUID) -> None:
        self._hear("settled", approval_id)

    def lost(self, held: Held) -> None:
        self._hear("lost", held.run_id)

    def interrupted(self, user_ids: Sequence[int]) -> None:
        self._hear("interrupted", list(user_ids))

    def all(self, what: str) -> list[Any]:
        """What was heard of this kind."""
        return [about for kind, about in self.heard if kind == what]

    def finished_of(self, run_id: UUID) -> list[Finished]:
        """The ends that were told of a run."""
        return [finished for run, finished in self.all("finished") if run == run_id]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns when what was heard satisfies."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()


@dataclass
class Process:
    """One bus with what is its own."""

    bus: Bus
    shards: Shards
    seen: Recorder
    hears_others: bool = True
    """Whether word of a cancelled task reaches it."""
    dead: bool = False

    def kill(self) -> None:
        """As SIGKILL would: nothing more is written or said, wherever it was."""
        self.dead = True
        bus = cast(Any, self.bus)
        for loop in (*bus._loops, *bus._beats):
            loop.cancel()
        for timer in bus._later:
            timer.cancel()
        for task in list(bus.worker.endings.tasks.values()):
            task.cancel()
        for held in list(bus.worker.held.values()):
            if held.job is not None:
                held.job.cancel()


NewRunner = Callable[[Shards], Runner]


@dataclass
class Fleet:
    """The processes of a test's installation."""

    stores: Stores
    redis: Redis
    traces: Traces
    ids: IdMaker = field(default_factory=IdMaker)
    processes: list[Process] = field(default_factory=list[Process])

    async def add(
        self,
        *,
        shards: Shards | None = None,
        redis: Redis | None = None,
        runner: Runner | None = None,
        start: bool = True,
        **config: Any,
    ) -> Process:
        """One more process; `config` are fields of BusConfig."""
        seen = Recorder()
        shards = shards or self.stores.shards
        settings = BusConfig(worker_id=f"worker{len(self.processes) + 1}", **{**TEMPO, **config})
        runner = runner or ScriptedRunner(shards, self.ids, self.traces)
        bus = Bus(settings, shards, redis or self.redis, self.ids, runner, seen, self._tell_others)
        process = Process(bus, shards, seen)
        self.processes.append(process)
        if start:
            await bus.start()
        return process

    async def _tell_others(self, user_id: int, tasks: Sequence[UUID]) -> None:
        for process in self.processes:
            if process.hears_others and not process.dead:
                process.bus.end_here(tasks)

    async def stop(self) -> None:
        """Stops what still lives."""
        for process in self.processes:
            if not process.dead:
                await process.bus.stop()
        self.processes.clear()


@pytest.fixture(scope="session")
def plain_logs() -> None:
    """Tracebacks without every local variable: drawing those holds the loop up for seconds, and leases run out."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@asynccontextmanager
async def _fleet(stores: Stores) -> AsyncGenerator[Fleet]:
    redis = redis_client(stores.redis_url)
    fleet = Fleet(stores, redis, Traces(stores.redis))
    try:
        yield fleet
        await fleet.stop()
    finally:
        await redis.aclose()


@pytest.fixture
async def fleet(stores: Stores, plain_logs: None) -> AsyncGenerator[Fleet]:
    """No processes yet, on one shard."""
    async with _fleet(stores) as fleet:
        yield fleet


@pytest.fixture
async def wide_fleet(two_shards: Stores, plain_logs: None) -> AsyncGenerator[Fleet]:
    """No processes yet, on two shards."""
    async with _fleet(two_shards) as fleet:
        yield fleet


@dataclass(frozen=True)
class Team:
    """A user with agents and a chat, and what the stores say of their runs."""

    stores: Stores
    user_id: int
    session_id: int

    def agent_id(self, handle: str) -> str:
        return f"user{self.user_id}_{handle}"

    def call(self, content: str, handle: str = "coder") -> Call:
        """A direct call."""
        agent_id = self.agent_id(handle)
        return Call(self.session_id, agent_id, content, agent_id, "direct")

    async def new_agent(self, handle: str, limit: int = 1) -> str:
        """One more agent; answers its id."""
        async with self.stores.shards.user_tx(self.user_id) as tx:
            tx.session.add(
                Agent(
                    user_id=self.user_id,
                    id=IdMaker().uuid(),
                    agent_id=self.agent_id(handle),
                    name=handle,
                    config={},
                    concurrency_limit=limit,
                )
            )
        return self.agent_id(handle)

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """What this user finds in the database."""
        async with self.stores.shards.user_tx(self.user_id) as tx:
            return [dict(row) for row in await tx.fetch(sql, *args)]

    async def task(self, run_id: UUID) -> dict[str, Any]:
        """The task of a direct run."""
        [row] = await self.rows("select * from tasks where run_id = $1", run_id)
        return row

    async def run(self, run_id: UUID) -> dict[str, Any]:
        """The run."""
        [row] = await self.rows("select * from runs where id = $1", run_id)
        return row

    async def answers(self, run_id: UUID) -> list[dict[str, Any]]:
        """The answer messages of a run; there must never be two."""
        return await self.rows("select * from messages where run_id = $1 and role = 'assistant'", run_id)

    async def answer(self, run_id: UUID) -> dict[str, Any]:
        """The one answer message of a run."""
        [row] = await self.answers(run_id)
        return row

    async def agent(self, handle: str = "coder") -> dict[str, Any]:
        """The agent's row."""
        [row] = await self.rows("select * from user_agents where agent_id = $1", self.agent_id(handle))
        return row

    async def spent(self, run_id: UUID) -> list[Any]:
        """What the model calls of a run cost, in the order they were made."""
        return [row["cost"] for row in await self.rows("select cost from usage where run_id = $1 order by id", run_id)]

    async def until(self, run_id: UUID, status: str, *, within: float = PATIENCE_S) -> None:
        """Returns when the run has this status."""

        async def reached() -> bool:
            return (await self.run(run_id))["status"] == status

        await eventually(reached, within=within)

    async def until_all_end(self, *, within: float = PATIENCE_S) -> None:
        """Returns when none of the user's tasks is unfinished."""

        async def ended() -> bool:
            return not await self.rows(
                "select id from tasks where status in ('pending', 'ready', 'running', 'waiting') limit 1"
            )

        await eventually(ended, within=within)


async def new_team(stores: Stores, limit: int = 1, *, shard: str | None = None) -> Team:
    """A user with the agent `coder` and a chat."""
    user_id = await stores.new_user(shard=shard)
    team = Team(stores, user_id, IdMaker().number())
    async with stores.shards.user_tx(user_id) as tx:
        tx.session.add(ChatSession(user_id=user_id, id=team.session_id, title=""))
    await team.new_agent("coder", limit)
    return team


@pytest.fixture
async def team(stores: Stores) -> Team:
    """A user with the agent `coder`, who answers one call at a time, and a chat."""
    return await new_team(stores)


def error_of(row: dict[str, Any]) -> str | None:
    """The code of the error in a row."""
    return row["error"]["code"] if row["error"] else None
