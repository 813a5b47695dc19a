"""Automatic mode: planning, approval, execution, over the real application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Person, Site
from tests.support.model_server import ModelServer
from tests.support.plans import PLANNER, chain, plan, request, task

TWO = plan(task("t1"), task("t2", agent="writer"), task("t3", "t1", "t2"))


@pytest.fixture
async def boss(ann: Person) -> Person:
    """Somebody with two agents, whose orchestrator plans by script and asks before several tasks."""
    await ann.agent("Coder")
    await ann.agent("Writer")
    await settings(ann)
    return ann


async def settings(person: Person, **changed: Any) -> None:
    """Changes how the orchestrator plans."""
    answer = await person.http.put("/my/orchestrators/", json={"model": PLANNER, **changed})
    assert answer.status_code == 200, answer.text


async def begin(person: Person, content: str) -> tuple[int, str]:
    """Sends a message without waiting; answers the chat and the run."""
    chat = await person.chat()
    answer = await person.http.post(f"/my/chat/{chat}/message/", json={"content": content})
    assert answer.status_code == 202, answer.text
    return chat, answer.json()["run_id"]


async def look(person: Person, run_id: str) -> dict[str, Any]:
    """The run now."""
    return (await person.http.get(f"/my/runs/{run_id}/")).json()


async def until(person: Person, run_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run, as soon as it is so."""
    async with asyncio.timeout(20):
        while not holds(run := await look(person, run_id)):  # noqa: ASYNC110  # the API tells only when asked
            await asyncio.sleep(0.02)
    return run


