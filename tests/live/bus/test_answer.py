"""A call from its submission to its end."""

from __future__ import annotations

import pytest

from artel.bus.model import NoSuchAgent, NoSuchSession
from tests.support.bus import Fleet, Team, error_of
from tests.support.bus_script import answer, ask, crash, fail, script, tool


async def test_a_direct_call_is_seated_and_answered(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()

    sent = await process.bus.submit(team.user_id, team.call(script(ask("Hello, "), tool("clock"), answer("world"))))
    await team.until(sent.run_id, "completed")

    task, run, message = await team.task(sent.run_id), await team.run(sent.run_id), await team.answer(sent.run_id)
    assert (task["status"], task["seat"], task["epoch"], task["attempt"]) == ("done", None, 1, 0)
    assert (message["id"], message["status"], message["content"]) == (sent.answer_id, "complete", "Hello, world")
    assert (str(run["cost"]), [str(cost) for cost in await team.spent(sent.run_id)]) == ("0.02", ["0.01", "0.01"])
    await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))
    assert [what for what, _ in process.seen.heard] == ["started", "finished"]


async def test_a_call_without_a_free_seat_waits_its_turn(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()

    first = await process.bus.submit(team.user_id, team.call(script(answer("first", pause="here"))))
    second = await process.bus.submit(team.user_id, team.call("second"))
    await fleet.traces.until(first.run_id, "paused here")
    waiting = await team.run(second.run_id)
    await fleet.traces.release(first.run_id, "here")
    await team.until(second.run_id, "completed")

    assert waiting["status"] == "queued"
    assert (await team.run(first.run_id))["finished_at"] < (await team.task(second.run_id))["started_at"]
    assert process.seen.all("queued") == [second.run_id]


async def test_a_failure_that_may_pass_is_tried_again(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()

    sent = await process.bus.submit(team.user_id, team.call(script(fail("model_overloaded"), answer("at last"))))
    await team.until(sent.run_id, "completed")

    task = await team.task(sent.run_id)
    assert (task["attempt"], task["epoch"], (await team.answer(sent.run_id))["content"]) == (1, 2, "at last")
    assert process.seen.all("retried") == [sent.run_id]


async def test_after_the_last_attempt_the_failure_is_the_answer_until_the_next_success(
    fleet: Fleet, team: Team
) -> None:
    process = await fleet.add()
    await team.rows("update user_agents set concurrency_limit = 2")

    sent = await process.bus.submit(team.user_id, team.call(script(fail("model_overloaded", times=9))))
    await team.until(sent.run_id, "failed")

    task, message = await team.task(sent.run_id), await team.answer(sent.run_id)
    assert (task["status"], task["attempt"], task["epoch"]) == ("failed", 2, 3)
    assert (message["status"], error_of(message), error_of(await team.run(sent.run_id))) == (
        "failed",
        "model_overloaded",
        "model_overloaded",
    )
    assert (await team.agent())["last_error"]["code"] == "model_overloaded"

    again = await process.bus.submit(team.user_id, team.call("a success"))
    await team.until(again.run_id, "completed")
    assert (await team.agent())["last_error"] is None


async def test_a_failure_for_good_is_not_tried_again(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()

    refused = await process.bus.submit(team.user_id, team.call(script(fail("model_key_refused", retryable=False))))
    broken = await process.bus.submit(team.user_id, team.call(script(crash())))
    await team.until(broken.run_id, "failed")

    assert error_of(await team.answer(refused.run_id)) == "model_key_refused"
    assert error_of(await team.answer(broken.run_id)) == "internal"
    assert (await team.task(refused.run_id))["epoch"] == 1


async def test_what_cannot_be_addressed_is_refused_and_leaves_nothing(fleet: Fleet, team: Team) -> None:
    process = await fleet.add()
    call = team.call("hello")

    with pytest.raises(NoSuchAgent):
        await process.bus.submit(team.user_id, team.call("hello", "nobody"))
    with pytest.raises(NoSuchSession):
        await process.bus.submit(
            team.user_id, type(call)(team.session_id + 1, call.agent_id, "hello", call.agent_id, "direct")
        )

    assert await team.rows("select id from messages union all select id from tasks") == []
