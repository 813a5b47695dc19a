"""Whatever happens in whatever order: seats are kept, every call has one end, and nothing contradicts itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artel.bus.model import Answer, Fault, Held, Submitted, TaskFailed
from artel.bus.retry import NotRetryable
from artel.store.tx import UserTx
from tests.support.bus import Fleet, Process, Recorder, Team, new_team
from tests.support.stores import Stores

LIMIT = 2
AGENTS = ("coder", "writer")
QUICK: dict[str, Any] = {"lease_seconds": 0.5, "beat_seconds": 0.08, "sweep_seconds": 0.05, "stray_seconds": 0.5}
CONSISTENT = {
    ("done", "completed", "complete"),
    ("failed", "failed", "failed"),
    ("cancelled", "cancelled", "cancelled"),
}

Act = tuple[str, int, int]
"""What is done, to which call (or agent), in which process; the numbers are taken modulo what there is."""

acts = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "submit", "answer", "fail", "break", "cancel", "retry", "kill", "leave"]),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    min_size=4,
    max_size=24,
)


@dataclass
class Puppets:
    """The runner of every process: its tasks wait for a word, and it counts those that are at work."""

    waiting: dict[tuple[Any, int], asyncio.Future[str]] = field(default_factory=dict[Any, asyncio.Future[str]])
    obeys: bool = True
    """Whether they wait for a word; at the end they answer by themselves."""

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Answer:
        word: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        key = (held.run_id, held.epoch)
        self.waiting[key] = word
        held.text.append("so far")
        if not self.obeys:
            word.set_result("answer")
        try:
            said = await word
        finally:
            del self.waiting[key]
        if said == "fail":
            raise TaskFailed(Fault("model_overloaded", "busy"), retryable=held.attempt == 0)
        if said == "break":
            raise RuntimeError
        return Answer("answer", None)

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


@dataclass
class Play:
    """One run of the property: the processes, the user, and the calls so far."""

    fleet: Fleet
    team: Team
    puppets: Puppets
    calls: list[Submitted] = field(default_factory=list[Submitted])
    told: list[Recorder] = field(default_factory=list[Recorder])
    """What every process said, the dead ones included."""

    @property
    def alive(self) -> list[Process]:
        return [process for process in self.fleet.processes if not process.dead]

    async def act(self, what: str, which: int, where: int) -> None:
        """One act, and a moment for what follows of it."""
        bus = self.alive[where % len(self.alive)].bus
        user_id = self.team.user_id
        match what:
            case "submit":
                self.calls.append(await bus.submit(user_id, self.team.call("go", AGENTS[which % len(AGENTS)])))
            case "cancel" if self.calls:
                await bus.cancel_run(user_id, self.calls[which % len(self.calls)].run_id)
            case "retry" if self.calls:
                await self._retry(bus, which)
            case "kill" | "leave":
                await self._lose(what, where)
            case _:
                self.puppets.tell(which, what)
        if which % 2:
            await asyncio.sleep(0.004 * where)
        await self.check_seats()

    async def _retry(self, bus: Any, which: int) -> None:
        with suppress(NotRetryable):
            await bus.retry_run(self.team.user_id, self.calls[which % len(self.calls)].run_id)

    async def _lose(self, what: str, where: int) -> None:
        process = self.alive[where % len(self.alive)]
        if what == "kill":
            process.kill()
        else:
            process.dead = True
            await process.bus.stop()
        await self.add_process()

    async def add_process(self) -> None:
        """One more."""
        self.told.append((await self.fleet.add(runner=self.puppets, **QUICK)).seen)

    async def check_seats(self) -> None:
        """No agent has more running tasks than seats, at any moment."""
        for row in await self.team.rows(_SEATS):
            assert row["running"] <= LIMIT, row

    async def check_end(self) -> None:
        """Everything came to one end, which task, run and message agree on."""
        rows = await self.team.rows(_ENDS)
        assert {row["run_id"] for row in rows} == {call.run_id for call in self.calls}
        assert len(rows) == len(self.calls), "a run has two answers, or two tasks"
        for row in rows:
            assert (row["task"], row["run"], row["message"]) in CONSISTENT, row
            assert row["seat"] is None
            assert row["message_id"] == row["answer_id"]
        completed = Counter(run for seen in self.told for run, end in seen.all("finished") if end.status == "complete")
        assert set(completed.values()) <= {1}, "an answer was completed twice"


_SEATS = "select assigned_agent, count(*) as running from tasks where status = 'running' group by assigned_agent"

_ENDS = """
select runs.id as run_id, tasks.status as task, runs.status as run, messages.status as message, tasks.seat,
    messages.id as message_id, runs.answer_id
from runs
left join tasks on tasks.user_id = runs.user_id and tasks.run_id = runs.id
left join messages on messages.user_id = runs.user_id and messages.run_id = runs.id and messages.role = 'assistant'
"""


@pytest.mark.uncovered
@given(script=acts)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_in_any_order_every_call_comes_to_one_end(fleet: Fleet, stores: Stores, script: list[Act]) -> None:
    # given two processes and a user with two agents
    team = await new_team(stores, LIMIT)
    await team.new_agent("writer", LIMIT)
    play = Play(fleet, team, Puppets())
    for _ in range(2):
        await play.add_process()

    # when calls, answers, failures, stops, retries and deaths come in any order
    for what, which, where in script:
        await play.act(what, which, where)
    play.puppets.let_go()
    await team.until_all_end(within=20)
    await fleet.stop()

    # then
    await play.check_end()