def is_(status: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a run has this status."""
    return lambda run: run["status"] == status


def statuses(run: dict[str, Any]) -> dict[str, str]:
    """The tasks of a run by name."""
    return {each["task_id"]: each["status"] for each in run["tasks"]}


async def pending(person: Person) -> list[dict[str, Any]]:
    """What waits for the person."""
    return (await person.http.get("/my/approvals/", params={"status": "pending"})).json()["items"]


async def asked(person: Person, content: str) -> tuple[int, str, dict[str, Any]]:
    """A message whose plan waits: the chat, the run, the approval."""
    chat, run_id = await begin(person, content)
    await until(person, run_id, is_("waiting"))
    [approval] = await pending(person)
    return chat, run_id, approval


async def confirm(person: Person, approval: dict[str, Any], edited: dict[str, Any] | None = None) -> Any:
    """Says yes."""
    return await person.http.post(f"/my/tools/{approval['id']}/confirm/", json={"edited": edited} if edited else {})


async def test_a_plan_that_needs_nobodys_word_runs_to_its_answer(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    chat = await boss.chat()

    answer = (await boss.say(chat, request(TWO))).json()

    assert (answer["mode"], answer["status"]) == ("auto", "complete")
    for name, agent in (("t1", "coder"), ("t2", "writer"), ("t3", "coder")):
        assert f'<result task="{name}" by="@{agent}">' in answer["content"]
    history = (await boss.http.get(f"/my/chat/{chat}/")).json()
    assert [item["role"] for item in history["items"]] == ["user", "assistant"]
    [made] = history["plans"]
    assert made["status"] == "completed"
    assert [(each["id"], each["status"], each["depends_on"]) for each in made["tasks"]] == [
        ("t1", "done", []),
        ("t2", "done", []),
        ("t3", "done", ["t1", "t2"]),
    ]
    [run] = history["runs"]
    assert [each["task_id"] for each in run["tasks"]] == ["plan", "t1", "t2", "t3", "synthesis"]
    assert run["status"] == "completed"


async def test_results_reach_those_that_wait_for_them(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(task("a", do="[[answer text=forty-two]]"), task("b", "a", agent="writer", do="Use it."))
    _, run_id = await begin(boss, request(graph, text="What is it?"))
    await until(boss, run_id, is_("completed"))

    detail = (await boss.http.get(f"/my/runs/{run_id}/tasks/b/")).json()

    assert detail["instruction"] == "Use it."
    assert "What is it?" in detail["content"]
    assert '<result task="a" by="@coder">\nforty-two\n</result>' in detail["content"]
    assert detail["usage"]["output_tokens"] > 0


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


async def test_one_task_is_answered_without_ceremony(boss: Person) -> None:
    chat = await boss.chat()

    graph = plan(task("t1", agent="writer", do="[[answer text=well]]"))
    answer = (await boss.say(chat, request(graph))).json()

    assert (answer["content"], answer["agent_id"]) == ("well", f"user{boss.id}_writer")
    run = await look(boss, answer["run_id"])
    assert statuses(run) == {"plan": "done", "t1": "done"}
    assert await pending(boss) == []


async def test_the_orchestrator_answers_itself_when_there_is_nobody_else(ann: Person) -> None:
    await settings(ann, model={"provider": "openai", "name": "echo"})
    chat = await ann.chat()

    answer = (await ann.say(chat, "hello")).json()

    assert (answer["mode"], answer["content"]) == ("auto", "You said: hello")


async def test_a_bad_plan_goes_back_with_the_reasons(boss: Person) -> None:
    bad = plan(task("t1", agent="nobody"))
    worse = "I would rather not plan."
    good = plan(task("t1", do="[[answer text=at_last]]"))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(bad, worse, good))).json()

    assert answer["content"] == "at last"


async def test_without_a_plan_the_run_says_so(boss: Person) -> None:
    bad = plan(task("t1", "t2"), task("t2", "t1"))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(bad))).json()

    assert answer["status"] == "failed"
    assert answer["error"]["code"] == "no_plan"
    assert "in a circle" in answer["error"]["detail"]
    run = await look(boss, answer["run_id"])
    assert (run["status"], statuses(run)) == ("failed", {"plan": "failed"})


async def test_a_failed_task_skips_what_waits_for_it_and_the_rest_is_planned_anew(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    broken = plan(
        task("a", do="[[answer text=first]]"),
        task("b", "a", agent="writer", do="[[status code=400]]"),
        task("c", "b"),
        task("d", "a"),
    )
    mended = plan(task("b2", "a", do="[[answer text=mended]]"))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(broken, mended))).json()

    assert answer["status"] == "complete"
    assert "mended" in answer["content"]
    run = await look(boss, answer["run_id"])
    assert statuses(run) == {
        "plan": "done",
        "a": "done",
        "d": "done",
        "b": "failed",
        "c": "skipped",
        "replan": "done",
        "b2": "done",
        "synthesis": "done",
    }
    plans = (await boss.http.get(f"/my/chat/{chat}/")).json()["plans"]
    assert [(each["revision"], each["status"]) for each in plans] == [(1, "failed"), (2, "completed")]


async def test_what_fails_again_ends_the_run_and_finished_work_is_kept_for_another_try(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    broken = plan(task("a", do="[[answer text=first]]"), task("b", "a", agent="writer", do="[[status code=400]]"))
    again = plan(task("b2", "a", agent="writer", do="[[status code=400]]"))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(broken, again))).json()

    assert answer["status"] == "failed"
    run = await look(boss, answer["run_id"])
    assert run["error"]["code"] == answer["error"]["code"]
    assert statuses(run)["synthesis"] == "skipped"
    before = next(each for each in run["tasks"] if each["task_id"] == "a")
    assert (await boss.http.post(f"/my/runs/{answer['run_id']}/retry/")).status_code == 202
    run = await until(boss, answer["run_id"], is_("failed"))
    assert next(each for each in run["tasks"] if each["task_id"] == "a") == before


async def test_a_replanned_rest_may_number_its_tasks_anew(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    broken = plan(task("t1", do="[[answer text=first]]"), task("t2", agent="writer", do="[[status code=400]]"))
    again = plan(task("t2", do="[[answer text=second]]"), task("t3", "t2", "t1"))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(broken, again))).json()

    assert answer["status"] == "complete"
    run = await look(boss, answer["run_id"])
    assert {each["task_id"]: each["dependencies"] for each in run["tasks"] if each["task_id"].startswith("t")} == {
        "t1": [],
        "t2": [],
        "t2-2": [],
        "t3": ["t2-2", "t1"],
    }


async def test_the_replanner_may_find_that_enough_is_done(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    broken = plan(task("a", do="[[answer text=enough]]"), task("b", agent="writer", do="[[status code=400]]"))
    chat = await boss.chat()

    answer = (await boss.say(chat, request(broken, plan()))).json()

    assert answer["status"] == "complete"
    assert "enough" in answer["content"]
    assert '<missing task="b"' in answer["content"]


async def test_a_replanned_rest_asks_again(boss: Person) -> None:
    broken = plan(task("a"), task("b", agent="writer", do="[[status code=400]]"))
    _, run_id, first = await asked(boss, request(broken, plan(task("b2"), task("b3"))))
    await confirm(boss, first)

    await until(boss, run_id, is_("waiting"))
    [second] = await pending(boss)

    assert second["plan"]["revision"] == 2
    await confirm(boss, second)
    await until(boss, run_id, is_("completed"))


async def test_one_task_can_be_stopped_and_the_rest_goes_on(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(task("a", agent="writer", do="[[hang]]"), task("b", "a"), task("c", do="[[answer text=done]]"))
    chat, run_id = await begin(boss, request(graph))
    await until(boss, run_id, lambda run: statuses(run).get("a") == "running" and statuses(run)["c"] == "done")

    answer = await boss.http.post(f"/my/runs/{run_id}/tasks/a/cancel/")

    assert answer.status_code == 200
    run = await until(boss, run_id, is_("completed"))
    assert {name: statuses(run)[name] for name in "abc"} == {"a": "cancelled", "b": "skipped", "c": "done"}
    said = (await boss.http.get(f"/my/chat/{chat}/")).json()["items"][-1]["content"]
    assert '<missing task="a"' in said
    assert (await boss.http.post(f"/my/runs/{run_id}/tasks/a/cancel/")).status_code == 200
    assert (await boss.http.post(f"/my/runs/{run_id}/tasks/nothing/cancel/")).status_code == 404


async def test_a_plan_all_of_whose_tasks_are_stopped_is_cancelled(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(task("a", do="[[hang]]"), task("b", agent="writer", do="[[hang]]"))
    _, run_id = await begin(boss, request(graph))
    await until(boss, run_id, lambda run: [statuses(run).get(name) for name in "ab"] == ["running"] * 2)

    for name in "ab":
        await boss.http.post(f"/my/runs/{run_id}/tasks/{name}/cancel/")

    run = await look(boss, run_id)
    assert run["status"] == "cancelled"
    assert statuses(run)["synthesis"] == "skipped"


async def test_a_stopped_run_stops_everything_and_goes_on_where_it_was(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(task("a", do="[[answer text=kept]]"), task("b", "a", agent="writer", do="[[slow tokens=100]]"))
    _, run_id = await begin(boss, request(graph))
    await until(boss, run_id, lambda run: statuses(run).get("b") == "running")

    stopped = (await boss.http.post(f"/my/runs/{run_id}/cancel/")).json()

    assert stopped["status"] == "cancelled"
    assert statuses(stopped) == {"plan": "done", "a": "done", "b": "cancelled", "synthesis": "cancelled"}
    assert (await boss.http.post(f"/my/runs/{run_id}/retry/")).status_code == 202
    run = await until(boss, run_id, is_("completed"))
    attempts = {each["task_id"]: each["attempt"] for each in run["tasks"]}
    assert attempts["a"] == 1
    assert attempts["b"] == 2


async def test_a_run_that_waits_can_be_stopped(boss: Person) -> None:
    chat, run_id, approval = await asked(boss, request(TWO))

    stopped = (await boss.http.post(f"/my/runs/{run_id}/cancel/")).json()

    assert stopped["status"] == "cancelled"
    assert await pending(boss) == []
    assert (await confirm(boss, approval)).status_code == 409
    assert (await boss.http.get(f"/my/chat/{chat}/")).json()["items"][-1]["status"] == "cancelled"


async def test_one_failed_task_is_tried_again_with_those_that_were_skipped(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(task("a", do="[[hang]]"), task("b", "a"), task("c", agent="writer", do="[[hang]]"))
    _, run_id = await begin(boss, request(graph))
    await until(boss, run_id, lambda run: [statuses(run).get(name) for name in "ac"] == ["running"] * 2)
    await boss.http.post(f"/my/runs/{run_id}/tasks/a/cancel/")

    answer = await boss.http.post(f"/my/runs/{run_id}/tasks/a/retry/")

    assert answer.status_code == 202
    run = await until(boss, run_id, lambda run: statuses(run)["a"] == "running")
    assert statuses(run)["b"] == "pending"
    assert (await boss.http.post(f"/my/runs/{run_id}/tasks/c/retry/")).status_code == 409


async def test_a_rehearsal_shows_the_plan_and_runs_nothing(boss: Person) -> None:
    answer = await boss.http.post("/my/orchestrators/test/", json={"content": request(TWO)})

    assert answer.status_code == 200
    shown = answer.json()
    assert [each["id"] for each in shown["tasks"]] == ["t1", "t2", "t3"]
    assert shown["estimate"]["seconds"] > 0
    assert shown["estimate"]["basis"] == "prior"
    assert (await boss.http.get("/my/chat/sessions/")).json()["items"] == []
    assert await pending(boss) == []


async def test_a_rehearsal_needs_a_team_and_a_plan(ann: Person) -> None:
    await settings(ann)
    alone = await ann.http.post("/my/orchestrators/test/", json={"content": "hello"})
    await ann.agent()
    planless = await ann.http.post("/my/orchestrators/test/", json={"content": request("no")})

    assert (alone.status_code, alone.json()["type"]) == (422, "/problems/no-agents")
    assert (planless.status_code, planless.json()["type"]) == (502, "/problems/no-plan")


async def test_deleting_an_agent_stops_the_runs_it_works_in(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(task("a", do="[[hang]]"), task("b", agent="writer", do="[[hang]]"))
    _, run_id = await begin(boss, request(graph))
    await until(boss, run_id, lambda run: [statuses(run).get(name) for name in "ab"] == ["running"] * 2)

    await boss.http.delete(f"/my/agents/user{boss.id}_writer/")

    run = await look(boss, run_id)
    assert run["status"] == "cancelled"
    assert [statuses(run)[name] for name in "ab"] == ["cancelled"] * 2


async def test_a_long_chain_comes_to_its_end(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    names = [f"t{number}" for number in range(12)]
    chat = await boss.chat()

    answer = (await boss.say(chat, request(chain(names)))).json()

    assert answer["status"] == "complete"


async def test_another_users_plans_are_not_there(site: Site, boss: Person, bob: Person) -> None:
    _, run_id, approval = await asked(boss, request(TWO))

    for path in (f"/my/tools/{approval['id']}/confirm/", f"/my/tools/{approval['id']}/reject/"):
        assert (await bob.http.post(path, json={})).status_code == 404
    assert (await bob.http.get(f"/my/runs/{run_id}/tasks/plan/")).status_code == 404
    assert (await bob.http.post(f"/my/runs/{run_id}/tasks/plan/cancel/")).status_code == 404
    assert await pending(bob) == []
    assert (await look(boss, run_id))["status"] == "waiting"
    assert site.denied == 4


async def test_planning_stops_at_once_and_its_model_with_it(boss: Person, running_model_server: ModelServer) -> None:
    log = running_model_server.log
    cancelled = log.cancelled
    _, run_id = await begin(boss, request("hang", TWO))
    await running_model_server.wait_until("open", 1)

    stopped = (await boss.http.post(f"/my/runs/{run_id}/cancel/")).json()

    assert (stopped["status"], statuses(stopped)) == ("cancelled", {"plan": "cancelled"})
    async with asyncio.timeout(1):
        await running_model_server.wait_until("cancelled", cancelled + 1)
    assert (await boss.http.post(f"/my/runs/{run_id}/retry/")).status_code == 202
    await until(boss, run_id, is_("waiting"))
