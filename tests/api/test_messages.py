"""Sending a message: F9."""

from __future__ import annotations

import pytest

from tests.support.api import Person, Site


@pytest.mark.parametrize("target", ["user{id}_coder", "coder", "@coder", " @Coder "])
async def test_an_agent_is_named_in_three_ways(ann: Person, target: str) -> None:
    await ann.agent()
    chat = await ann.chat()

    answer = (await ann.say(chat, "hello", target_agent=target.format(id=ann.id))).json()

    assert (answer["mode"], answer["agent_id"]) == ("direct", f"user{ann.id}_coder")
    assert (answer["content"], answer["status"]) == ("You said: hello", "complete")


@pytest.mark.parametrize("content", ["@coder hello", "@CODER hello", "@coder\nhello", "  @coder   hello"])
async def test_a_mention_at_the_beginning_names_an_agent(ann: Person, content: str) -> None:
    await ann.agent()
    chat = await ann.chat()

    answer = (await ann.say(chat, content)).json()

    assert (answer["mode"], answer["content"]) == ("direct", "You said: hello")


@pytest.mark.parametrize("content", ["hello", "hello @coder", "mail me at a@coder", "@ coder", "@coder, hello", "@"])
async def test_anything_else_goes_to_the_orchestrator(ann: Person, content: str) -> None:
    await ann.agent()
    chat = await ann.chat()

    answer = (await ann.say(chat, content)).json()

    assert (answer["mode"], answer["agent_id"]) == ("auto", f"user{ann.id}_orchestrator")


async def test_with_a_target_the_text_is_only_text(ann: Person) -> None:
    await ann.agent("Coder")
    await ann.agent("Writer")
    chat = await ann.chat()

    answer = (await ann.say(chat, "@coder hello", target_agent="writer")).json()

    assert answer["agent_id"] == f"user{ann.id}_writer"


async def test_an_unknown_mention_says_who_is_there(ann: Person) -> None:
    await ann.agent("Coder")
    await ann.agent("Writer")
    chat = await ann.chat()

    answer = await ann.say(chat, "@codre hello")

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-mention")
    assert "@coder, @writer" in answer.json()["detail"]
    assert (await ann.http.get(f"/my/chat/{chat}/")).json()["items"] == []


async def test_without_wait_the_answer_is_on_its_way(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()

    answer = await ann.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder hello"})

    assert answer.status_code == 202
    assert set(answer.json()) == {"message_id", "run_id", "mode", "answer_id"}


async def test_a_wait_that_is_too_short_is_no_answer_and_loses_nothing(ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "hang"})
    chat = await ann.chat()

    answer = await ann.http.post(f"/my/chat/{chat}/message/?wait=0.05", json={"content": "@coder hello"})

    assert answer.status_code == 202
    run = (await ann.http.get(f"/my/runs/{answer.json()['run_id']}/")).json()
    assert run["status"] == "running"


@pytest.mark.parametrize("wait", ["-1", "121", "soon", "nan", "inf"])
async def test_an_odd_wait_is_refused(ann: Person, wait: str) -> None:
    chat = await ann.chat()

    answer = await ann.http.post(f"/my/chat/{chat}/message/", params={"wait": wait}, json={"content": "hi"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "wait")


@pytest.mark.parametrize(
    "content", ["", "   \n\t", "x" * 100_001, None, 7, ["hi"], "\x00", "a\x00b", "@coder", "@coder  "]
)
async def test_content_that_cannot_be_sent_is_refused(ann: Person, content: object) -> None:
    await ann.agent()
    chat = await ann.chat()

    answer = await ann.http.post(f"/my/chat/{chat}/message/", json={"content": content})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "content"
    assert (await ann.http.get(f"/my/chat/{chat}/")).json()["items"] == []


async def test_the_longest_content_and_any_script_come_through(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    content = "@coder " + "Привет 🦊 \\u0000 \u202e" * 5_000

    await ann.say(chat, content)

    stored = (await ann.http.get(f"/my/chat/{chat}/")).json()["items"][0]["content"]
    assert stored == content.strip()


async def test_an_answer_that_fails_says_why(ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "no-such-model"}, handle="coder")
    await ann.agent("Broken", model={"provider": "openai", "name": "status:code=401"})
    chat = await ann.chat()

    answer = await ann.say(chat, "@broken hello")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["error"]["code"]) == ("failed", "model_key_refused")
    assert answer.json()["error"]["detail"]


async def test_users_who_hammer_at_once_get_their_own_answers(site: Site, ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        await person.agent()
    chats = {person.id: await person.chat() for person in (ann, bob)}

    for round_number in range(3):
        for person in (ann, bob):
            answer = (await person.say(chats[person.id], f"@coder {person.email} {round_number}")).json()
            assert answer["content"] == f"You said: {person.email} {round_number}"
    for person in (ann, bob):
        text = (await person.http.get(f"/my/chat/{chats[person.id]}/")).text
        assert ({ann.email, bob.email} - {person.email}).pop() not in text
    assert site.house.metrics.user_isolation_violations.value == 0


async def test_an_answer_with_characters_that_no_database_takes_is_kept_without_them(ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "nul"})
    chat = await ann.chat()

    answer = (await ann.say(chat, "@coder hi")).json()

    assert (answer["status"], answer["content"]) == ("complete", "before and after")
