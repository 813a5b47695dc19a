"""A user stops work: wherever it is, once, and for good."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from uuid import uuid4

import pytest

from artel.bus.model import Answer, Ending, Held, NoSuchAgent, NoSuchRun, NoSuchSession, Submitted
from artel.bus.retry import AgentDeleted, NotRetryable
from artel.bus.submit import AgentInactive, submit
from artel.store.tx import UserTx
from tests.support.bus import Fleet, Process, Team, eventually
from tests.support.bus_script import answer, ask, fail, script


async def _running(fleet: Fleet, process: Process, team: Team, text: str = "partial text") -> Submitted:
    sent = await process.bus.submit(team.user_id, team.call(script(answer(text, pause="here"))))
    await fleet.traces.until(sent.run_id, "paused here")
    return sent


async def _is_cancelled(team: Team, sent: Submitted, content: str) -> None:
    task, run, message = await team.task(sent.run_id), await team.run(sent.run_id), await team.answer(sent.run_id)
    assert (task["status"], run["status"], message["status"]) == ("cancelled", "cancelled", "cancelled")
    assert message["content"] == content


async def test_a_queued_call_is_stopped_before_it_began(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    first = await _running(fleet, process, team)
    queued = await process.bus.submit(team.user_id, team.call("never said"))

    await process.bus.cancel_run(team.user_id, queued.run_id)
    await fleet.traces.release(first.run_id, "here")
    await team.until(first.run_id, "completed")

    await _is_cancelled(team, queued, "")
    assert await fleet.traces.of(queued.run_id) == []


async def test_what_was_said_so_far_is_kept_and_paid(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    sent = await _running(fleet, process, team, "partial text")

    await process.bus.cancel_run(team.user_id, sent.run_id)
    await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))

    await _is_cancelled(team, sent, "partia")
    assert [str(cost) for cost in await team.spent(sent.run_id)] == ["0.001"]
    assert str((await team.run(sent.run_id))["cost"]) == "0.001"
    assert not process.bus.worker.held


async def test_a_call_that_runs_in_another_process_stops_within_a_second(fleet: Fleet, team: Team) -> None:
    here, there = await fleet.add(takes_queue=False), await fleet.add(beat_seconds=30, lease_seconds=60)
    sent = await _running(fleet, there, team)

    begun = time.monotonic()
    await here.bus.cancel_run(team.user_id, sent.run_id)
    await there.seen.until(lambda: bool(there.seen.finished_of(sent.run_id)))

    assert time.monotonic() - begun < 1
    await _is_cancelled(team, sent, "partia")


async def test_without_word_the_heartbeat_stops_it_and_the_text_is_kept(fleet: Fleet, team: Team) -> None:
    here, there = await fleet.add(takes_queue=False), await fleet.add()
    there.hears_others = False
    sent = await _running(fleet, there, team)

    await here.bus.cancel_run(team.user_id, sent.run_id)
    await there.seen.until(lambda: bool(there.seen.finished_of(sent.run_id)))

    await _is_cancelled(team, sent, "partia")
    assert [str(cost) for cost in await team.spent(sent.run_id)] == ["0.001"]


async def test_a_call_that_waits_for_its_next_attempt_stays_stopped(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    sent = await process.bus.submit(team.user_id, team.call(script(fail("model_overloaded"), answer("never said"))))
    await process.seen.until(lambda: bool(process.seen.all("retried")))

    await process.bus.cancel_run(team.user_id, sent.run_id)
    after = await process.bus.submit(team.user_id, team.call(script(fail("model_overloaded"), answer("later"))))
    await team.until(after.run_id, "completed")

    await _is_cancelled(team, sent, "")
    assert await fleet.traces.whats(sent.run_id) == ["failed model_overloaded"]


async def test_stopping_what_is_over_changes_nothing(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    sent = await process.bus.submit(team.user_id, team.call("said"))
    await team.until(sent.run_id, "completed")
    before = (await team.task(sent.run_id), await team.run(sent.run_id), await team.answer(sent.run_id))

    await process.bus.cancel_run(team.user_id, sent.run_id)

    assert (await team.task(sent.run_id), await team.run(sent.run_id), await team.answer(sent.run_id)) == before
    assert process.seen.all("stopped") == []


async def test_the_late_words_of_a_stopped_attempt_do_not_touch_the_next(fleet: Fleet, team: Team) -> None:
    # given a process that does not hear that its task was stopped
    here, there = await fleet.add(), await fleet.add(beat_seconds=30, lease_seconds=60, takes_queue=False)
    there.hears_others = False
    sent = await _running(fleet, there, team)
    await here.bus.cancel_run(team.user_id, sent.run_id)

    # when the task is tried again elsewhere, and only then the first process comes to its end
    await here.bus.retry_run(team.user_id, sent.run_id)
    await fleet.traces.until(sent.run_id, "asked partial text", epoch=2)
    await team.until(sent.run_id, "completed")
    there.bus.end_here([(await team.task(sent.run_id))["id"]])
    await there.seen.until(lambda: bool(there.seen.all("lost")))

    # then the new attempt's answer stands, and only it was paid
    message = await team.answer(sent.run_id)
    assert (message["status"], message["content"], message["attempt"]) == ("complete", "partial text", 2)
    assert [str(cost) for cost in await team.spent(sent.run_id)] == ["0.01"]


class SlowToLeave:
    """A runner that takes its time to let go when it is stopped."""

    def __init__(self) -> None:
        self.running: list[int] = []
        self.may_leave = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Answer:
        self.running.append(held.epoch)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            await self.may_leave.wait()
            raise
        return Answer(f"answer of start {held.epoch}", None)


async def test_a_stopped_attempt_that_is_slow_to_leave_does_not_take_the_next_one_along(
    fleet: Fleet, team: Team
) -> None:
    # given a process in which the stopped attempt has not let go when the next one begins
    runner = SlowToLeave()
    process = await fleet.add(runner=runner, stray_seconds=0.2)
    sent = await process.bus.submit(team.user_id, team.call("hello"))
    await eventually(_holds(lambda: runner.running == [1]))
    await process.bus.cancel_run(team.user_id, sent.run_id)
    await process.bus.retry_run(team.user_id, sent.run_id)
    await eventually(_holds(lambda: runner.running == [1, 2]))

    # when the first lets go
    runner.may_leave.set()
    await process.seen.until(lambda: bool(process.seen.all("lost")))
    held = len(process.bus.worker.held)
    runner.may_answer.set()
    await team.until(sent.run_id, "completed")

    # then the second is still known here, and ends in order
    assert held == 1
    assert (await team.answer(sent.run_id))["content"] == "answer of start 2"
    await eventually(_nothing_held(process))
    assert runner.running == [1, 2]


async def test_a_call_stopped_before_its_first_step_leaves_nothing_behind(fleet: Fleet, team: Team) -> None:
    # given a task that was seated, in its slot
    process = await fleet.add(slots=1)
    worker = process.bus.worker
    assert process.bus._room.reserve(team.user_id, 1) == 1  # pyright: ignore[reportPrivateUsage]
    async with process.shards.user_tx(team.user_id) as tx:
        held = (await submit(tx, fleet.ids, team.call("handed back"), worker.id)).held
    assert held is not None

    # when it is started and stopped in one breath
    worker.start(held)
    worker.end([held.id], Ending.HANDOVER)

    # then it leaves its slot, and runs when its turn comes
    await team.until(held.run_id, "completed")
    await eventually(_nothing_held(process))
    assert (await team.task(held.run_id))["epoch"] == 2


class HardOfHearing:
    """A runner in which something swallows the first cancellation."""

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Answer:
        held.text.append("said so far")
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_runner_in_which_a_cancellation_is_lost_is_stopped_all_the_same(fleet: Fleet, team: Team) -> None:
    process = await fleet.add(runner=HardOfHearing())
    sent = await process.bus.submit(team.user_id, team.call("hello"))

    await process.bus.cancel_run(team.user_id, sent.run_id)
    await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))

    await _is_cancelled(team, sent, "said so far")


async def test_a_late_word_of_the_first_stop_costs_the_second_attempt_nothing_but_time(
    fleet: Fleet, team: Team
) -> None:
    process = await fleet.add()
    sent = await process.bus.submit(team.user_id, team.call(script(answer("partial text", pause="here", times=2))))
    await fleet.traces.until(sent.run_id, "paused here", epoch=1)
    await process.bus.cancel_run(team.user_id, sent.run_id)
    await process.bus.retry_run(team.user_id, sent.run_id)
    await fleet.traces.until(sent.run_id, "paused here", epoch=2)

    # when the word that the first attempt was stopped comes only now, from another process
    process.bus.end_here([(await team.task(sent.run_id))["id"]])

    # then the task goes on at once, and to its end
    await team.until(sent.run_id, "completed", within=2)
    assert (await team.answer(sent.run_id))["content"] == "partial text"


async def test_a_stop_that_comes_before_the_end_is_written_wins_and_keeps_the_whole_answer(
    fleet: Fleet, team: Team
) -> None:
    # given a process that is about to write its end, and does not hear of the stop
    here, there = await fleet.add(takes_queue=False), await fleet.add(beat_seconds=30, lease_seconds=60)
    there.hears_others = False
    sent = await _running(fleet, there, team)

    await here.bus.cancel_run(team.user_id, sent.run_id)
    await fleet.traces.release(sent.run_id, "here")
    await there.seen.until(lambda: bool(there.seen.finished_of(sent.run_id)))

    await _is_cancelled(team, sent, "partial text")
    assert [str(cost) for cost in await team.spent(sent.run_id)] == ["0.01"]
    assert [end.status for end in there.seen.finished_of(sent.run_id)] == ["cancelled"]


async def test_stop_and_end_at_the_same_moment_agree_on_one_of_them(fleet: Fleet, team: Team) -> None:
    here, there = await fleet.add(takes_queue=False), await fleet.add()
    outcomes: set[tuple[str, ...]] = set()

    for _ in range(25):
        sent = await _running(fleet, there, team)
        await asyncio.gather(fleet.traces.release(sent.run_id, "here"), here.bus.cancel_run(team.user_id, sent.run_id))
        await there.seen.until(partial(_is_told, there, sent))
        rows = [await team.task(sent.run_id), await team.run(sent.run_id), await team.answer(sent.run_id)]
        outcomes.add(tuple(row["status"] for row in rows))
        assert [end.status for end in there.seen.finished_of(sent.run_id)] == [rows[2]["status"]]

    assert outcomes <= {("done", "completed", "complete"), ("cancelled", "cancelled", "cancelled")}


async def test_checkpoint_of_a_stopped_task_is_refused_and_its_words_are_kept(fleet: Fleet, team: Team) -> None:
    here, there = await fleet.add(takes_queue=False), await fleet.add(beat_seconds=30, lease_seconds=60)
    there.hears_others = False
    sent = await there.bus.submit(team.user_id, team.call(script(ask("first ", pause="here"), answer("second"))))
    await fleet.traces.until(sent.run_id, "paused here")

    await here.bus.cancel_run(team.user_id, sent.run_id)
    await fleet.traces.release(sent.run_id, "here")
    await there.seen.until(lambda: bool(there.seen.finished_of(sent.run_id)))

    await _is_cancelled(team, sent, "first ")
    assert "checkpoint refused" in await fleet.traces.whats(sent.run_id)


async def test_stopping_an_agent_stops_all_its_work_and_nothing_new_begins(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    await team.new_agent("writer")
    running = await _running(fleet, process, team)
    queued = await process.bus.submit(team.user_id, team.call("never said"))
    other = await process.bus.submit(team.user_id, team.call(script(answer("other", pause="here")), "writer"))

    async def delete(tx: UserTx) -> None:
        await tx.execute("delete from user_agents where agent_id = $1", team.agent_id("coder"))

    await process.bus.cancel_agent(team.user_id, team.agent_id("coder"), also=delete)
    await fleet.traces.release(other.run_id, "here")
    await team.until(other.run_id, "completed")

    await process.seen.until(lambda: bool(process.seen.finished_of(running.run_id)))
    await _is_cancelled(team, running, "partia")
    await _is_cancelled(team, queued, "")
    with pytest.raises(NoSuchAgent):
        await process.bus.submit(team.user_id, team.call("hello"))
    with pytest.raises(AgentDeleted):
        await process.bus.retry_run(team.user_id, running.run_id)
    assert (await team.run(running.run_id))["status"] == "cancelled"


async def test_deleting_a_chat_while_its_answers_end_never_fails(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    await team.rows("update user_agents set concurrency_limit = 8")

    async def delete(tx: UserTx) -> None:
        await tx.execute("delete from chat_sessions where id = $1", team.session_id)

    for _ in range(10):
        sent = await asyncio.gather(
            *(process.bus.submit(team.user_id, team.call(script(answer("text", pause="here")))) for _ in range(8))
        )
        await asyncio.gather(*(fleet.traces.until(one.run_id, "paused here") for one in sent))
        await asyncio.gather(
            *(fleet.traces.release(one.run_id, "here") for one in sent),
            process.bus.cancel_session(team.user_id, team.session_id, also=delete),
        )
        await eventually(_nothing_held(process), within=5)
        assert await team.rows("select id from messages union all select id from tasks") == []
        await team.rows(
            "insert into chat_sessions (user_id, id, title) values ($1, $2, '')", team.user_id, team.session_id
        )


async def test_stops_and_ends_in_all_orders_never_wait_for_each_other_in_a_circle(fleet: Fleet, team: Team) -> None:
    processes = [await fleet.add() for _ in range(2)]
    await team.rows("update user_agents set concurrency_limit = 6")
    begun = (await team.stores.as_migrator(_DEADLOCKS))[0][0]

    for _ in range(15):
        sent = await asyncio.gather(
            *(processes[n % 2].bus.submit(team.user_id, team.call(script(answer("text")))) for n in range(6))
        )
        await asyncio.gather(*(processes[n % 2].bus.cancel_run(team.user_id, sent[n].run_id) for n in range(6)))
    await team.until_all_end()

    assert (await team.stores.as_migrator(_DEADLOCKS))[0][0] == begun


async def test_what_is_not_there_cannot_be_stopped_or_tried_again(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    done = await process.bus.submit(team.user_id, team.call("done"))
    await team.until(done.run_id, "completed")

    with pytest.raises(NoSuchRun):
        await process.bus.cancel_run(team.user_id, uuid4())
    with pytest.raises(NoSuchAgent):
        await process.bus.cancel_agent(team.user_id, "nobody")
    with pytest.raises(NoSuchSession):
        await process.bus.cancel_session(team.user_id, 1)
    with pytest.raises(NoSuchRun):
        await process.bus.retry_run(team.user_id, uuid4())
    with pytest.raises(NotRetryable):
        await process.bus.retry_run(team.user_id, done.run_id)


async def test_a_run_of_a_switched_off_agent_is_not_tried_again(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    sent = await process.bus.submit(team.user_id, team.call(script(fail("model_refused", retryable=False))))
    await team.until(sent.run_id, "failed")
    await team.rows("update user_agents set is_active = false")

    with pytest.raises(AgentInactive):
        await process.bus.retry_run(team.user_id, sent.run_id)

    assert (await team.task(sent.run_id))["status"] == "failed"


async def test_the_user_tries_a_failed_run_again_with_all_its_attempts(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    sent = await process.bus.submit(
        team.user_id, team.call(script(ask("paid "), fail("x", pause="here"), answer("ok")))
    )
    await fleet.traces.until(sent.run_id, "paused here")
    await team.rows("update tasks set max_attempts = 1")
    await process.bus.cancel_run(team.user_id, sent.run_id)

    await process.bus.retry_run(team.user_id, sent.run_id)
    await team.until(sent.run_id, "failed")
    await team.rows("update tasks set max_attempts = 2")
    await process.bus.retry_run(team.user_id, sent.run_id)
    await team.until(sent.run_id, "completed")

    message, task = await team.answer(sent.run_id), await team.task(sent.run_id)
    assert (message["content"], message["error"], task["error"]) == ("paid ok", None, None)
    assert (await fleet.traces.whats(sent.run_id)).count("asked paid ") == 1


def _is_told(process: Process, sent: Submitted) -> bool:
    return bool(process.seen.finished_of(sent.run_id))


def _holds(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return condition()

    return holds


def _nothing_held(process: Process) -> Callable[[], Awaitable[bool]]:
    return _holds(lambda: not process.bus.worker.held)


_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
