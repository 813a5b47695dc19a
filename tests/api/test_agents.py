"""Personal agents: F1 to F5."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from artel.agents.config import MAX_PROMPT
from artel.bus.model import Call
from tests.support.api import AGENT, Person, Site


async def test_an_agent_is_made_with_everything_that_was_said(ann: Person) -> None:
    wanted = {
        "name": "Coder",
        "system_prompt": "Write short Python.",
        "model": {"provider": "openai", "name": "gpt-5-mini", "temperature": 0.2, "max_tokens": 500},
        "fallback_model": {"provider": "demo", "name": "demo", "temperature": None, "max_tokens": None},
        "tools": [{"tool_id": "current_time", "enabled": False}],
        "concurrency_limit": 7,
        "is_active": True,
    }

    answer = await ann.http.post("/my/agents/", json={**wanted, "handle": "coder"})

    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in wanted} == wanted
    assert (made["agent_id"], made["handle"]) == (f"user{ann.id}_coder", "coder")
    assert (made["status"], made["running"], made["last_error"]) == ("ready", 0, None)
    assert (await ann.http.get("/my/agents/")).json() == {"items": [made], "next_cursor": None}


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Кодер", "koder"),
        ("My 2nd Agent!", "my_2nd_agent"),
        ("🦊", "fox"),
        ("設計", "sheji"),
        ("Auto", "auto_2"),
        ("---", "agent"),
    ],
)
async def test_a_handle_is_made_of_the_name(ann: Person, name: str, handle: str) -> None:
    answer = await ann.http.post("/my/agents/", json={**AGENT, "name": name})

    assert answer.json()["handle"] == handle


async def test_made_handles_do_not_collide_and_chosen_ones_may(ann: Person) -> None:
    ids = [await ann.agent("Coder") for _ in range(3)]

    taken = await ann.http.post("/my/agents/", json={**AGENT, "handle": "coder"})

    assert ids == [f"user{ann.id}_{handle}" for handle in ("coder", "coder_2", "coder_3")]
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/handle-taken")


async def test_two_users_have_agents_of_one_handle(ann: Person, bob: Person) -> None:
    assert await ann.agent(handle="coder") != await bob.agent(handle="coder")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": 7}, "name"),
        ({"model": None}, "model"),
        ({"model": {"provider": "openai"}}, "model.name"),
        ({"model": {"provider": "no-such", "name": "x"}}, "model.provider"),
        ({"model": {"provider": "demo", "name": "gpt-9"}}, "model.name"),
        ({"model": {"provider": "openai", "name": "x", "temperature": 2.1}}, "model.temperature"),
        ({"model": {"provider": "openai", "name": "x", "max_tokens": 0}}, "model.max_tokens"),
        ({"fallback_model": {"provider": "no-such", "name": "x"}}, "fallback_model.provider"),
        ({"tools": [{"tool_id": "rm_rf", "enabled": True}]}, "tools.0.tool_id"),
        ({"tools": [{"tool_id": "current_time"}, {"tool_id": "current_time"}]}, "tools"),
        ({"tools": "all"}, "tools"),
        ({"concurrency_limit": 0}, "concurrency_limit"),
        ({"concurrency_limit": 51}, "concurrency_limit"),
        ({"concurrency_limit": "many"}, "concurrency_limit"),
        ({"system_prompt": "x" * (MAX_PROMPT + 1)}, "system_prompt"),
        ({"handle": ""}, "handle"),
        ({"handle": "with space"}, "handle"),
        ({"handle": "orchestrator"}, "handle"),
        ({"handle": "user2_coder"}, "handle"),
        ({"handle": "../etc"}, "handle"),
        ({"is_admin": True}, "is_admin"),
    ],
)
async def test_what_cannot_be_is_refused_by_name_of_the_field(ann: Person, change: dict[str, Any], field: str) -> None:
    answer = await ann.http.post("/my/agents/", json={**AGENT, **change})

    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await ann.http.get("/my/agents/")).json()["items"] == []


async def test_an_agent_is_changed_whole(ann: Person) -> None:
    agent_id = await ann.agent("Coder", system_prompt="old")

    answer = await ann.http.put(
        f"/my/agents/{agent_id}/", json={**AGENT, "name": "Writer", "concurrency_limit": 1, "is_active": False}
    )

    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["agent_id"], changed["handle"]) == (agent_id, "coder")
    assert (changed["name"], changed["system_prompt"], changed["is_active"]) == ("Writer", "", False)
    assert changed["updated_at"] > changed["created_at"]


async def test_a_raised_limit_seats_what_waited_at_once(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a call that waits for its agent's only seat, and a sweeper that finds nothing
    monkeypatch.setattr("artel.bus.sweeper._USERS_A_SWEEP", 0)
    busy = {**AGENT, "model": {"provider": "openai", "name": "hang"}}
    agent_id = await ann.agent("Coder", model=busy["model"], concurrency_limit=1)
    chat = await ann.chat()
    runs = [(await ann.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder hi"})).json() for _ in range(2)]
    await asyncio.sleep(0.5)  # until nobody looks any more whether there is a seat

    await ann.http.put(f"/my/agents/{agent_id}/", json={**busy, "concurrency_limit": 2})

    async with asyncio.timeout(10):
        while (await ann.http.get(f"/my/runs/{runs[1]['run_id']}/")).json()["status"] != "running":  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_handle_stays(ann: Person) -> None:
    agent_id = await ann.agent("Coder")

    same = await ann.http.put(f"/my/agents/{agent_id}/", json={**AGENT, "handle": "coder"})
    other = await ann.http.put(f"/my/agents/{agent_id}/", json={**AGENT, "handle": "writer"})

    assert same.status_code == 200
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "handle")


async def test_only_active_agents_are_available_in_a_chat(ann: Person) -> None:
    await ann.agent("On")
    await ann.agent("Off", is_active=False)
    chat = await ann.chat()

    items = (await ann.http.get(f"/my/agents/available/{chat}/")).json()["items"]

    assert [item["handle"] for item in items] == ["on"]
    assert (await ann.http.get("/my/agents/available/7/")).status_code == 404


async def test_the_orchestrator_is_not_in_the_list_and_cannot_be_changed_as_an_agent(ann: Person) -> None:
    chat = await ann.chat()
    assert (await ann.say(chat, "hello")).json()["agent_id"] == f"user{ann.id}_orchestrator"

    assert (await ann.http.get("/my/agents/")).json()["items"] == []
    path = f"/my/agents/user{ann.id}_orchestrator/"
    assert (await ann.http.put(path, json=AGENT)).status_code == 404
    assert (await ann.http.delete(path)).status_code == 404
    assert (await ann.say(chat, "hello")).status_code == 200


async def test_an_agent_that_works_is_busy_and_its_work_ends_when_it_is_deleted(site: Site, ann: Person) -> None:
    agent_id = await ann.agent(model={"provider": "openai", "name": "hang"})
    chat = await ann.chat()
    sent = (await ann.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder hi"})).json()
    busy = (await ann.http.get("/my/agents/")).json()["items"][0]

    answer = await ann.http.delete(f"/my/agents/{agent_id}/")

    assert (busy["status"], busy["running"]) == ("busy", 1)
    assert answer.status_code == 204
    assert (await ann.http.get("/my/agents/")).json()["items"] == []
    assert (await ann.http.get(f"/my/runs/{sent['run_id']}/")).json()["status"] == "cancelled"
    history = (await ann.http.get(f"/my/chat/{chat}/")).json()
    assert [item["status"] for item in history["items"]] == ["complete", "cancelled"]
    assert (await ann.http.delete(f"/my/agents/{agent_id}/")).status_code == 404


async def test_a_failed_answer_shows_on_the_agent_until_it_is_changed(ann: Person) -> None:
    agent_id = await ann.agent(model={"provider": "openai", "name": "status:code=401"})
    chat = await ann.chat()

    failed = (await ann.say(chat, "@coder hi")).json()
    shown = (await ann.http.get("/my/agents/")).json()["items"][0]
    changed = (await ann.http.put(f"/my/agents/{agent_id}/", json=AGENT)).json()

    assert (failed["status"], failed["error"]["code"]) == ("failed", "model_key_refused")
    assert (shown["status"], shown["last_error"]["code"]) == ("error", "model_key_refused")
    assert (changed["status"], changed["last_error"]) == ("ready", None)


async def test_an_inactive_agent_takes_no_message(ann: Person) -> None:
    await ann.agent(is_active=False)
    chat = await ann.chat()

    answer = await ann.say(chat, "@coder hi")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/agent-inactive")


async def test_there_is_a_limit(site: Site, ann: Person) -> None:
    agent_id = await ann.agent()
    await site.stores.as_migrator(
        "insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit)"
        " select user_id, gen_random_uuid(), agent_id || n, name, config, 1 from user_agents, generate_series(1, 199) n"
        f" where agent_id = '{agent_id}'"
    )

    answer = await ann.http.post("/my/agents/", json=AGENT)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-agents")


async def test_the_bus_never_sees_an_agent_of_another_user(site: Site, ann: Person, bob: Person) -> None:
    agent_id = await ann.agent()
    chat = await bob.chat()

    with pytest.raises(Exception, match="no agent"):
        await site.house.bus.submit(bob.id, Call(chat, agent_id, "hi", agent_id, "direct"))
