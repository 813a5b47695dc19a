"""Chats: the list, and what becomes of one: F8."""

from __future__ import annotations

import re

from tests.support.api import Person, Site


async def test_a_chat_is_made_renamed_and_deleted(ann: Person) -> None:
    made = await ann.http.post("/my/chat/sessions/", json={"title": " Plans "})
    chat = made.json()["id"]

    renamed = await ann.http.patch(f"/my/chat/{chat}/", json={"title": "Other plans"})
    deleted = await ann.http.delete(f"/my/chat/{chat}/")

    assert made.status_code == 201
    assert isinstance(chat, int)
    assert chat < 2**53
    assert (made.json()["title"], made.json()["running"]) == ("Plans", False)
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Other plans")
    assert deleted.status_code == 204
    assert (await ann.http.get(f"/my/chat/{chat}/")).status_code == 404
    assert (await ann.http.delete(f"/my/chat/{chat}/")).status_code == 404
    assert (await ann.http.patch(f"/my/chat/{chat}/", json={"title": "x"})).status_code == 404


async def test_the_first_message_gives_the_title(ann: Person) -> None:
    chat = await ann.chat()
    await ann.say(chat, "What is the meaning of\nlife, the universe and everything that one can think of?")

    title = (await ann.http.get("/my/chat/sessions/")).json()["items"][0]["title"]

    assert title.startswith("What is the meaning of life")
    assert len(title) <= 61


async def test_the_list_comes_in_pages_that_a_link_leads_through(ann: Person) -> None:
    chats = [await ann.chat(f"chat {number}") for number in range(7)]
    await ann.http.patch(f"/my/chat/{chats[0]}/", json={"title": "renamed"})
    seen: list[int] = []
    url: str | None = "/my/chat/sessions/?limit=3"

    while url:
        answer = await ann.http.get(url)
        page = answer.json()
        seen += [item["id"] for item in page["items"]]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert (link is None) == (page["next_cursor"] is None)
        url = link[1] if link else None

    assert seen == chats[::-1]


async def test_a_message_moves_its_chat_to_the_top(ann: Person) -> None:
    first, second = await ann.chat("first"), await ann.chat("second")

    await ann.say(first, "hello")

    items = (await ann.http.get("/my/chat/sessions/")).json()["items"]
    assert [item["id"] for item in items] == [first, second]


async def test_a_chat_at_work_says_so_and_stops_when_it_is_deleted(site: Site, ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "hang"})
    chat = await ann.chat()
    sent = (await ann.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder hi"})).json()
    listed = (await ann.http.get("/my/chat/sessions/")).json()["items"][0]

    deleted = await ann.http.delete(f"/my/chat/{chat}/")

    assert listed["running"] is True
    assert deleted.status_code == 204
    assert (await ann.http.get(f"/my/runs/{sent['run_id']}/")).status_code == 404
    assert (await ann.http.get("/my/agents/")).json()["items"][0]["running"] == 0
    assert not await site.stores.as_migrator("select id from tasks")


async def test_nobody_sees_or_touches_somebody_elses_chat(site: Site, ann: Person, bob: Person) -> None:
    chat = await ann.chat("secret")

    answers = [
        await bob.http.get(f"/my/chat/{chat}/"),
        await bob.http.patch(f"/my/chat/{chat}/", json={"title": "mine"}),
        await bob.http.delete(f"/my/chat/{chat}/"),
        await bob.http.post(f"/my/chat/{chat}/message/", json={"content": "hi"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert site.denied == 4
    assert (await bob.http.get("/my/chat/sessions/")).json()["items"] == []
    assert (await ann.http.get(f"/my/chat/{chat}/")).json()["session"]["title"] == "secret"
