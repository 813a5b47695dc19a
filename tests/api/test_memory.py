"""What is remembered, as its user goes through it: list, notes, edits, forgetting, export, profile, state."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import orjson
import pytest

from artel.events.types import MemoryChanged
from tests.support.api import Person, Site


async def note(person: Person, text: str, **more: Any) -> str:
    """Remembers something; the new memory's id."""
    made = await person.http.post("/my/memory/", json={"text": text, **more})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def texts(person: Person, query: str = "") -> list[str]:
    """What the list shows."""
    answer = await person.http.get(f"/my/memory/{query}")
    assert answer.status_code == 200, answer.text
    return [item["text"] for item in answer.json()["items"]]


async def test_a_note_is_made_corrected_and_forgotten(ann: Person) -> None:
    chat = await ann.chat("About dogs")
    made = await ann.http.post("/my/memory/", json={"text": "  Мою собаку зовут Бублик. ", "session_id": chat})
    memory = made.json()

    edited = await ann.http.patch(f"/my/memory/{memory['id']}/", json={"text": "Мою собаку зовут Рогалик."})
    same = await ann.http.patch(f"/my/memory/{memory['id']}/", json={"text": "Мою собаку зовут Рогалик."})
    listed = (await ann.http.get("/my/memory/")).json()["items"]
    forgotten = await ann.http.delete(f"/my/memory/{memory['id']}/")

    assert made.status_code == 201
    assert (memory["text"], memory["kind"], memory["call_type"], memory["role"]) == (
        "Мою собаку зовут Бублик.", "note", "note", "user",
    )  # fmt: skip
    assert (memory["edited_at"], memory["indexed"], memory["source"], memory["score"]) == (None, False, None, None)
    assert edited.json()["text"] == "Мою собаку зовут Рогалик."
    assert edited.json()["edited_at"] == same.json()["edited_at"] is not None
    assert listed == [edited.json()]
    assert (listed[0]["session_id"], listed[0]["session_title"]) == (chat, "About dogs")
    assert forgotten.status_code == 204
    assert await texts(ann) == []
    assert (await ann.http.delete(f"/my/memory/{memory['id']}/")).status_code == 404
    assert (await ann.http.patch(f"/my/memory/{memory['id']}/", json={"text": "x"})).status_code == 404


async def test_the_list_comes_newest_first_in_pages(ann: Person) -> None:
    for number in range(7):
        await note(ann, f"note {number}")
    seen: list[str] = []
    url: str | None = "/my/memory/?limit=3&kind=note"

    while url:
        answer = await ann.http.get(url)
        seen += [item["text"] for item in answer.json()["items"]]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert (link is None) == (answer.json()["next_cursor"] is None)
        url = link[1] if link else None

    assert seen == [f"note {number}" for number in range(6, -1, -1)]


async def test_the_list_is_filtered(site: Site, ann: Person) -> None:
    chat, other = await ann.chat(), await ann.chat()
    await note(ann, "in a chat", session_id=chat)
    await note(ann, "anywhere")
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute(_FACTS, tx.user_id, *(site.house.ids.uuid() for _ in range(2)), chat)

    assert await texts(ann, f"?session_id={chat}") == ["in a chat", "Lives in Kazan"]
    assert await texts(ann, f"?session_id={other}") == []
    assert await texts(ann, "?kind=note") == ["anywhere", "in a chat"]
    assert await texts(ann, "?call_type=direct") == []
    assert await texts(ann, "?agent_id=user1_coder") == ["Lives in Kazan"]
    assert await texts(ann, "?since=2026-01-01T00:00:00&until=2026-01-02T00:00:00Z") == ["Lives in Kazan"]
    assert await texts(ann, "?until=2025-01-01T00:00:00Z") == []
    both = (await ann.http.get("/my/memory/?superseded=true&kind=fact")).json()["items"]
    assert [(item["text"], item["superseded_by"] is None) for item in both] == [
        ("Lives in Kazan", True),
        ("Lives in Moscow", False),
    ]
    assert both[0]["source"] == {"kind": "fact", "id": "a message"}


