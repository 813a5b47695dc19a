"""A tool call waits for its user: yes, changed, no, remembered, too late, and whoever is first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.api import Person, Site
from tests.support.planning import is_, look, pending, statuses, until
from tests.support.tool_people import answered, ask, asked_about, calls, chosen, no, waiting_for, yes
from tests.support.tool_scripts import calling

TIME = ("current_time", {"timezone": "Europe/Moscow"})


@pytest.fixture
async def ada(ann: Person) -> Person:
    """Somebody whose coder asks before it looks at the clock."""
    await ann.agent("Coder", tools=chosen(current_time="ask"))
    return ann


async def test_what_is_allowed_runs_at_once_and_is_shown(ann: Person) -> None:
    await ann.agent("Coder", tools=chosen("current_time"))

    _, run_id = await ask(ann, calling([TIME]))
    answer = await answered(ann, run_id)

    assert calls(answer) == [("current_time", "ok")]
    [call] = answer["tool_calls"]
    assert (call["arguments"], call["result"]["timezone"]) == (TIME[1], "Europe/Moscow")
    assert call["duration_ms"] is not None
    assert answer["content"].startswith("Tool said: ")


async def test_a_call_waits_as_rows_and_nothing_else(ada: Person, site: Site) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))

    assert (approval["type"], approval["run_id"], approval["status"]) == ("tool", run_id, "pending")
    tool = approval["tool"]
    assert (tool["tool_id"], tool["agent_id"], tool["agent_name"]) == ("current_time", f"user{ada.id}_coder", "Coder")
    assert (tool["arguments"], tool["kind"], tool["remembered"]) == (TIME[1], "builtin", False)
    assert tool["arguments_schema"]["properties"].keys() == {"timezone"}
    assert approval["expires_at"] is not None
    assert statuses(await look(ada, run_id)) == {"answer": "waiting"}
    assert site.house.bus.worker.held == {}
    seats = "select count(*) as n from tasks where seat is not null or lane is not null"
    assert [row["n"] for row in await site.stores.as_migrator(seats)] == [0]

    confirmed = await yes(ada, approval)

    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")
    assert calls(await answered(ada, run_id)) == [("current_time", "ok")]
    assert await pending(ada) == []


async def test_the_arguments_can_be_changed_first(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))

    confirmed = await yes(ada, approval, edited={"timezone": "Asia/Tokyo"})

    assert confirmed.json()["tool"]["result"] == {"edited": {"timezone": "Asia/Tokyo"}, "remember": "once"}
    [call] = (await answered(ada, run_id))["tool_calls"]
    assert (call["arguments"], call["result"]["timezone"]) == ({"timezone": "Asia/Tokyo"}, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("body", "problem", "field"),
    [
        ({"edited": {"timezone": 5}}, "bad-arguments", "edited.timezone"),
        ({"edited": {"zone": "UTC"}}, "bad-arguments", "edited.zone"),
        ({"edited": []}, "invalid", "edited"),
        ({"result": {"time": "now"}}, "result-unwanted", None),
        ({"remember": "for ever"}, "invalid", "remember"),
    ],
)
async def test_a_wrong_answer_leaves_it_open(ada: Person, body: dict[str, object], problem: str, field: str) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))

    refused = await yes(ada, approval, **body)

    assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{problem}")
    if field:
        assert any(each["field"].startswith(field) for each in refused.json()["errors"])
    assert [each["id"] for each in await pending(ada)] == [approval["id"]]
    await yes(ada, approval)
    assert (await answered(ada, run_id))["status"] == "complete"


async def test_the_reason_of_a_refusal_reaches_the_model(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))

    refused = await no(ada, approval, "my clock is broken")

    assert (refused.status_code, refused.json()["status"]) == (200, "rejected")
    answer = await answered(ada, run_id)
    assert calls(answer) == [("current_time", "rejected")]
    assert "my clock is broken" in answer["content"]


async def test_the_first_answer_holds(ada: Person, site: Site) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))

    answers = await asyncio.gather(*(yes(ada, approval) for _ in range(3)), *(no(ada, approval) for _ in range(3)))

    agreed, refused = {answer.status_code for answer in answers[:3]}, {answer.status_code for answer in answers[3:]}
    assert sorted((*agreed, *refused)) == [200, 409]
    assert len((await answered(ada, run_id))["tool_calls"]) == 1
    entries = await site.stores.as_migrator(f"select action from audit_log where user_id = {ada.id}")
    assert len(entries) == 1


async def test_what_is_allowed_for_a_chat_is_asked_in_another(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))
    await yes(ada, approval, remember="session")
    await answered(ada, run_id)
    chat = approval["session_id"]

    again = await ada.say(chat, f"@coder {calling([TIME])}")
    elsewhere, _ = await asked_about(ada, calling([TIME]))

    assert (again.status_code, calls(again.json())) == (200, [("current_time", "ok")])
    assert elsewhere != run_id


async def test_always_is_written_into_the_agent_where_its_user_sees_it(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))
    await yes(ada, approval, remember="always")
    await answered(ada, run_id)

    [agent] = (await ada.http.get("/my/agents/")).json()["items"]
    _, another = await ask(ada, calling([TIME]))

    assert agent["tools"] == [{"tool_id": "current_time", "enabled": True, "policy": "allow"}]
    assert calls(await answered(ada, another)) == [("current_time", "ok")]


async def test_a_denial_is_stronger_than_what_was_allowed_for_the_chat(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))
    await yes(ada, approval, remember="session")
    await answered(ada, run_id)
    [agent] = (await ada.http.get("/my/agents/")).json()["items"]
    denied = {"name": agent["name"], "model": agent["model"], "tools": chosen(current_time="deny")}
    assert (await ada.http.put(f"/my/agents/{agent['agent_id']}/", json=denied)).status_code == 200

    answer = (await ada.say(approval["session_id"], f"@coder {calling([TIME])}")).json()

    assert calls(answer) == [("current_time", "denied")]
    assert "does not allow" in answer["content"]
    decisions = (await ada.http.get("/my/audit/")).json()["items"]
    assert [(each["action"], each["actor"]["kind"]) for each in decisions] == [
        ("denied", "policy"),
        ("confirmed", "browser"),
    ]


UNUSABLE: list[tuple[Any, str]] = [
    (("no_such_tool", {}), "no tool of this name"),
    (("current_time", {"zone": "UTC"}), "do not fit"),
    (("current_time", '{"timezone": '), "no JSON object"),
    (("current_time", {"timezone": "Mars/Olympus"}), "There is no time zone"),
]


@pytest.mark.parametrize(("call", "reads"), UNUSABLE)
async def test_a_call_that_cannot_be_is_told_to_the_model(ann: Person, call: Any, reads: str) -> None:
    await ann.agent("Coder", tools=chosen("current_time"))

    _, run_id = await ask(ann, calling([call]))
    answer = await answered(ann, run_id)

    assert calls(answer) == [(call[0], "failed")]
    assert reads in answer["tool_calls"][0]["result"]["error"]
    assert answer["status"] == "complete"


async def test_several_calls_of_one_answer_go_on_together(ann: Person) -> None:
    await ann.agent("Coder", tools=[*chosen(current_time="ask"), *chosen("geolocation")])
    _, run_id = await ask(ann, calling([TIME, TIME, ("no_such_tool", {})]))
    await until(ann, run_id, is_("waiting"))
    second, first = await pending(ann)

    await yes(ann, first)
    assert statuses(await look(ann, run_id)) == {"answer": "waiting"}
    await no(ann, second, "once is enough")

    answer = await answered(ann, run_id)
    assert calls(answer) == [("current_time", "ok"), ("current_time", "rejected"), ("no_such_tool", "failed")]


async def test_calls_of_later_answers_are_asked_about_anew(ada: Person) -> None:
    run_id, first = await asked_about(ada, calling([TIME], [TIME]))
    await yes(ada, first)
    [second] = await waiting_for(ada)
    await yes(ada, second)

    assert calls(await answered(ada, run_id)) == [("current_time", "ok"), ("current_time", "ok")]


async def test_what_nobody_answers_expires_and_the_agent_goes_on(ada: Person, site: Site) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))
    await site.stores.as_migrator(f"update approval_requests set expires_at = now() where user_id = {ada.id}")

    await site.house.expiry.turn()

    answer = await answered(ada, run_id)
    assert calls(answer) == [("current_time", "expired")]
    [entry] = (await ada.http.get("/my/audit/")).json()["items"]
    assert (entry["action"], entry["actor"], entry["approval_id"]) == (
        "expired",
        {"kind": "time", "name": None},
        approval["id"],
    )
    late = await yes(ada, approval)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/already-resolved")


async def test_a_stopped_run_needs_no_answer_and_asks_anew_when_it_is_tried_again(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))

    await ada.http.post(f"/my/runs/{run_id}/cancel/")

    assert (await look(ada, run_id))["status"] == "cancelled"
    assert await pending(ada) == []
    assert (await yes(ada, approval)).status_code == 409
    answer = await answered(ada, run_id)
    assert calls(answer) == [("current_time", "cancelled")]
    assert (await ada.http.post(f"/my/runs/{run_id}/retry/")).status_code == 202
    await until(ada, run_id, is_("waiting"))
    [again] = await pending(ada)
    await yes(ada, again)
    assert calls(await answered(ada, run_id)) == [("current_time", "ok")]


async def test_a_tool_that_was_taken_away_meanwhile(ada: Person) -> None:
    run_id, approval = await asked_about(ada, calling([TIME]))
    [agent] = (await ada.http.get("/my/agents/")).json()["items"]
    without: dict[str, Any] = {"name": agent["name"], "model": agent["model"], "tools": []}
    await ada.http.put(f"/my/agents/{agent['agent_id']}/", json=without)

    await yes(ada, approval)
    answer = await answered(ada, run_id)

    assert answer["status"] == "complete"
    assert calls(answer) == [("current_time", "failed")]


async def test_the_record_says_who_decided_what(ada: Person) -> None:
    _, approval = await asked_about(ada, calling([TIME]))
    await yes(ada, approval, edited={"timezone": "UTC"}, remember="session")

    [entry] = (await ada.http.get("/my/audit/", params={"tool_id": "current_time"})).json()["items"]

    assert (entry["action"], entry["actor"]) == ("confirmed", {"kind": "browser", "name": "test browser"})
    assert (entry["arguments"], entry["agent_id"]) == ({"timezone": "UTC"}, f"user{ada.id}_coder")
    assert entry["detail"] == {"edited": {"timezone": "UTC"}, "remember": "session"}
    assert (await ada.http.get("/my/audit/", params={"agent_id": "other"})).json()["items"] == []


async def test_an_older_answer_that_ends_meanwhile_changes_nothing_of_the_turn(ada: Person) -> None:
    await ada.agent("Slow")
    chat = await ada.chat()
    path = f"/my/chat/{chat}/message/"
    older = (await ada.http.post(path, json={"content": "@slow [[slow tokens=15]]"})).json()["run_id"]
    content = f"@coder {calling(['One moment.', TIME])}"
    run_id = (await ada.http.post(path, json={"content": content})).json()["run_id"]
    [approval] = await waiting_for(ada)
    await until(ada, older, is_("completed"))

    await yes(ada, approval)

    answer = await answered(ada, run_id)
    assert answer["content"].startswith("One moment.\n\nTool said: ")
    assert answer["content"].count("One moment.") == 1
    assert answer["usage"] == {"input_tokens": 32, "output_tokens": answer["usage"]["output_tokens"]}
