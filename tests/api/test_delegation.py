"""One agent asks another of the team: a task of its own, for which the asking one gives its seat back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Person, Site
from tests.support.planning import is_, look, statuses, until
from tests.support.tool_people import answered, ask, asked_about, calls, chosen, waiting_for, yes
from tests.support.tool_scripts import calling


def asking(handle: str, task: str) -> tuple[str, dict[str, str]]:
    """A call that gives work to another agent."""
    return "ask_agent", {"agent": handle, "task": task}


def asked_ones(run: dict[str, Any]) -> list[str]:
    """How it stands with what was asked of others."""
    return [each["status"] for each in run["tasks"] if each["task_id"] != "answer"]


def child_of(run: dict[str, Any]) -> str:
    """The name of the only task that was asked for."""
    [name] = [each["task_id"] for each in run["tasks"] if each["task_id"] != "answer"]
    return name


@pytest.fixture
async def lead(ann: Person) -> Person:
    """Somebody whose coder may ask a writer, and the writer the coder and an editor."""
    await ann.agent("Coder", tools=chosen(ask_agent="allow"), concurrency_limit=1)
    await ann.agent("Writer", tools=chosen(ask_agent="allow"))
    await ann.agent("Editor", tools=chosen(ask_agent="allow"))
    return ann


async def test_another_agents_answer_is_the_calls_result(lead: Person, site: Site) -> None:
    _, run_id = await ask(lead, calling([asking("@writer", "Write a line. [[answer text=a_line]]")]))

    answer = await answered(lead, run_id)

    assert (answer["status"], calls(answer)) == ("complete", [("ask_agent", "ok")])
    [call] = answer["tool_calls"]
    assert call["result"]["answer"] == "a line"
    assert "a line" in answer["content"]
    run = await look(lead, run_id)
    assert sorted(statuses(run).values()) == ["done", "done"]
    used = await site.stores.as_migrator(f"select agent_id from usage where user_id = {lead.id} order by id")
    assert [row["agent_id"].partition("_")[2] for row in used] == ["coder", "writer", "coder"]
    child = (await lead.http.get(f"/my/runs/{run_id}/tasks/{child_of(run)}/")).json()
    assert (child["content"], child["agent_id"]) == ("a line", f"user{lead.id}_writer")


async def test_several_are_asked_at_once(lead: Person) -> None:
    _, run_id = await ask(
        lead, calling([asking("writer", "[[answer text=one]]"), asking("editor", "[[answer text=two]]")])
    )

    answer = await answered(lead, run_id)

    assert [call["result"]["answer"] for call in answer["tool_calls"]] == ["one", "two"]


async def test_nobody_holds_a_seat_while_waiting_for_another(lead: Person) -> None:
    _, first = await ask(lead, calling([asking("writer", "[[hang]]")]))
    await until(lead, first, lambda run: "running" in asked_ones(run))

    _, second = await ask(lead, "Is your only seat free?")

    assert (await answered(lead, second))["status"] == "complete"
    assert statuses(await look(lead, first))["answer"] == "waiting"


async def test_what_the_asked_one_asks_waits_for_its_user(lead: Person) -> None:
    await lead.agent("Clerk", tools=chosen(current_time="ask"))
    run_id, approval = await asked_about(lead, calling([asking("clerk", calling([("current_time", {})]))]))

    assert approval["tool"]["agent_id"] == f"user{lead.id}_clerk"
    assert set(statuses(await look(lead, run_id)).values()) == {"waiting"}
    await yes(lead, approval)

    assert calls(await answered(lead, run_id)) == [("ask_agent", "ok")]


@pytest.mark.parametrize(
    ("handle", "reads"),
    [("nobody", "no such active agent"), ("orchestrator", "no such active agent"), ("coder", "waits for your answer")],
)
async def test_who_cannot_be_asked(lead: Person, handle: str, reads: str) -> None:
    _, run_id = await ask(lead, calling([asking(handle, "Do it.")]))

    answer = await answered(lead, run_id)

    assert calls(answer) == [("ask_agent", "failed")]
    assert reads in answer["tool_calls"][0]["result"]["error"]


async def test_a_chain_ends(lead: Person) -> None:
    await lead.agent("Last", tools=chosen(ask_agent="allow"))
    await lead.agent("Beyond")
    chain = asking("writer", calling([asking("editor", calling([asking("last", calling([asking("beyond", "x")]))]))]))
    _, run_id = await ask(lead, calling([chain]))

    answer = await answered(lead, run_id)

    assert answer["status"] == "complete"
    assert asked_ones(await look(lead, run_id)) == ["done"] * 3
    assert "At most 3" in answer["content"]


async def test_a_failure_is_told_to_the_one_that_asked(lead: Person) -> None:
    _, run_id = await ask(lead, calling([asking("writer", "[[status code=400]]")]))

    answer = await answered(lead, run_id)

    assert (answer["status"], calls(answer)) == ("complete", [("ask_agent", "failed")])
    assert asked_ones(await look(lead, run_id)) == ["failed"]


async def test_a_stopped_question_is_told_to_the_one_that_asked(lead: Person) -> None:
    _, run_id = await ask(lead, calling([asking("writer", "[[hang]]")]))
    run = await until(lead, run_id, lambda run: "running" in asked_ones(run))
    place = f"/my/runs/{run_id}/tasks/{child_of(run)}"

    stopped = await lead.http.post(f"{place}/cancel/")

    assert stopped.status_code in (200, 202)
    answer = await answered(lead, run_id)
    assert (answer["status"], calls(answer)) == ("complete", [("ask_agent", "failed")])
    assert "stopped" in answer["content"]
    again = await lead.http.post(f"{place}/retry/")
    assert again.status_code == 409


async def test_a_stopped_run_stops_everybody_and_asks_anew_when_it_is_tried_again(lead: Person) -> None:
    _, run_id = await ask(lead, calling([asking("writer", "[[hang_once]] [[answer text=late]]")]))
    await until(lead, run_id, lambda run: asked_ones(run) in (["running"], ["done"]))

    await lead.http.post(f"/my/runs/{run_id}/cancel/")
    await until(lead, run_id, lambda run: run["status"] in ("cancelled", "completed"))
    if (await look(lead, run_id))["status"] == "cancelled":
        assert (await lead.http.post(f"/my/runs/{run_id}/retry/")).status_code == 202
        await until(lead, run_id, is_("completed"))
    assert (await answered(lead, run_id))["status"] == "complete"


async def test_it_is_asked_about_by_default(ann: Person) -> None:
    await ann.agent("Coder", tools=chosen("ask_agent"))
    await ann.agent("Writer")

    _, run_id = await ask(ann, calling([asking("writer", "[[answer text=hello]]")]))
    [approval] = await waiting_for(ann)
    await yes(ann, approval)

    assert calls(await answered(ann, run_id)) == [("ask_agent", "ok")]


async def test_an_agent_that_is_deleted_while_it_is_asked(lead: Person) -> None:
    _, run_id = await ask(lead, calling([asking("writer", calling([asking("editor", "[[hang]]")]))]))
    await until(lead, run_id, lambda run: sorted(asked_ones(run)) == ["running", "waiting"])

    assert (await lead.http.delete(f"/my/agents/user{lead.id}_writer/")).status_code == 204

    answer = await answered(lead, run_id)
    assert (answer["status"], calls(answer)) == ("complete", [("ask_agent", "failed")])
    assert "deleted" in answer["content"]
    assert asked_ones(await look(lead, run_id)) == ["cancelled", "cancelled"]


async def test_whoever_asks_and_is_deleted_takes_along_what_was_asked(lead: Person) -> None:
    _, run_id = await ask(lead, calling([asking("writer", "[[hang]]")]))
    await until(lead, run_id, lambda run: "running" in asked_ones(run))

    await lead.http.delete(f"/my/agents/user{lead.id}_coder/")

    run = await until(lead, run_id, is_("cancelled"))
    assert set(statuses(run).values()) == {"cancelled"}
