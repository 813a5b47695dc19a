"""Whose turn it is: first come first served for an agent, users in turn, and no task that blocks the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from artel.bus.model import Answer, Held, Submitted
from artel.store.tx import UserTx
from tests.support.bus import Fleet, Team, eventually, new_team
from tests.support.bus_script import answer, script, unprepared
from tests.support.stores import Stores

CALLS = 40


class Ledger:
    """A runner that writes down who was started in which order, and answers when it may."""

    def __init__(self, *, open_gate: bool = True) -> None:
        self.started: list[Held] = []
        self.running = 0
        self.peak = 0
        self.gate = asyncio.Event()
        self.one_more = asyncio.Semaphore(0)
        if open_gate:
            self.gate.set()

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Answer:
        self.started.append(held)
        self.running += 1
        self.peak = max(self.peak, self.running)
        if not self.gate.is_set():
            await self.one_more.acquire()
        await asyncio.sleep(0.002)
        self.running -= 1
        return Answer("", None)

    def count(self, user_id: int) -> int:
        """How many tasks of a user were started."""
        return sum(held.user_id == user_id for held in self.started)


async def _flood(fleet: Fleet, team: Team, *, agents: int, calls: int) -> list[Submitted]:
    """Calls for several agents of a user, submitted in a process that runs nothing itself."""
    for number in range(agents):
        await team.new_agent(f"agent{number}", limit=100)
    api = await fleet.add(takes_queue=False, slots=0)
    return [await api.bus.submit(team.user_id, team.call("go", f"agent{n % agents}")) for n in range(calls)]


async def test_an_agent_serves_its_queue_in_the_order_of_arrival(fleet: Fleet, team: Team) -> None:
    ledger = Ledger()
    processes = [await fleet.add(runner=ledger) for _ in range(2)]

    sent = [await processes[n % 2].bus.submit(team.user_id, team.call("go")) for n in range(CALLS)]
    await team.until_all_end()

    assert [held.run_id for held in ledger.started] == [one.run_id for one in sent]


async def test_a_new_call_does_not_overtake_the_queue(fleet: Fleet, team: Team) -> None:
    # given a free seat, and a call that waits for it since nobody heard of it yet
    api = await fleet.add(takes_queue=False, slots=0)
    waiting = await api.bus.submit(team.user_id, team.call("first"))
    ledger = Ledger()
    process = await fleet.add(runner=ledger, sweep_seconds=60)
    await fleet.redis.delete("bus:wake")

    # when another call arrives where there is room
    second = await process.bus.submit(team.user_id, team.call("second"))
    await team.until_all_end()

    assert [held.run_id for held in ledger.started] == [waiting.run_id, second.run_id]


async def test_one_user_never_fills_a_process(fleet: Fleet, stores: Stores, team: Team) -> None:
    # given a user whose slow work would fill the process many times over
    ledger = Ledger(open_gate=False)
    await _flood(fleet, team, agents=5, calls=CALLS)
    process = await fleet.add(runner=ledger, slots=8)
    await eventually(_started(ledger, team, 6))

    # when another user calls, there or in a process that runs nothing
    other = await new_team(stores)
    await process.bus.submit(other.user_id, other.call("hello"))
    third = await new_team(stores)
    await fleet.processes[0].bus.submit(third.user_id, third.call("hello"))
    await eventually(_started(ledger, third, 1))

    # then they are served, though nothing of the first user's has ended
    assert (ledger.count(team.user_id), ledger.count(other.user_id), ledger.peak) == (6, 1, 8)
    ledger.gate.set()
    for _ in range(8):
        ledger.one_more.release()
    await team.until_all_end()
    assert ledger.count(team.user_id) == CALLS


async def test_in_a_full_process_a_new_user_is_served_before_long_queues_are(
    fleet: Fleet, stores: Stores, team: Team
) -> None:
    # given a process full of the work of two users who have much more of it
    ledger = Ledger(open_gate=False)
    second = await new_team(stores)
    await _flood(fleet, team, agents=3, calls=CALLS)
    await _flood(fleet, second, agents=3, calls=CALLS)
    await fleet.add(runner=ledger, slots=8)
    await eventually(_holds_peak(ledger, 8))

    # when a third calls, and slots are given up one by one
    third = await new_team(stores)
    await fleet.processes[0].bus.submit(third.user_id, third.call("hello"))
    began = len(ledger.started)

    while not ledger.count(third.user_id):
        # One turn at a time: a slot that is not filled yet says nothing about whose turn it was.
        before = len(ledger.started)
        ledger.one_more.release()
        await eventually(_was_filled(ledger, before, 8))

    # then it is their turn long before the queues are served
    assert len(ledger.started) - began < CALLS
    ledger.gate.set()
    for _ in range(8):
        ledger.one_more.release()
    for user in (team, second):
        await user.until_all_end()


async def test_a_burst_never_takes_more_slots_than_there_are(fleet: Fleet, stores: Stores) -> None:
    ledger = Ledger(open_gate=False)
    process = await fleet.add(runner=ledger, slots=3)
    teams = [await new_team(stores, limit=10) for _ in range(6)]

    await asyncio.gather(*(process.bus.submit(team.user_id, team.call("go")) for team in teams for _ in range(6)))
    await eventually(_holds_peak(ledger, 3))
    ledger.gate.set()
    for _ in range(3):
        ledger.one_more.release()
    for team in teams:
        await team.until_all_end()

    assert (len(ledger.started), ledger.peak) == (36, 3)


async def test_a_task_that_cannot_be_prepared_fails_alone(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    first = await process.bus.submit(team.user_id, team.call(script(answer("first", pause="here"))))
    broken = await process.bus.submit(team.user_id, team.call(script(unprepared())))
    behind = await process.bus.submit(team.user_id, team.call("behind"))
    await fleet.traces.release(first.run_id, "here")

    await team.until(behind.run_id, "completed", within=10)

    task, message, run = await team.task(broken.run_id), await team.answer(broken.run_id), await team.run(broken.run_id)
    assert (task["status"], message["status"], run["status"]) == ("failed", "failed", "failed")
    assert message["error"]["code"] == "internal"
    assert [end.status for end in process.seen.finished_of(broken.run_id)] == ["failed"]


async def test_a_call_that_cannot_be_prepared_at_once_is_not_stored(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()

    with pytest.raises(RuntimeError):
        await process.bus.submit(team.user_id, team.call(script(unprepared())))
    after = await process.bus.submit(team.user_id, team.call("after"))
    await team.until(after.run_id, "completed")

    assert len(await team.rows("select id from tasks")) == 1
    assert process.bus.worker.held == {}


async def test_a_caller_who_goes_away_takes_nothing_along(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()

    async with asyncio.TaskGroup() as group:
        callers = [
            group.create_task(process.bus.submit(team.user_id, team.call(f"call {number}"))) for number in range(10)
        ]
        for number, caller in enumerate(callers):
            asyncio.get_running_loop().call_later(0.001 * number, caller.cancel)
    # Calls go on that nobody waits for any more: each has a slot reserved, or a task that has one.
    await asyncio.sleep(0)
    await cast(Any, process.bus)._room.until_empty()
    await team.until_all_end()

    statuses = {row["status"] for row in await team.rows("select status from runs")}
    assert statuses <= {"completed"}
    assert len(await team.rows("select id from messages where role = 'assistant'")) == len(
        await team.rows("select id from runs")
    )


def _started(ledger: Ledger, team: Team, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return ledger.count(team.user_id) >= count

    return holds


def _was_filled(ledger: Ledger, before: int, slots: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return len(ledger.started) > before and ledger.running == slots

    return holds


def _holds_peak(ledger: Ledger, peak: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return ledger.peak == peak

    return holds
