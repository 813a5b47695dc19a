"""Plans on the bus alone: a runner that plans what a test says, and whose tasks wait for a word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from artel.bus.model import PLANNING, TASK, Answer, Call, Fault, Held, Onward, Outcome, Submitted, TaskFailed
from artel.events.types import Event
from artel.kit.ids import IdMaker
from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.outline import Outline, PlannedTask
from artel.orchestrator.proposal import Proposals, RunPlace
from artel.store.tx import UserTx
from tests.support.bus import Team

NOTHING = Estimate(None, None, None, 1.0, None, None, "prior")
ASKS_NOBODY = OrchestratorConfig(plan_approval="never")

Graph = Mapping[str, Sequence[str]]
"""What each task waits for."""


@dataclass
class Plans:
    """The runner of every process of a test."""

    team: Team
    graph: Graph
    agents: Mapping[str, str]
    """By task: the handle of its agent."""
    max_parallel: int = 3
    ids: IdMaker = field(default_factory=IdMaker)
    told: list[Event] = field(default_factory=list[Event])
    waiting: dict[tuple[UUID, str, int], asyncio.Future[str]] = field(
        default_factory=dict[tuple[UUID, str, int], "asyncio.Future[str]"]
    )
    """By run, task and epoch: those that wait for a word."""
    obeys: bool = True
    """Tasks wait for a word; otherwise they answer at once."""
    begun: list[str] = field(default_factory=list[str])

    def call(self) -> Call:
        """A message for the orchestrator."""
        return Call(self.team.session_id, self.team.agent_id("orchestrator"), "go", None, "auto")

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Outcome:
        if held.kind == PLANNING:
            if held.task_id != PLANNING:
                raise TaskFailed(Fault("no_plan", "the rest is not planned anew here"))
            return Onward(lambda tx: self._write(tx, held))
        if held.kind != TASK:
            return Answer("the sum", None)
        self.begun.append(held.task_id)
        said = await self._word(held) if self.obeys else "answer"
        if said == "fail":
            raise TaskFailed(Fault("model_overloaded", "busy"), retryable=held.attempt == 0)
        if said == "break":
            raise RuntimeError
        return Answer(f"of {held.task_id}", None)

    async def _word(self, held: Held) -> str:
        word: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        key = (held.run_id, held.task_id, held.epoch)
        self.waiting[key] = word
        try:
            return await word
        finally:
            del self.waiting[key]

    async def _write(self, tx: UserTx, held: Held) -> Any:
        proposals = Proposals(self.ids, lambda _user, event: self.told.append(event))
        return await proposals.write(tx, RunPlace(held.session_id, held.run_id), self.outline(), ASKS_NOBODY)

    def outline(self) -> Outline:
        """The plan."""
        tasks = [
            PlannedTask(
                name, self.agents[name], self.team.agent_id(self.agents[name]), f"do {name}", tuple(after), NOTHING
            )
            for name, after in self.graph.items()
        ]
        return Outline(tasks, NOTHING, self.max_parallel)

    def tell(self, number: int, word: str) -> None:
        """One of those who wait goes on like that."""
        if self.waiting:
            keys = sorted(self.waiting, key=str)
            future = self.waiting[keys[number % len(keys)]]
            if not future.done():
                future.set_result(word)

    def let_go(self) -> None:
        """From now on all answer."""
        self.obeys = False
        for future in self.waiting.values():
            if not future.done():
                future.set_result("answer")


async def states(team: Team, sent: Submitted) -> dict[str, str]:
    """The tasks of a run by name, without planning and summing up."""
    rows = await team.rows("select task_id, status from tasks where run_id = $1 and kind = 'task'", sent.run_id)
    return {row["task_id"]: row["status"] for row in rows}
