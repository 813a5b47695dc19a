"""A plan waits for its user: yes, no, changes, and whoever is first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.api import Person, Site
from tests.support.planning import TWO, asked, confirm, is_, look, pending, statuses, until
from tests.support.plans import plan, request, task


async def test_a_plan_waits_for_its_user_and_then_goes_on(boss: Person) -> None:
    chat, run_id, approval = await asked(boss, request(TWO))

    assert (approval["type"], approval["session_id"], approval["run_id"]) == ("plan", chat, run_id)
    assert [each["status"] for each in approval["plan"]["tasks"]] == ["proposed"] * 3
    assert statuses(await look(boss, run_id)) == {"plan": "done"}
    answer = await confirm(boss, approval)

    assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")
    await until(boss, run_id, is_("completed"))
    assert await pending(boss) == []


async def test_the_first_answer_holds(boss: Person) -> None:
    _, run_id, approval = await asked(boss, request(TWO))
    path = f"/my/tools/{approval['id']}"

    answers = await asyncio.gather(
        *(boss.http.post(f"{path}/confirm/", json={}) for _ in range(3)),
        *(boss.http.post(f"{path}/reject/", json={"reason": "no"}) for _ in range(3)),
    )

    yes, no = [answer.status_code for answer in answers[:3]], [answer.status_code for answer in answers[3:]]
    assert sorted((set(yes).pop(), set(no).pop())) == [200, 409]
    assert len(set(yes)) == len(set(no)) == 1
    if yes[0] == 200:
        await until(boss, run_id, is_("completed"))
    else:
        assert (await look(boss, run_id))["status"] == "cancelled"
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert refused["type"] == "/problems/already-resolved"


async def test_a_refused_plan_ends_its_run_and_can_be_proposed_again_for_nothing(boss: Person, site: Site) -> None:
    chat, run_id, approval = await asked(boss, request(TWO))

    answer = await boss.http.post(f"/my/tools/{approval['id']}/reject/", json={"reason": "too dear"})

    assert (answer.json()["status"], answer.json()["reason"]) == ("rejected", "too dear")
    history = (await boss.http.get(f"/my/chat/{chat}/")).json()
    assert [(item["role"], item["status"]) for item in history["items"]] == [
        ("user", "complete"),
        ("assistant", "cancelled"),
    ]
    assert history["plans"][0]["status"] == "rejected"
    assert history["approvals"][0]["status"] == "rejected"
    calls = await site.stores.as_migrator(f"select count(*) as n from usage where user_id = {boss.id}")

    assert (await boss.http.post(f"/my/runs/{run_id}/retry/")).status_code == 202
    await until(boss, run_id, is_("waiting"))
    [again] = await pending(boss)
    assert again["plan"]["revision"] == 2
    assert await site.stores.as_migrator(f"select count(*) as n from usage where user_id = {boss.id}") == calls
    await confirm(boss, again)
    await until(boss, run_id, is_("completed"))


async def test_a_plan_can_be_changed_before_it_runs(boss: Person) -> None:
    _, run_id, approval = await asked(boss, request(TWO))
    edited = plan(task("t1", agent="writer", do="[[answer text=changed]]"), task("t3", "t1", "t2"))

    answer = await confirm(boss, approval, edited)

    assert answer.status_code == 200
    assert [(each["id"], each["agent"], each["depends_on"]) for each in answer.json()["plan"]["tasks"]] == [
        ("t1", "writer", []),
        ("t3", "coder", ["t1"]),
    ]
    run = await until(boss, run_id, is_("completed"))
    assert statuses(run) == {"plan": "done", "t1": "done", "t3": "done", "synthesis": "done"}
    assert (await boss.http.get(f"/my/runs/{run_id}/tasks/t1/")).json()["content"] == "changed"


@pytest.mark.parametrize(
    ("edited", "says"),
    [
        (plan(), "no tasks left"),
        (plan(task("t1", agent="nobody")), "no active agent 'nobody'"),
        (plan(task("t1", "t2"), task("t2", "t1")), "in a circle"),
        (plan(task("t1", "t9")), "depends on 't9'"),
        (plan(task("t1"), task("t1")), "more than once"),
        (plan(task("synthesis")), "reserved"),
        (plan(*(task(f"t{number}") for number in range(30))), "at most 20"),
    ],
)
async def test_a_plan_that_is_none_is_refused_and_still_waits(boss: Person, edited: dict[str, Any], says: str) -> None:
    _, run_id, approval = await asked(boss, request(TWO))

    answer = await boss.http.post(f"/my/tools/{approval['id']}/confirm/", json={"edited": edited})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-a-plan")
    assert says in answer.json()["detail"]
    assert (await look(boss, run_id))["status"] == "waiting"
    assert [each["id"] for each in await pending(boss)] == [approval["id"]]


async def test_an_agent_that_went_away_meanwhile_is_noticed(boss: Person) -> None:
    _, _, approval = await asked(boss, request(TWO))
    agents = (await boss.http.get("/my/agents/")).json()["items"]
    await boss.http.delete(f"/my/agents/{agents[1]['agent_id']}/")

    refused = await confirm(boss, approval)
    helped = await confirm(boss, approval, plan(task("t1")))

    assert (refused.status_code, helped.status_code) == (422, 200)


async def test_a_replanned_rest_asks_again(boss: Person) -> None:
    broken = plan(task("a"), task("b", agent="writer", do="[[status code=400]]"))
    _, run_id, first = await asked(boss, request(broken, plan(task("b2"), task("b3"))))
    await confirm(boss, first)

    await until(boss, run_id, is_("waiting"))
    [second] = await pending(boss)

    assert second["plan"]["revision"] == 2
    await confirm(boss, second)
    await until(boss, run_id, is_("completed"))


async def test_a_run_that_waits_can_be_stopped(boss: Person) -> None:
    chat, run_id, approval = await asked(boss, request(TWO))

    stopped = (await boss.http.post(f"/my/runs/{run_id}/cancel/")).json()

    assert stopped["status"] == "cancelled"
    assert await pending(boss) == []
    assert (await confirm(boss, approval)).status_code == 409
    assert (await boss.http.get(f"/my/chat/{chat}/")).json()["items"][-1]["status"] == "cancelled"


async def test_another_users_plans_are_not_there(site: Site, boss: Person, bob: Person) -> None:
    _, run_id, approval = await asked(boss, request(TWO))

    for path in (f"/my/tools/{approval['id']}/confirm/", f"/my/tools/{approval['id']}/reject/"):
        assert (await bob.http.post(path, json={})).status_code == 404
    assert (await bob.http.get(f"/my/runs/{run_id}/tasks/plan/")).status_code == 404
    assert (await bob.http.post(f"/my/runs/{run_id}/tasks/plan/cancel/")).status_code == 404
    assert await pending(bob) == []
    assert (await look(boss, run_id))["status"] == "waiting"
    assert site.denied == 4
