"""Tools in plans: a task that waits for its user holds no lane, and what it says goes to those that wait for it."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.api import Person
from tests.support.planning import begin, is_, look, pending, settings, statuses, until
from tests.support.plans import plan, request, task
from tests.support.tool_people import chosen, no, waiting_for, yes
from tests.support.tool_scripts import calling

ASKS = calling([("current_time", {})])


@pytest.fixture
async def chief(ann: Person) -> Person:
    """Somebody whose plans run without being asked about, one task at a time, and whose coder asks for the time."""
    await ann.agent("Coder", tools=chosen(current_time="ask"))
    await ann.agent("Writer")
    await settings(ann, plan_approval="never", max_parallel=1)
    return ann


async def test_a_task_that_waits_for_its_user_leaves_its_lane_to_others(chief: Person) -> None:
    graph = plan(task("asks", do=ASKS), task("works", agent="writer"), task("after", "asks", "works"))
    _, run_id = await begin(chief, request(graph))

    await until(chief, run_id, lambda run: statuses(run).get("works") == "done")
    [approval] = await waiting_for(chief)
    run = await until(chief, run_id, is_("waiting"))
    assert statuses(run)["asks"] == "waiting"
    assert approval["tool"]["task_id"] == "asks"
    await yes(chief, approval)

    run = await until(chief, run_id, is_("completed"))
    assert set(statuses(run).values()) == {"done"}


async def test_a_stopped_task_takes_its_question_along(chief: Person) -> None:
    graph = plan(task("asks", do=ASKS), task("works", agent="writer"), task("after", "asks"))
    _, run_id = await begin(chief, request(graph))
    await waiting_for(chief)
    await until(chief, run_id, is_("waiting"))

    await chief.http.post(f"/my/runs/{run_id}/tasks/asks/cancel/")

    await until(chief, run_id, is_("completed"))
    assert await pending(chief) == []
    assert statuses(await look(chief, run_id)) | {"works": "done"} == {
        "plan": "done",
        "asks": "cancelled",
        "works": "done",
        "after": "skipped",
        "synthesis": "done",
    }


async def test_both_questions_of_two_tasks_wait_at_once(chief: Person) -> None:
    graph = plan(task("one", do=ASKS), task("two", do=ASKS))
    _, run_id = await begin(chief, request(graph))
    await until(chief, run_id, lambda run: [statuses(run).get(name) for name in ("one", "two")] == ["waiting"] * 2)

    first, second = await pending(chief)
    await asyncio.gather(yes(chief, first), no(chief, second, "not that one"))

    run = await until(chief, run_id, is_("completed"))
    assert statuses(run)["one"] == statuses(run)["two"] == "done"
