"""Real worker processes that are killed, frozen and told to leave, in the middle of a model's answer and of a tool."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from artel.bus.model import Submitted
from tests.support.bus import Team, eventually
from tests.support.bus_driver import Crew
from tests.support.bus_script import Step, answer, ask, fail, script, tool

MODEL = (ask("paid, "), answer("answer", pause="here"))
TOOL = (ask("paid, "), tool("clock", pause="here"), answer("answer"))
BOTH = pytest.mark.parametrize("steps", [MODEL, TOOL], ids=["model", "tool"])


@BOTH
async def test_after_sigkill_another_process_goes_on_and_pays_for_nothing_twice(
    crew: Crew, team: Team, steps: tuple[Step, ...]
) -> None:
    # given the bus's real clockwork, and two processes
    real = {"lease_seconds": 6.0, "beat_seconds": 1.5, "sweep_seconds": 1.0}
    first, second = await asyncio.gather(crew.add(**real), crew.add(**real))
    sent = await first.submit(team, script(*steps))
    await crew.traces.until(sent.run_id, "paused here")

    # when the first is killed
    begun = time.monotonic()
    first.signal(signal.SIGKILL)
    await team.until(sent.run_id, "completed")

    # then the second takes over within 10 s, from the last checkpoint, and the user is told
    assert time.monotonic() - begun < 10
    task, message = await team.task(sent.run_id), await team.answer(sent.run_id)
    assert (task["worker"], task["epoch"], task["attempt"]) == ("process2", 2, 0)
    assert (message["id"], message["content"], message["attempt"]) == (sent.answer_id, "paid, answer", 2)
    assert (await crew.traces.whats(sent.run_id)).count("asked paid, ") == 1
    assert len(await team.spent(sent.run_id)) == 2
    assert await second.until("interrupted", user_ids=[team.user_id])
    assert await second.until("finished", run_id=sent.run_id, status="complete")


@BOTH
async def test_a_frozen_process_that_thaws_finds_itself_replaced(
    crew: Crew, team: Team, steps: tuple[Step, ...]
) -> None:
    # given a process that is frozen in the middle, and another one that finished its work
    first, _second = await asyncio.gather(crew.add(), crew.add())
    sent = await first.submit(team, script(*steps))
    await crew.traces.until(sent.run_id, "paused here")
    first.signal(signal.SIGSTOP)
    await team.until(sent.run_id, "completed")

    # when it thaws, and its model or tool comes to an end at that very moment
    await crew.traces.release(sent.run_id, "here")
    first.signal(signal.SIGCONT)
    await first.until("lost", run_id=sent.run_id, epoch=1)

    # then nothing of it counts
    message = await team.answer(sent.run_id)
    assert (message["content"], message["attempt"]) == ("paid, answer", 2)
    assert len(await team.spent(sent.run_id)) == 2
    assert str((await team.run(sent.run_id))["cost"]) == "0.02"
    assert first.said("finished") == []


async def test_a_frozen_process_learns_from_its_heartbeat_while_the_other_still_works(crew: Crew, team: Team) -> None:
    first, second = await asyncio.gather(crew.add(), crew.add())
    sent = await first.submit(team, script(ask("paid, "), answer("answer", pause="here", times=2)))
    await crew.traces.until(sent.run_id, "paused here", epoch=1)
    first.signal(signal.SIGSTOP)
    await crew.traces.until(sent.run_id, "paused here", epoch=2)

    # when it thaws while both wait for the same model
    first.signal(signal.SIGCONT)
    await first.until("lost", run_id=sent.run_id, epoch=1)
    await crew.traces.release(sent.run_id, "here")
    await second.until("finished", run_id=sent.run_id, status="complete")

    assert (await team.answer(sent.run_id))["content"] == "paid, answer"
    assert await crew.traces.whats(sent.run_id) == [
        "asked paid, ",
        "kept 1",
        "asked answer",
        "paused here",
        "asked answer",
        "paused here",
    ]


async def test_a_frozen_process_can_neither_fail_nor_retry_what_is_no_longer_its_own(crew: Crew, team: Team) -> None:
    # given a process frozen before it learns that its task cannot be done
    first, second = await asyncio.gather(crew.add(beat_seconds=60.0), crew.add())
    work = script(fail("model_overloaded", pause="here"), answer("answer", pause="there", times=9))
    sent = await first.submit(team, work)
    await crew.traces.until(sent.run_id, "paused here", epoch=1)
    first.signal(signal.SIGSTOP)
    await second.until("started", run_id=sent.run_id, epoch=2)
    await second.until("started", run_id=sent.run_id, epoch=3)
    await crew.traces.until(sent.run_id, "paused there", epoch=3)
    before = await team.task(sent.run_id)

    # when it fails after it thaws
    await crew.traces.release(sent.run_id, "here")
    first.signal(signal.SIGCONT)
    await first.until("lost", run_id=sent.run_id, epoch=1)

    # then the task of the other is untouched
    assert await team.task(sent.run_id) == before
    await crew.traces.release(sent.run_id, "there")
    await team.until(sent.run_id, "completed")
    assert (await team.task(sent.run_id))["attempt"] == 1


@BOTH
async def test_after_sigterm_another_process_goes_on_within_a_second(
    crew: Crew, team: Team, steps: tuple[Step, ...]
) -> None:
    # given leases and sweepers so slow that they cannot be what helps
    slow = {"lease_seconds": 60.0, "sweep_seconds": 60.0}
    first, second = await asyncio.gather(crew.add(**slow), crew.add(**slow))
    sent = await first.submit(team, script(*steps))
    await crew.traces.until(sent.run_id, "paused here")

    begun = time.monotonic()
    first.signal(signal.SIGTERM)
    await second.until("finished", run_id=sent.run_id, status="complete")
    taken = time.monotonic() - begun
    await first.until("gone")

    task = await team.task(sent.run_id)
    assert taken < 1
    assert (task["attempt"], task["interruptions"], task["epoch"]) == (0, 0, 2)
    assert (await team.answer(sent.run_id))["content"] == "paid, answer"
    assert await team.stores.as_migrator("select id from workers where id = 'process1'") == []


async def test_a_stop_reaches_the_process_that_runs_it_within_a_second(crew: Crew, team: Team) -> None:
    api, worker = await asyncio.gather(
        crew.add(takes_queue=False, slots=0), crew.add(beat_seconds=60, lease_seconds=99)
    )
    sent = await api.submit(team, script(answer("partial text", pause="here")))
    await crew.traces.until(sent.run_id, "paused here")

    begun = time.monotonic()
    await api.cancel(team, sent.run_id)
    await worker.until("finished", run_id=sent.run_id, status="cancelled")

    assert time.monotonic() - begun < 1
    assert (await team.answer(sent.run_id))["content"] == "partia"


async def test_killed_again_and_again_in_the_midst_of_many_calls_nothing_is_lost_or_answered_twice(
    crew: Crew, team: Team
) -> None:
    # given an agent that answers four calls at once, and a process that does not run anything itself
    await team.rows("update user_agents set concurrency_limit = 4")
    api = await crew.add(takes_queue=False, slots=0)
    await asyncio.gather(crew.add(), crew.add())

    # when workers are killed while calls keep coming
    sent: list[Submitted] = []
    for _ in range(3):
        sent += [await api.submit(team, script(ask(f"call {n}, "), answer("done"))) for n in range(12)]
        victim = crew.workers[-2]
        victim.signal(signal.SIGKILL)
        await crew.add()
    await team.until_all_end()

    # then each has one answer
    for one in sent:
        message = await team.answer(one.run_id)
        assert (message["id"], message["status"]) == (one.answer_id, "complete")
        assert (await team.task(one.run_id))["attempt"] == 0
        assert len(await team.spent(one.run_id)) == 2

    async def all_seats_free() -> bool:
        return not await team.rows("select id from tasks where seat is not null")

    await eventually(all_seats_free)
