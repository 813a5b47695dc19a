"""Whatever happens to a plan in whatever order: order and limits hold, every run ends, nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from artel.bus.model import NoSuchTask, Submitted
from artel.bus.retry import NotRetryable
from tests.live.bus.test_interleavings import QUICK
from tests.support.bus import Fleet, Process, Recorder, Team, new_team
from tests.support.bus_plans import Plans
from tests.support.stores import Stores

AGENTS = ("coder", "writer")


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """A plan of two to eight tasks, each of which may wait for earlier ones."""
    count = draw(st.integers(2, 8))
    return {
        f"t{number}": sorted(draw(st.sets(st.sampled_from([f"t{other}" for other in range(number)])))) if number else []
        for number in range(count)
    }


acts = st.lists(
    st.tuples(
        st.sampled_from(
            ["answer", "answer", "answer", "fail", "break", "stop", "again", "cancel", "retry", "kill", "leave", "plan"]
        ),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=3,
    max_size=20,
)


@dataclass
class Play:
    """One run of the property."""

    fleet: Fleet
    team: Team
    plans: Plans
    limits: dict[str, int]
    runs: list[Submitted] = field(default_factory=list[Submitted])
    told: list[Recorder] = field(default_factory=list[Recorder])

    @property
    def alive(self) -> list[Process]:
        return [process for process in self.fleet.processes if not process.dead]

    async def act(self, what: str, which: int, where: int) -> None:
        """One act, and a moment for what follows of it."""
        bus, user_id = self.alive[where % len(self.alive)].bus, self.team.user_id
        run_id = self.runs[which % len(self.runs)].run_id
        name = f"t{where % len(self.plans.graph)}"
        match what:
            case "plan":
                self.runs.append(await bus.submit(user_id, self.plans.call()))
            case "cancel":
                await bus.cancel_run(user_id, run_id)
            case "retry":
                with suppress(NotRetryable):
                    await bus.retry_run(user_id, run_id)
            case "stop":
                with suppress(NoSuchTask):
                    await bus.cancel_task(user_id, run_id, name)
            case "again":
                with suppress(NoSuchTask, NotRetryable):
                    await bus.retry_task(user_id, run_id, name)
            case "kill" | "leave":
                await self._lose(what, where)
            case _:
                self.plans.tell(which, what)
        if which % 2:
            await asyncio.sleep(0.004 * where)
        await self.check()

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
        self.told.append((await self.fleet.add(runner=self.plans, **QUICK)).seen)

    async def check(self) -> None:
        """Limits and order hold at any moment."""
        for row in await self.team.rows(_SEATS):
            assert row["running"] <= self.limits[row["assigned_agent"].partition("_")[2]], row
        for row in await self.team.rows(_LANES):
            assert row["running"] <= self.plans.max_parallel, row
        assert await self.team.rows(_TOO_EARLY) == []

    async def check_end(self) -> None:
        """Every run has one end, which its tasks and its answer agree with."""
        rows = {row["id"]: row for row in await self.team.rows(_ENDS)}
        assert rows.keys() == {sent.run_id for sent in self.runs}
        for row in rows.values():
            assert row["status"] in ("completed", "failed", "cancelled"), row
            assert row["answers"] == 1, row
            assert row["answer"] == {"completed": "complete"}.get(row["status"], row["status"]), row
            assert row["unfinished"] == 0, row
            assert row["plan"] in (None, row["status"]), row
            if row["status"] == "completed":
                assert row["summed_up"] == "done", row
                assert row["failed"] == 0, row
        assert await self.team.rows(_TOO_EARLY) == []
        done = Counter(
            (run, end.content) for seen in self.told for run, end in seen.all("finished") if end.status == "complete"
        )
        repeated = {key: count for key, count in done.items() if count > 1 and key[1] != "the sum"}
        assert not repeated, "a task was done twice"


_SEATS = "select assigned_agent, count(*) as running from tasks where status = 'running' group by assigned_agent"

_LANES = "select run_id, count(*) as running from tasks where status = 'running' and kind = 'task' group by run_id"

_TOO_EARLY = """
select task.task_id, task.status, needed.task_id as needed, other.status as other
from tasks task cross join lateral jsonb_array_elements_text(task.dependencies) needed (task_id)
join tasks other on other.user_id = task.user_id and other.run_id = task.run_id and other.task_id = needed.task_id
where task.kind = 'task' and task.status in ('ready', 'running', 'done') and other.status <> 'done'
"""

_ENDS = """
select runs.id, runs.status,
    (select count(*) from messages where run_id = runs.id and role = 'assistant' and task_id is null) as answers,
    (select status from messages where id = runs.answer_id) as answer,
    (select count(*) from tasks where run_id = runs.id
        and status in ('pending', 'ready', 'running', 'waiting')) as unfinished,
    (select count(*) from tasks where run_id = runs.id and kind = 'task' and status = 'failed') as failed,
    (select status from tasks where run_id = runs.id and kind = 'synthesis') as summed_up,
    (select status from plans where run_id = runs.id order by revision desc limit 1) as plan
from runs
"""


@pytest.mark.uncovered
@given(graph=graphs(), lanes=st.integers(1, 3), seats=st.tuples(st.integers(1, 3), st.integers(1, 3)), script=acts)
@settings(
    max_examples=30,
    # A script that hangs takes 20 s a try: it is reported as found.
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_in_any_order_every_plan_comes_to_one_end(
    fleet: Fleet,
    stores: Stores,
    graph: dict[str, list[str]],
    lanes: int,
    seats: tuple[int, int],
    script: list[tuple[str, int, int]],
) -> None:
    # given two processes, and a plan for a user with two agents
    team = await new_team(stores, seats[0])
    await team.new_agent("writer", seats[1])
    await team.new_agent("orchestrator", 2)
    agents = {name: AGENTS[place % 2] for place, name in enumerate(graph)}
    plans = Plans(team, graph, agents, lanes)
    limits: dict[str, Any] = {"coder": seats[0], "writer": seats[1], "orchestrator": 2}
    play = Play(fleet, team, plans, limits)
    for _ in range(2):
        await play.add_process()
    play.runs.append(await play.alive[0].bus.submit(team.user_id, plans.call()))

    # when its tasks answer, fail and are stopped, and processes die, in any order
    for what, which, where in script:
        await play.act(what, which, where)
    plans.let_go()
    await team.until_all_end(within=20)
    await fleet.stop()

    # then
    await play.check_end()
