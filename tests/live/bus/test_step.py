"""What a step of a plan makes of any table: what is free becomes ready, and sits down exactly as it is dealt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artel.bus.deal import Places, Waiting, deal
from artel.bus.model import ANSWER
from artel.bus.step import Step, step_of
from tests.support.bus import Team, new_team
from tests.support.plan_rows import PlanRows, new_plan
from tests.support.stores import Stores

AGENTS = ("coder", "writer", "editor")
State = Literal["done", "running", "ready", "pending"]


@dataclass(frozen=True)
class Task:
    """One of the plan's, with the names of those it waits for."""

    agent: str
    state: State
    after: list[str]


@dataclass(frozen=True)
class Table:
    """A plan in the middle of its work, and who else is about."""

    tasks: dict[str, Task]
    limits: dict[str, int]
    max_parallel: int
    elsewhere: dict[str, int]
    """Seats of agents that other runs' tasks have."""
    just_done: list[str]
    at_most: int

    def free(self) -> list[str]:
        """Those that wait, and may begin."""
        done = {name for name, task in self.tasks.items() if task.state == "done"}
        return [
            name
            for name, task in self.tasks.items()
            if task.state == "ready"
            or (
                task.state == "pending"
                and done.issuperset(task.after)
                and (not self.just_done or set(self.just_done).intersection(task.after))
            )
        ]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Up to twelve tasks; running ones are left out of the limits, which may have been lowered meanwhile."""
    tasks: dict[str, Task] = {}
    for number in range(draw(st.integers(1, 12))):
        state: State = draw(st.sampled_from(("done", "running", "ready", "pending", "pending")))
        after = draw(st.lists(st.sampled_from(list(tasks)), max_size=3, unique=True)) if tasks else []
        tasks[f"t{number}"] = Task(draw(st.sampled_from(AGENTS)), state, after if state == "pending" else [])
    done = [name for name, task in tasks.items() if task.state == "done"]
    return Table(
        tasks,
        {agent: draw(st.integers(1, 4)) for agent in AGENTS},
        draw(st.integers(1, 5)),
        {agent: draw(st.integers(0, 2)) for agent in AGENTS},
        draw(st.lists(st.sampled_from(done), unique=True)) if done else [],
        draw(st.integers(0, 5)),
    )


@given(table=tables())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whoever_is_free_sits_down_as_it_is_dealt_or_becomes_ready(stores: Stores, table: Table) -> None:
    # given
    team = await _team(stores, table.limits)
    plan = await new_plan(team, table.max_parallel)
    seats, lanes = await _lay(team, plan, table)
    before = await plan.states()
    free = table.free()
    places = [Waiting(plan.ids[name], table.tasks[name].agent, plan.run_id) for name in free]
    dealt = {each.id: each for each in deal(places, seats, lanes, table.at_most)}

    # when
    taken = await _step(plan, table.just_done, table.at_most)

    # then
    assert [held.id for held in taken.seated] == sorted(dealt)
    expected = dict(before)
    for name in free:
        place = dealt.get(plan.ids[name])
        expected[name] = ("running", place.seat, place.lane) if place else ("ready", None, None)
    assert await plan.states() == expected
    assert taken.more_waits == (len(dealt) == table.at_most)
    done = sum(task.state == "done" for task in table.tasks.values())
    assert (taken.total, taken.over, taken.done) == (len(table.tasks), done, done)
    at_work = [task.agent for task in table.tasks.values() if task.state == "running"]
    at_work += [agent for agent, count in table.elsewhere.items() if count]
    assert taken.busy == {team.agent_id(agent) for agent in at_work}


async def test_who_sits_down_begins_the_next_epoch_here(team: Team) -> None:
    plan = await new_plan(team, 1)
    await plan.task("t0", "ready")

    [held] = (await _step(plan, [], 1)).seated

    task = await team.task(plan.run_id)
    assert (held.epoch, held.worker, held.task_id, held.config) == (1, "here", "t0", {})
    assert (task["epoch"], task["worker"], task["seat"], task["lane"]) == (1, "here", 0, 0)
    assert task["started_at"] is not None


async def test_where_other_work_waits_for_the_agent_nobody_is_overtaken(team: Team) -> None:
    # given a direct call that waits for the same agent, and a task that has just become free
    plan, other = await new_plan(team, 2), await new_plan(team, 2)
    await other.task("a call", "ready", kind=ANSWER)
    await plan.task("t0", "done")
    await plan.task("t1", "pending", after=["t0"])

    taken = await _step(plan, ["t0"], 5)

    assert (taken.seated, taken.more_waits) == ([], True)
    assert (await plan.states())["t1"] == ("ready", None, None)


async def test_whose_agent_is_not_locked_is_left_to_others(team: Team) -> None:
    writer = await team.new_agent("writer")
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready", agent="writer")

    taken = await _step(plan, [], 5, [team.agent_id("coder")])
    assert (taken.seated, taken.more_waits) == ([], True)

    taken = await _step(plan, [], 5, [writer])
    assert len(taken.seated) == 1


async def test_what_is_to_be_tried_again_later_waits(team: Team) -> None:
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready")
    async with team.stores.shards.user_tx(team.user_id) as tx:
        await tx.execute("update tasks set not_before = now() + interval '1 hour' where user_id = $1", tx.user_id)

    taken = await _step(plan, [], 5)

    assert (taken.seated, taken.more_waits) == ([], False)


async def _team(stores: Stores, limits: dict[str, int]) -> Team:
    team = await new_team(stores, limits["coder"])
    for agent in AGENTS[1:]:
        await team.new_agent(agent, limits[agent])
    return team


async def _lay(team: Team, plan: PlanRows, table: Table) -> tuple[Places, Places]:
    """Puts everything into the database, and answers what is free of seats (by handle) and lanes."""
    other = await new_plan(team, 9)
    taken: dict[str, int] = {}
    for agent, count in table.elsewhere.items():
        taken[agent] = count
        for seat in range(count):
            await other.task(f"{agent} {seat}", "running", agent=agent, seat=seat, kind=ANSWER)
    lane = 0
    for name, task in table.tasks.items():
        if task.state == "running":
            await plan.task(name, "running", agent=task.agent, seat=taken[task.agent], lane=lane)
            taken[task.agent] += 1
            lane += 1
        else:
            await plan.task(name, task.state, agent=task.agent, after=task.after)
    seats, lanes = Places(), Places()
    for agent, limit in table.limits.items():
        seats.open(agent, limit, range(taken[agent]))
    lanes.open(plan.run_id, table.max_parallel, range(lane))
    return seats, lanes


async def _step(plan: PlanRows, just_done: list[str], at_most: int, agents: list[str] | None = None) -> Step:
    """As an end takes it, in which all agents (or these) are locked."""
    team = plan.team
    async with team.stores.shards.user_tx(team.user_id) as tx:
        if agents is None:
            rows = await tx.fetch("select agent_id from user_agents where user_id = $1", tx.user_id)
            agents = [row["agent_id"] for row in rows]
        rows = await tx.fetch(_STEP, tx.user_id, plan.run_id, just_done, agents, at_most)
        return step_of(tx.user_id, "here", at_most, rows)


_STEP = "select * from step_plan($1, $2, $3, '{}', false, $4, 'here', $5)"
