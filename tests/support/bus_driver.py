"""Real worker processes for a test: starting them, talking to them, stopping and killing them."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from artel.bus.model import Submitted
from tests.support.bus import TEMPO, Team
from tests.support.bus_script import PATIENCE_S, Traces
from tests.support.stores import Stores

_ROOT = Path(__file__).parents[2]
_LEASE_S = 4.0
"""On a busy machine a whole process may stand still for a second or two; its work must not change hands for that."""


@dataclass
class WorkerProcess:
    """One process that runs `tests.support.bus_process`."""

    name: str
    child: asyncio.subprocess.Process
    heard: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _ears: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Begins to read what it says."""
        self._ears = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.child.stdout is not None
        while line := await self.child.stdout.readline():
            self.heard.append(orjson.loads(line))
            self._news.set()

    async def until(self, what: str, **about: Any) -> dict[str, Any]:
        """The first word of this kind, as soon as it is said."""
        wanted = {"what": what, **orjson.loads(orjson.dumps(about, default=str))}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for said in self.heard:
                    if wanted.items() <= said.items():
                        return said
                self._news.clear()
                await self._news.wait()

    def said(self, what: str) -> list[dict[str, Any]]:
        """Everything it said of this kind."""
        return [said for said in self.heard if said["what"] == what]

    async def _ask(self, do: str, **about: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self.tell({"id": number, "do": do, **about})
        return await self.until("reply", id=number)

    def tell(self, line: dict[str, Any]) -> None:
        """One line on its stdin."""
        assert self.child.stdin is not None
        self.child.stdin.write(orjson.dumps(line, default=str) + b"\n")

    async def submit(self, team: Team, content: str, handle: str = "coder") -> Submitted:
        """A direct call, submitted there."""
        said = await self._ask(
            "submit",
            user_id=team.user_id,
            session_id=team.session_id,
            agent_id=team.agent_id(handle),
            content=content,
        )
        return Submitted(UUID(said["message_id"]), UUID(said["run_id"]), UUID(said["answer_id"]), "direct")

    async def cancel(self, team: Team, run_id: UUID) -> None:
        """The user stops a run, there."""
        await self._ask("cancel", user_id=team.user_id, run_id=run_id)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self.child.send_signal(number)

    async def end(self) -> None:
        """Kills what is left of it."""
        with suppress(ProcessLookupError):
            self.child.kill()
        await self.child.wait()
        if self._ears is not None:
            await self._ears
        assert self.child.stdin is not None
        self.child.stdin.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await self.child.stdin.wait_closed()


@dataclass
class Crew:
    """The worker processes of a test."""

    stores: Stores
    traces: Traces
    workers: list[WorkerProcess] = field(default_factory=list[WorkerProcess])

    async def add(self, **config: Any) -> WorkerProcess:
        """One more process, ready for work; `config` are fields of BusConfig."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.bus_process",
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        worker = WorkerProcess(f"process{len(self.workers) + 1}", child)
        self.workers.append(worker)
        worker.listen()
        worker.tell(
            {
                "worker_id": worker.name,
                "databases": [urls.app.render_as_string(hide_password=False) for urls in self.stores.databases],
                "redis_url": self.stores.redis_url,
                "traces_url": self.stores.redis_url,
                "config": {**TEMPO, "lease_seconds": _LEASE_S, **config},
            }
        )
        await worker.until("ready")
        return worker


@pytest.fixture
async def crew(stores: Stores) -> AsyncGenerator[Crew]:
    """No processes yet."""
    crew = Crew(stores, Traces(stores.redis))
    yield crew
    for worker in crew.workers:
        await worker.end()