async def test_a_chat_or_everything_is_forgotten(ann: Person) -> None:
    chat = await ann.chat()
    await note(ann, "in a chat", session_id=chat)
    await note(ann, "anywhere")
    await ann.http.put("/my/memory/profile/", json={"text": "I am Ann.", "learn": False})

    assert (await ann.http.delete(f"/my/memory/?session_id={chat}")).status_code == 204
    after_one = await texts(ann)
    assert (await ann.http.delete("/my/memory/")).status_code == 204

    assert after_one == ["anywhere"]
    assert await texts(ann) == []
    profile = (await ann.http.get("/my/memory/profile/")).json()
    assert (profile["text"], profile["learn"]) == ("", False)
    assert (await ann.http.get("/my/memory/state/")).json()["forgetting"] == 2


async def test_what_was_remembered_of_a_chat_goes_with_it(ann: Person) -> None:
    chat = await ann.chat()
    await note(ann, "in a chat", session_id=chat)

    await ann.http.delete(f"/my/chat/{chat}/")

    assert await texts(ann) == []
    assert (await ann.http.get("/my/memory/state/")).json()["forgetting"] == 1


async def test_everything_is_taken_along(ann: Person) -> None:
    await ann.http.put("/my/memory/profile/", json={"text": "Я Аня."})
    for number in range(3):
        await note(ann, f"note {number}")

    answer = await ann.http.get("/my/memory/export/")

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert "attachment" in answer.headers["content-disposition"]
    profile, *notes = map(orjson.loads, answer.text.splitlines())
    assert (profile["kind"], profile["text"], profile["learn"]) == ("profile", "Я Аня.", True)
    assert [each["text"] for each in notes] == ["note 0", "note 1", "note 2"]


async def test_an_export_goes_on_behind_its_first_batch(site: Site, ann: Person) -> None:
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute(_MANY, tx.user_id)

    lines = (await ann.http.get("/my/memory/export/")).text.splitlines()

    assert len(lines) == 1 + 1100
    assert len({orjson.loads(line)["id"] for line in lines[1:]}) == 1100


async def test_the_profile_is_empty_until_it_is_written(ann: Person) -> None:
    before = (await ann.http.get("/my/memory/profile/")).json()
    written = await ann.http.put("/my/memory/profile/", json={"text": " I prefer short answers. ", "learn": False})

    assert before == {"text": "", "learn": True, "updated_at": None}
    assert (written.json()["text"], written.json()["learn"]) == ("I prefer short answers.", False)
    assert (await ann.http.get("/my/memory/profile/")).json() == written.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/my/memory/", {"text": "   "}, "text"),
        ("POST", "/my/memory/", {"text": "\0"}, "text"),
        ("POST", "/my/memory/", {"text": "x" * 4001}, "text"),
        ("POST", "/my/memory/", {}, "text"),
        ("POST", "/my/memory/", {"text": "x", "kind": "fact"}, "kind"),
        ("PUT", "/my/memory/profile/", {"text": "x" * 3201}, "text"),
        ("GET", "/my/memory/?kind=nonesuch", None, "kind"),
        ("GET", "/my/memory/?since=yesterday", None, "since"),
        ("GET", "/my/memory/?cursor=WzEsInoiXQ", None, "cursor"),
        ("GET", "/my/memory/?cursor=WzEsMl0", None, "cursor"),
        ("GET", "/my/memory/nonesuch/", None, None),
    ],
)
async def test_bad_input_says_which_field(
    ann: Person, method: str, path: str, body: dict[str, Any] | None, field: str | None
) -> None:
    answer = await ann.http.request(method, path, json=body)

    if field is None:
        assert answer.status_code == 405
        return
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await texts(ann) == []


async def test_what_is_changed_is_told_to_every_page(site: Site, ann: Person) -> None:
    async with site.house.hub.waiter(ann.id, lambda event: isinstance(event, MemoryChanged)) as waiter:
        made = await note(ann, "hello")
        told = await waiter.result(10)

    assert isinstance(told, MemoryChanged)
    assert (told.reason, told.ids) == ("saved", (UUID(made),))


async def test_a_note_sent_twice_is_remembered_once(ann: Person) -> None:
    key = {"Idempotency-Key": "a-note"}
    first = await ann.http.post("/my/memory/", json={"text": "once"}, headers=key)
    second = await ann.http.post("/my/memory/", json={"text": "once"}, headers=key)

    assert (first.status_code, second.status_code) == (201, 201), first.text
    assert second.json() == first.json()
    assert await texts(ann) == ["once"]


