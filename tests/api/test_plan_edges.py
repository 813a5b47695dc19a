"""Odd plans and odd approvals: each is answered clearly, and leaves what waits as it was."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.support.api import Person
from tests.support.planning import asked, begin, confirm, is_, look, pending, settings, statuses, until
from tests.support.plans import plan, request, task

TWO = plan(task("t1"), task("t2"))


@pytest.fixture
async def boss(ann: Person) -> Person:
    """Somebody with an agent, whose orchestrator plans by script and asks before several tasks."""
    await ann.agent("Coder")
    await settings(ann)
    return ann


async def test_a_huge_plan_is_refused_in_few_words(boss: Person) -> None:
    _, _, approval = await asked(boss, request(TWO))
    names = [f"x{number:063}" for number in range(100)]
    huge = plan(*(task(f"t{number:063}", *names, agent="nobody" * 16) for number in range(90)))

    answer = await confirm(boss, approval, huge)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-a-plan")
    assert len(answer.content) < 50_000
    assert [each["id"] for each in await pending(boss)] == [approval["id"]]


async def test_a_huge_circle_is_refused_in_few_words(boss: Person) -> None:
    await settings(boss, max_tasks=100)
    _, _, approval = await asked(boss, request(TWO))
    circle = [task(f"t{number:063}", f"t{(number + 1) % 500:063}") for number in range(500)]

    answer = await confirm(boss, approval, plan(*circle))

    assert answer.status_code == 422
    assert len(answer.content) < 10_000


_ODD: list[dict[str, Any]] = [
    {"id": 1, "agent": "@coder", "instruction": "Do."},
    {"id": "задача-1", "agent": " coder ", "instruction": " Do. ", "depends_on": []},
    {"id": "t1", "agent": "coder", "instruction": "Do.", "depends_on": ["t2", "t2"]},
    {"id": 10**18, "agent": "orchestrator", "instruction": "😀"},
]


@pytest.mark.parametrize("odd", _ODD)
async def test_an_odd_plan_that_is_one_is_carried_out(boss: Person, odd: dict[str, Any]) -> None:
    _, run_id, approval = await asked(boss, request(TWO))

    answer = await confirm(boss, approval, {"tasks": [odd]})

    assert answer.status_code == 200, answer.text
    await until(boss, run_id, is_("completed"))


@pytest.mark.parametrize(
    "body",
    [
        rb'{"edited": {"tasks": [{"id": "t1", "agent": "coder", "instruction": "a\u0000b"}]}}',
        rb'{"edited": {"tasks": [{"id": "t1", "agent": "coder", "instruction": "a\ud800b"}]}}',
        rb'{"edited": {"tasks": [{"id": "t1", "agent": "coder", "instruction": " "}]}}',
        rb'{"edited": {"tasks": [{"id": "t 1", "agent": "coder", "instruction": "Do."}]}}',
        rb'{"edited": {"tasks": [{"id": "t1\n", "agent": "coder", "instruction": "Do.", "depends_on": null}]}}',
        rb'{"edited": {"tasks": [{"id": true, "agent": "coder", "instruction": "Do."}]}}',
        rb'{"edited": {"tasks": [{"id": 1.5, "agent": "coder", "instruction": "Do."}]}}',
        rb'{"edited": {"tasks": [{"id": "t1", "agent": " @ ", "instruction": "Do."}]}}',
        rb'{"edited": {"tasks": {"t1": "Do."}}}',
        rb'{"edited": []}',
        rb"null",
    ],
)
async def test_what_is_no_plan_at_all_is_refused(boss: Person, body: bytes) -> None:
    _, run_id, approval = await asked(boss, request(TWO))

    answer = await boss.http.post(
        f"/my/tools/{approval['id']}/confirm/", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 422), answer.text
    assert (await look(boss, run_id))["status"] == "waiting"


@pytest.mark.parametrize("place", ["instruction", "agent", "id"])
async def test_a_nul_in_a_models_plan_does_no_harm(boss: Person, place: str) -> None:
    await settings(boss, plan_approval="never")
    odd = orjson.dumps(plan({**task("t1"), place: {"instruction": "a\0b", "agent": "coder\0", "id": "t1\0"}[place]}))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(odd.decode(), plan(task("t1"))))).json()

    assert answer["status"] == "complete"


async def test_a_name_that_was_used_before_is_refused_of_a_user(boss: Person) -> None:
    broken = plan(task("a"), task("b", do="[[status code=400]]"))
    _, run_id, first = await asked(boss, request(broken, plan(task("b2"), task("b3"))))
    await confirm(boss, first)
    await until(boss, run_id, is_("waiting"))
    [second] = await pending(boss)

    answer = await confirm(boss, second, plan(task("b"), task("b3")))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-a-plan")
    assert [each["id"] for each in await pending(boss)] == [second["id"]]


async def test_a_run_whose_rest_is_being_planned_anew_can_be_stopped(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    broken = plan(task("a"), task("b", do="[[status code=400]]"))
    chat, run_id = await begin(boss, request(broken, "[[hang]]"))
    await until(boss, run_id, lambda run: statuses(run).get("replan") == "running")

    stopped = await boss.http.post(f"/my/runs/{run_id}/cancel/")

    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    said = (await boss.http.get(f"/my/chat/{chat}/")).json()["items"][-1]
    assert (said["role"], said["status"]) == ("assistant", "cancelled")
