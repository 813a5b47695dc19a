"""A process drains: what runs comes to its end, and everything else is left to others at once."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.bus import Fleet, Team
from tests.support.bus_script import answer, script

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
