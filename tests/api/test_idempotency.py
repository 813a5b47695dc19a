"""A creating request that is sent twice creates once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.api import AGENT, Person, Site


def _key(value: str = "k-1") -> dict[str, str]:
    return {"Idempotency-Key": value}


CREATIONS: list[tuple[str, dict[str, Any], str]] = [
    ("/my/chat/sessions/", {"title": "x"}, "chat_sessions"),
    ("/my/agents/", AGENT, "user_agents"),
    ("/my/agents/", {**AGENT, "handle": "chosen"}, "user_agents"),
    ("/my/api-keys/", {"name": "x"}, "api_keys"),
]


@pytest.mark.parametrize(("path", "body", "table"), CREATIONS)
async def test_a_repetition_gets_the_first_answer(
    site: Site, ann: Person, path: str, body: dict[str, Any], table: str
) -> None:
    answers = [await ann.http.post(path, json=body, headers=_key()) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert len(await site.stores.as_migrator(f"select id from {table}")) == 1


@pytest.mark.parametrize(("path", "body", "table"), CREATIONS)
async def test_repetitions_at_once_create_once(
    site: Site, ann: Person, path: str, body: dict[str, Any], table: str
) -> None:
    answers = await asyncio.gather(*(ann.http.post(path, json=body, headers=_key()) for _ in range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert len(await site.stores.as_migrator(f"select id from {table}")) == 1


async def test_a_message_is_sent_once_and_answered_once(site: Site, ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    path, body = f"/my/chat/{chat}/message/", {"content": "@coder hi"}

    answers = await asyncio.gather(*(ann.http.post(path, json=body, headers=_key()) for _ in range(5)))
    waited = await ann.http.post(path, params={"wait": 20}, json=body, headers=_key())

    assert {answer.status_code for answer in answers} == {202}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert waited.status_code == 200
    assert (waited.json()["answer_id"], waited.json()["content"]) == (answers[0].json()["answer_id"], "You said: hi")
    assert len(await site.stores.as_migrator("select id from runs")) == 1


async def test_another_request_under_the_same_key_is_refused(ann: Person) -> None:
    await ann.http.post("/my/chat/sessions/", json={"title": "x"}, headers=_key())

    other_body = await ann.http.post("/my/chat/sessions/", json={"title": "y"}, headers=_key())
    other_path = await ann.http.post("/my/api-keys/", json={"title": "x"}, headers=_key())

    assert (other_body.status_code, other_body.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert other_path.status_code == 422
    assert len((await ann.http.get("/my/chat/sessions/")).json()["items"]) == 1


async def test_a_refused_request_keeps_no_key(ann: Person) -> None:
    refused = await ann.http.post("/my/agents/", json={**AGENT, "name": ""}, headers=_key())
    made = await ann.http.post("/my/agents/", json=AGENT, headers=_key())

    assert (refused.status_code, made.status_code) == (422, 201)


async def test_keys_of_two_users_do_not_meet(ann: Person, bob: Person) -> None:
    answers = [
        await person.http.post("/my/chat/sessions/", json={"title": person.email}, headers=_key())
        for person in (ann, bob)
    ]

    assert [answer.json()["title"] for answer in answers] == [ann.email, bob.email]


async def test_a_key_is_forgotten_after_a_day(site: Site, ann: Person) -> None:
    first = await ann.http.post("/my/chat/sessions/", json={}, headers=_key("old"))
    await ann.http.post("/my/chat/sessions/", json={}, headers=_key("older"))
    await site.stores.as_migrator("update idempotency_keys set created_at = now() - interval '25 hours'")

    again = await ann.http.post("/my/chat/sessions/", json={}, headers=_key("old"))

    assert again.json()["id"] != first.json()["id"]
    kept = await site.stores.as_migrator("select key from idempotency_keys")
    assert [row["key"] for row in kept] == ["old"]


async def test_a_kept_answer_is_sealed(site: Site, ann: Person) -> None:
    key = (await ann.http.post("/my/api-keys/", json={}, headers=_key())).json()["key"]

    stored = (await site.stores.as_migrator("select sealed_answer from idempotency_keys"))[0]["sealed_answer"]

    assert key.encode() not in stored