async def test_nobody_elses_memories(ann: Person, bob: Person) -> None:
    chat = await ann.chat()
    made = await note(ann, "Ann's", session_id=chat)

    assert await texts(bob) == []
    assert (await bob.http.patch(f"/my/memory/{made}/", json={"text": "Bob's"})).status_code == 404
    assert (await bob.http.delete(f"/my/memory/{made}/")).status_code == 404
    assert (await bob.http.get(f"/my/memory/?session_id={chat}")).status_code == 404
    assert (await bob.http.get(f"/my/memory/?q=dog&session_id={chat}")).status_code == 404
    assert (await bob.http.delete(f"/my/memory/?session_id={chat}")).status_code == 404
    assert (await bob.http.post("/my/memory/", json={"text": "x", "session_id": chat})).status_code == 404
    assert await texts(ann) == ["Ann's"]


async def test_an_answer_shows_what_it_was_told_until_that_is_forgotten(site: Site, ann: Person) -> None:
    chat = await ann.chat("Dogs")
    await ann.agent()
    await ann.http.post(f"/my/chat/{chat}/message/?wait=20", json={"content": "@coder hello"})
    made = await note(ann, "My dog is Bublik", session_id=chat)
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute(_RECALLED, tx.user_id, f'[{{"id": "{made}", "score": 0.7, "why": "both"}}]')

    answer = (await ann.http.get(f"/my/chat/{chat}/")).json()["items"][-1]
    await ann.http.delete(f"/my/memory/{made}/")
    after = (await ann.http.get(f"/my/chat/{chat}/")).json()["items"][-1]

    [shown] = answer["recalled"]
    assert (shown["text"], shown["why"], shown["score"], shown["session_title"]) == (
        "My dog is Bublik", "both", 0.7, "Dogs",
    )  # fmt: skip
    [gone] = after["recalled"]
    assert (gone["id"], gone["text"], gone["session_id"]) == (made, None, None)


async def test_a_corrected_summary_is_told_as_it_was_corrected(site: Site, ann: Person) -> None:
    chat, summary = await ann.chat(), site.house.ids.uuid()
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute(_SUMMARY, tx.user_id, summary, chat)
        await tx.execute(_SUMMARYS_MEMORY, tx.user_id, summary, chat)

    assert (await ann.http.patch(f"/my/memory/{summary}/", json={"text": "They spoke of cats."})).status_code == 200

    async with site.house.shards.user_tx(ann.id) as tx:
        told = await tx.fetchval("select text from chat_summaries where user_id = $1 and id = $2", tx.user_id, summary)
    assert told == "They spoke of cats."


async def test_a_chat_is_not_remembered_when_its_user_says_so(ann: Person) -> None:
    chat = await ann.chat("Private")

    off = await ann.http.patch(f"/my/chat/{chat}/", json={"memory": False})
    listed = (await ann.http.get("/my/chat/sessions/")).json()["items"]
    renamed = await ann.http.patch(f"/my/chat/{chat}/", json={"title": "Still private"})

    assert (off.json()["memory"], off.json()["title"]) == (False, "Private")
    assert listed[0]["memory"] is False
    assert (renamed.json()["memory"], renamed.json()["title"]) == (False, "Still private")


_FACTS = """
insert into memories (
    user_id, id, kind, source_id, session_id, agent_id, call_type, role, text, created_at, superseded_by
)
values ($1, $2, 'fact', 'a message', $4, 'user1_coder', 'note', 'user', 'Lives in Kazan', '2026-01-01T12:00:00Z', null),
    ($1, $3, 'fact', 'a message', $4, 'user1_coder', 'note', 'user', 'Lives in Moscow', '2025-06-01T12:00:00Z', $2)
"""

_MANY = """
insert into memories (user_id, id, kind, call_type, role, text)
select $1, gen_random_uuid(), 'note', 'note', 'user', 'note ' || number from generate_series(1, 1100) number
"""

_RECALLED = "update messages set recalled = $2::jsonb where user_id = $1 and role = 'assistant'"

_SUMMARY = """
insert into chat_summaries (user_id, id, session_id, level, first_message, last_message, text, tokens)
values ($1, $2, $3, 0, $2, $2, 'They spoke of dogs.', 5)
"""

_SUMMARYS_MEMORY = """
insert into memories (user_id, id, kind, session_id, call_type, role, text)
values ($1, $2, 'summary', $3, 'note', 'assistant', 'They spoke of dogs.')
"""
