"""Automatic mode: planning and execution, over the real application."""

from __future__ import annotations

import asyncio

from tests.support.api import Person
from tests.support.model_server import ModelServer
from tests.support.planning import TWO, begin, is_, look, pending, settings, statuses, until
from tests.support.plans import chain, plan, request, task


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


async def test_planning_stops_at_once_and_its_model_with_it(boss: Person, running_model_server: ModelServer) -> None:
    log = running_model_server.log
    # Only the very first question is never answered.
    log.reset()
    calls, cancelled = log.calls, log.cancelled
    _, run_id = await begin(boss, request("hang", TWO))
    await running_model_server.wait_until("calls", calls + 1)

    stopped = (await boss.http.post(f"/my/runs/{run_id}/cancel/")).json()

    assert (stopped["status"], statuses(stopped)) == ("cancelled", {"plan": "cancelled"})
    async with asyncio.timeout(20):
        await running_model_server.wait_until("cancelled", cancelled + 1)
    assert (await boss.http.post(f"/my/runs/{run_id}/retry/")).status_code == 202
    await until(boss, run_id, is_("waiting"))


async def test_an_agent_that_is_switched_off_meanwhile_takes_no_more_work(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    graph = plan(
        task("a", do="[[slow tokens=20]]"),
        task("b", "a", agent="writer", do="Never."),
        task("c", "b", do="Never."),
    )
    mended = plan(task("b2", "a", do="[[answer text=mended]]"))
    _, run_id = await begin(boss, request(graph, mended))
    await until(boss, run_id, lambda run: statuses(run).get("a") == "running")

    writer = next(each for each in (await boss.http.get("/my/agents/")).json()["items"] if each["handle"] == "writer")
    off = {key: writer[key] for key in ("name", "system_prompt", "model", "tools", "concurrency_limit")}
    await boss.http.put(f"/my/agents/{writer['agent_id']}/", json={**off, "is_active": False})

    run = await until(boss, run_id, is_("completed"))
    assert {name: statuses(run)[name] for name in ("a", "b", "c", "b2")} == {
        "a": "done",
        "b": "failed",
        "c": "skipped",
        "b2": "done",
    }
    [failed] = [each for each in run["tasks"] if each["task_id"] == "b"]
    assert failed["error"]["code"] == "agent_inactive"
