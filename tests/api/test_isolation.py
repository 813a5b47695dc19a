"""The middleware: whose request it is, where it comes from, and what counts as an attempt."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from artel.gateway.isolation import UserIsolation
from tests.support.api import Person, Site


async def _show_state(scope: Scope, receive: Receive, send: Send) -> None:
    state = dict(scope["state"])
    state["principal"] = state["principal"] and state["principal"].user_id
    await JSONResponse(state)(scope, receive, send)


async def test_the_state_of_a_request_names_its_user(site: Site, ann: Person) -> None:
    app = UserIsolation(_show_state, site.house.authenticator, None)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://artel.test", cookies=ann.http.cookies
    ) as http:
        state = (await http.get("/my/anything")).json()

    assert state == {
        "principal": ann.id,
        "user_id": ann.id,
        "user_prefix": f"user{ann.id}_",
        "db_filters": {"user_id": ann.id},
    }


async def test_without_a_principal_nothing_under_my_answers(site: Site) -> None:
    http = await site.visitor()

    for path in ("/my/agents/", "/my/", "/my/no-such-thing", "/my/chat/1/events/", "/my/docsx"):
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), path
    for path in ("/my/docs", "/my/openapi.json", "/my/docs/start.js"):
        assert (await http.get(path)).status_code == 200, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://artel.test.evil.example"},
        {"Origin": "null"},
        {"Origin": "http://artel.test:81"},
    ],
)
async def test_another_sites_page_cannot_use_the_cookie(ann: Person, headers: dict[str, str]) -> None:
    answer = await ann.http.post("/my/chat/sessions/", json={"title": "x"}, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site")
    assert (await ann.http.get("/my/chat/sessions/")).json()["items"] == []


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://artel.test"}, {"Sec-Fetch-Site": "none"}]
)
async def test_the_own_page_and_programs_can(ann: Person, headers: dict[str, str]) -> None:
    answer = await ann.http.post("/my/chat/sessions/", json={}, headers=headers)

    assert answer.status_code == 201


async def test_a_form_of_another_site_cannot_send_json(ann: Person) -> None:
    answer = await ann.http.post(
        "/my/chat/sessions/", content=b'{"title": "x"}', headers={"Content-Type": "text/plain"}
    )

    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/not-json")


async def test_a_foreign_id_looks_like_one_that_does_not_exist_and_is_counted(
    site: Site, ann: Person, bob: Person
) -> None:
    chat = await ann.chat()
    agent = await ann.agent()
    run = (await ann.say(chat, "@coder hi")).json()["run_id"]
    nowhere = "00000000-0000-7000-8000-000000000000"
    pairs = [
        (f"/my/chat/{chat}/", "/my/chat/4611686018427/"),
        (f"/my/agents/available/{chat}/", "/my/agents/available/4611686018427/"),
        (f"/my/runs/{run}/", f"/my/runs/{nowhere}/"),
        (f"/my/chat/{chat}/events/", "/my/chat/4611686018427/events/"),
    ]

    for foreign, missing in pairs:
        before = site.denied
        theirs, nobodys = await bob.http.get(foreign), await bob.http.get(missing)
        assert theirs.status_code == nobodys.status_code == 404, foreign
        assert theirs.json() == nobodys.json(), foreign
        assert site.denied == before + 1, foreign

    before = site.denied
    theirs, nobodys = await bob.http.delete(f"/my/agents/{agent}/"), await bob.http.delete("/my/agents/nobody/")
    assert (theirs.status_code, theirs.json()) == (404, nobodys.json())
    assert site.denied == before + 1
    assert site.house.metrics.user_isolation_violations.value == 0


async def test_naming_anothers_agent_in_a_message_is_counted(site: Site, ann: Person, bob: Person) -> None:
    await ann.agent()
    chat = await bob.chat()

    foreign = await bob.http.post(
        f"/my/chat/{chat}/message/", json={"content": "hi", "target_agent": f"user{ann.id}_coder"}
    )
    missing = await bob.http.post(f"/my/chat/{chat}/message/", json={"content": "hi", "target_agent": "coder"})

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["type"] == missing.json()["type"]
    assert site.denied == 1
