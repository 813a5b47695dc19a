"""Ends that meet others at the lock of their run: what these wrote is neither overlooked nor overwritten."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from artel.bus.cancel import cancel_task
from artel.bus.claim import claim
from artel.bus.ends import End, Ended, write_ends
from artel.bus.graph import BUDGET_EXCEEDED, lock_run
from artel.bus.model import Answer, Fault, Held, ModelUse
from tests.support.bus import Team, eventually, new_team
from tests.support.plan_rows import IDS, PlanRows, new_plan
from tests.support.stores import Stores

FAULT = Fault("model_overloaded", "busy")


def of(held: Held, cost: str | None = None, fault: Fault | None = None) -> End:
    """An end of it."""
    use = ModelUse("scripted", "model", 10, 5, Decimal(cost)) if cost else None
    return End(held, Answer(f"of {held.task_id}", use), fault, IDS.uuid())


async def seated(plan: PlanRows, worker: str = "here", count: int = 9) -> dict[str, Held]:
    """What is ready sits down; by name."""
    async with plan.team.stores.shards.user_tx(plan.team.user_id) as tx:
        return {held.task_id: held for held in await claim(tx, worker, count)}


async def end(plan: PlanRows, *ends: End, worker: str = "here", room: int = 5) -> Ended:
    """Writes them in a transaction of their own."""
    async with plan.team.stores.shards.user_tx(plan.team.user_id) as tx:
        return await write_ends(tx, ends, IDS.uuid(), worker, room)


async def blocked(team: Team, ends: Coroutine[Any, Any, Ended], in_statement: str) -> asyncio.Task[Ended]:
    """Begins to write ends, and returns when they wait for a lock that somebody has."""

    async def waits() -> bool:
        return bool(await team.rows(_WAITING, f"%{in_statement}%"))

    writing = asyncio.create_task(ends)
    await eventually(waits)
    return writing


_WAITING = "select from pg_stat_activity where wait_event_type = 'Lock' and query like $1"


async def test_what_was_charged_meanwhile_is_kept(team: Team) -> None:
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready")
    held = (await seated(plan))["t0"]

    async with team.stores.shards.user_tx(team.user_id) as tx:
        await lock_run(tx, plan.run_id)
        writing = await blocked(team, end(plan, of(held, "0.5")), "with agents as")
        await tx.execute("update runs set cost = cost + 1 where user_id = $1 and id = $2", tx.user_id, plan.run_id)
    await writing

    assert (await team.run(plan.run_id))["cost"] == Decimal("1.5")
    assert await team.spent(plan.run_id) == [Decimal("0.5")]


async def test_a_task_that_was_stopped_meanwhile_stays_stopped(team: Team) -> None:
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready")
    held = (await seated(plan))["t0"]

    async with team.stores.shards.user_tx(team.user_id) as tx:
        await lock_run(tx, plan.run_id)
        writing = await blocked(team, end(plan, of(held)), "with agents as")
        await cancel_task(tx, plan.run_id, "t0", IDS.uuid())
    ended = await writing

    assert (ended.finished, ended.seated) == ([None], [])
    assert (await plan.states())["t0"] == ("cancelled", None, None)
    assert [row["status"] for row in await team.rows("select status from messages where task_id = 't0'")] == [
        "cancelled"
    ]


async def test_of_the_last_two_that_end_in_two_processes_the_later_lets_the_rest_begin(stores: Stores) -> None:
    # given
    team = await new_team(stores, limit=2)
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready")
    await plan.task("t1", "ready")
    await plan.task("t2", "pending", after=["t0", "t1"])
    held = await seated(plan, "here", 1) | await seated(plan, "there", 1)

    # when the end of one waits for the other's
    async with team.stores.shards.user_tx(team.user_id) as tx:
        here = await write_ends(tx, [of(held["t0"])], IDS.uuid(), "here", 5)
        writing = await blocked(team, end(plan, of(held["t1"]), worker="there"), "with agents as")
    there = await writing

    # then
    assert [held.task_id for held in here.seated] == []
    assert [(held.task_id, held.worker) for held in there.seated] == [("t2", "there")]
    assert [each.agent_busy for each in (*here.finished, *there.finished) if each] == [True, False]
    assert [each.progress.over for each in (*here.finished, *there.finished) if each and each.progress] == [1, 2]


async def test_a_task_that_was_touched_while_it_becomes_ready_is_not_lost(team: Team) -> None:
    # given a task that is about to become free, and somebody who writes its row without having the run
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready")
    task = await plan.task("t1", "pending", after=["t0"])
    held = (await seated(plan))["t0"]

    async with team.stores.shards.user_tx(team.user_id) as tx:
        await tx.execute("update tasks set interruptions = 1 where user_id = $1 and id = $2", tx.user_id, task)
        writing = await blocked(team, end(plan, of(held)), "with agents as")
    ended = await writing

    assert [held.task_id for held in ended.seated] == ["t1"]
    assert (await plan.states())["t1"] == ("running", 0, 0)


async def test_without_room_nobody_sits_down_here(team: Team) -> None:
    plan = await new_plan(team, 2)
    await plan.task("t0", "ready")
    await plan.task("t1", "pending", after=["t0"])
    held = (await seated(plan))["t0"]

    ended = await end(plan, of(held), room=0)

    assert (ended.seated, ended.more_waits) == ([], True)
    assert await team.rows("select status, epoch, worker from tasks where task_id = 't1'") == [
        {"status": "ready", "epoch": 0, "worker": None}
    ]


async def test_of_several_each_tells_its_share_and_the_last_what_came_of_it(stores: Stores) -> None:
    # given three at work, of which one is not held any more, and two that wait
    team = await new_team(stores, limit=3)
    plan = await new_plan(team, 3)
    for name in ("t0", "t1", "t2"):
        await plan.task(name, "ready")
    await plan.task("t3", "pending", after=["t0"])
    await plan.task("t4", "pending", after=["t2"])
    held = await seated(plan)
    async with team.stores.shards.user_tx(team.user_id) as tx:
        await tx.execute("update tasks set epoch = 7 where user_id = $1 and id = $2", tx.user_id, held["t1"].id)

    # when
    ended = await end(plan, of(held["t0"], "0.25"), of(held["t1"]), of(held["t2"], "0.5", FAULT))

    # then
    first, lost, last = ended.finished
    assert lost is None
    assert first is not None
    assert last is not None
    assert first.progress is not None
    assert last.progress is not None
    assert (first.status, first.progress.over, first.progress.skipped) == ("complete", 1, ())
    assert (last.status, last.progress.over) == ("failed", 3)
    assert [each.task_id for each in last.progress.skipped] == ["t4"]
    assert [each.task_id for each in ended.seated] == ["t3"]
    assert (await team.run(plan.run_id))["cost"] == Decimal("0.75")
    assert (await team.agent())["last_error"] == {"code": "model_overloaded", "detail": "busy"}


async def test_where_there_is_no_money_left_all_the_rest_is_skipped(stores: Stores) -> None:
    # given two at work, one that is ready, one that waits for what ends well, and one that waits for what fails
    team = await new_team(stores, limit=2)
    plan = await new_plan(team, 2)
    for name in ("t0", "t1", "t2"):
        await plan.task(name, "ready")
    await plan.task("t3", "pending", after=["t0"])
    await plan.task("t4", "pending", after=["t1"])
    held = await seated(plan)

    # when
    ended = await end(plan, of(held["t0"]), of(held["t1"], fault=Fault(BUDGET_EXCEEDED, "spent")))

    # then the run is over, with the reason
    last = ended.finished[-1]
    assert last is not None
    assert last.progress is not None
    assert {each.task_id for each in last.progress.skipped} == {"t2", "t3", "t4"}
    assert {each.agent_id for each in last.progress.skipped} == {team.agent_id("coder")}
    assert (last.progress.run, last.progress.over, ended.seated) == ("failed", 5, [])
    assert {name: state for name, (state, _, _) in (await plan.states()).items()} == {
        "t0": "done",
        "t1": "failed",
        "t2": "skipped",
        "t3": "skipped",
        "t4": "skipped",
    }


async def test_a_failure_that_is_not_ours_to_tell_costs_nobody_anything(team: Team) -> None:
    plan = await new_plan(team, 1)
    await plan.task("t0", "ready")
    await plan.task("t1", "pending", after=["t0"])
    held = (await seated(plan))["t0"]
    held.epoch = 7

    ended = await end(plan, of(held, fault=FAULT))

    assert ended.finished == [None]
    assert (await plan.states())["t1"] == ("pending", None, None)


async def test_an_end_that_is_told_twice_is_written_once(team: Team) -> None:
    plan = await new_plan(team, 1)
    await plan.task("t0", "ready")
    await plan.task("t1", "pending", after=["t0"])
    told = of((await seated(plan))["t0"], "0.5")
    first = await end(plan, told)

    again = await end(plan, told)

    assert [held.task_id for held in first.seated] == ["t1"]
    assert again.finished[0] is not None
    assert again.seated == []
    assert await team.spent(plan.run_id) == [Decimal("0.5")]
    assert (await team.run(plan.run_id))["cost"] == Decimal("0.5")


async def test_who_holds_nothing_writes_nothing(team: Team) -> None:
    plan = await new_plan(team, 1)
    await plan.task("t0", "ready")
    await plan.task("t1", "pending", after=["t0"])
    held = (await seated(plan))["t0"]
    held.worker = "somebody else"

    ended = await end(plan, of(held, "0.5"))

    assert (ended.finished, ended.seated, ended.more_waits) == ([None], [], False)
    assert await team.spent(plan.run_id) == []
    assert (await plan.states())["t1"] == ("pending", None, None)
