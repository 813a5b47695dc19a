"""A process drains: what runs comes to its end, and everything else is left to others at once."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from artel.bus.model import Held, Outcome, Runner
from artel.bus.settle import outlast
from artel.store.shards import StoreUnavailable
from artel.store.tx import UserTx
from tests.support.bus import Fleet, Team
from tests.support.bus_script import ScriptedRunner, answer, script

SLOW: dict[str, Any] = {"lease_seconds": 60, "sweep_seconds": 60}
"""So slow that neither leases nor sweeper can be what helps."""


async def test_what_runs_may_end_and_what_comes_goes_elsewhere(fleet: Fleet, team: Team) -> None:
    # given a process that drains while it answers
    leaving, staying = await fleet.add(**SLOW), await fleet.add(**SLOW)
    await team.rows("update user_agents set concurrency_limit = 2")
    sent = await leaving.bus.submit(team.user_id, team.call(script(answer("done", pause="here"))))
    await fleet.traces.until(sent.run_id, "paused here")
    drained = asyncio.create_task(leaving.bus.drain())
    await asyncio.sleep(0)

    # when another message comes in there
    late = await leaving.bus.submit(team.user_id, team.call("late"))
    await team.until(late.run_id, "completed")

    # then the other process answers it, and the first one ends what it had
    assert not drained.done()
    await fleet.traces.release(sent.run_id, "here")
    await drained
    assert [(await team.task(one.run_id))["worker"] for one in (sent, late)] == ["worker1", "worker2"]
    assert [what for what, _ in leaving.seen.heard] == ["started", "queued", "finished"]
    assert [what for what, _ in staying.seen.heard] == ["started", "finished"]


async def test_a_seat_that_is_freed_while_draining_is_told_to_others(fleet: Fleet, team: Team) -> None:
    # given a queue behind the one seat, which a draining process holds
    leaving, _staying = await fleet.add(**SLOW), await fleet.add(**SLOW)
    first = await leaving.bus.submit(team.user_id, team.call(script(answer("done", pause="here"))))
    await fleet.traces.until(first.run_id, "paused here")
    second = await leaving.bus.submit(team.user_id, team.call("second"))
    drained = asyncio.create_task(leaving.bus.drain())
    await asyncio.sleep(0)

    # when it ends
    await fleet.traces.release(first.run_id, "here")
    await drained

    # then the next one begins elsewhere, with no help of lease or sweeper
    await team.until(second.run_id, "completed")
    assert (await team.task(second.run_id))["worker"] == "worker2"


async def test_who_stood_in_line_here_is_woken_elsewhere(fleet: Fleet, team: Team) -> None:
    # given a process without a free slot, in whose line a user stands
    full = await fleet.add(slots=1, **SLOW)
    await team.rows("update user_agents set concurrency_limit = 2")
    first = await full.bus.submit(team.user_id, team.call(script(answer("done", pause="here"))))
    await fleet.traces.until(first.run_id, "paused here")
    second = await full.bus.submit(team.user_id, team.call("second"))
    full.bus.wake(team.user_id)
    await asyncio.sleep(0.05)
    await fleet.add(**SLOW)

    # when it drains
    drained = asyncio.create_task(full.bus.drain())

    # then the other one does that work, while the first is still at its own
    await team.until(second.run_id, "completed")
    assert not drained.done()
    await fleet.traces.release(first.run_id, "here")
    await drained


class _Disturbed:
    """A runner that once finds the store away."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.runs = 0

    async def prepare(self, tx: UserTx, held: Held) -> Any:
        return await self._runner.prepare(tx, held)

    async def run(self, held: Held) -> Outcome:
        self.runs += 1
        if self.runs == 1:
            raise StoreUnavailable
        return await self._runner.run(held)


async def test_a_store_that_is_away_in_the_middle_of_a_task_is_not_its_failure(fleet: Fleet, team: Team) -> None:
    runner = _Disturbed(ScriptedRunner(team.stores.shards, fleet.ids, fleet.traces))
    await fleet.add(runner=runner, **SLOW)

    sent = await fleet.processes[0].bus.submit(team.user_id, team.call("again"))
    await team.until(sent.run_id, "completed")

    task = await team.task(sent.run_id)
    assert (task["attempt"], task["interruptions"], task["epoch"], runner.runs) == (0, 0, 2, 2)


async def test_a_write_outlasts_an_outage(team: Team) -> None:
    tries = 0

    async def write(tx: UserTx) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreUnavailable
        return await tx.fetchval("select 7")

    assert await outlast(team.stores.shards, team.user_id, write) == 7


async def test_a_write_gives_up_when_the_store_stays_away(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artel.bus.settle._PATIENCE_SECONDS", 0)

    async def write(tx: UserTx) -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        await outlast(team.stores.shards, team.user_id, write)


class _Torn(_Disturbed):
    """A runner whose connection breaks once while it reads what a task needs."""

    async def prepare(self, tx: UserTx, held: Held) -> Any:
        self.runs += 1
        if self.runs == 1:
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
        return await super().prepare(tx, held)


async def test_a_connection_that_breaks_while_a_task_is_seated_is_not_its_failure(fleet: Fleet, team: Team) -> None:
    asking = await fleet.add(slots=0, takes_queue=False)
    runner = _Torn(ScriptedRunner(team.stores.shards, fleet.ids, fleet.traces))
    await fleet.add(runner=runner)

    sent = await asking.bus.submit(team.user_id, team.call("again"))
    await team.until(sent.run_id, "completed")

    assert (await team.task(sent.run_id))["epoch"] == 1
