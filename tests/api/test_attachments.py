"""Files sent along with messages: kept with them, shown to models that can take them, told of to the others."""

from __future__ import annotations

import asyncio
import base64
import io
import re
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.support import documents
from tests.support.api import Person, Site
from tests.support.model_server import ModelServer
from tests.support.planning import pending, settings
from tests.support.plans import plan, request, task
from tests.support.tool_people import answered, asked_about, calls, chosen, photo, yes
from tests.support.tool_scripts import calling


@pytest.fixture(autouse=True)
def _fresh_log(running_model_server: ModelServer) -> None:
    running_model_server.log.reset()


async def upload(person: Person, content: bytes, name: str = "a.txt") -> dict[str, Any]:
    """A file of the person's."""
    answer = await person.http.post("/my/files/", files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def _last(server: ModelServer, role: str = "user") -> list[Any]:
    """The last message of a role that the model was sent, as items."""
    messages = [each for each in server.log.requests[-1].body["messages"] if each["role"] == role]
    content = messages[-1]["content"]
    return [content] if isinstance(content, str) else content


def _pictures(items: list[Any]) -> list[Image.Image]:
    found: list[Image.Image] = []
    for item in items:
        if item["type"] == "image_url":
            url: str = item["image_url"]["url"]
            head, _, data = url.partition(",")
            assert head in ("data:image/png;base64", "data:image/jpeg;base64")
            found.append(Image.open(io.BytesIO(base64.b64decode(data))))
    return found


async def _next_question(person: Person, before: dict[str, Any]) -> dict[str, Any]:
    """What the agent asks after what it has been answered."""
    async with asyncio.timeout(20):
        while True:
            for approval in await pending(person):
                if approval["id"] != before["id"]:
                    return approval
            await asyncio.sleep(0.02)


async def test_a_file_stays_with_its_message(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    files = [await upload(ann, b"one", "1.txt"), await upload(ann, documents.picture(), "2.png")]

    answer = await ann.say(chat, "@coder Read these", attachments=[file["id"] for file in files])

    assert answer.status_code == 200, answer.text
    history = (await ann.http.get(f"/my/chat/{chat}/")).json()["items"]
    assert [item["attachments"] for item in history] == [files, []]
    await ann.http.delete(f"/my/files/{files[0]['id']}/")
    history = (await ann.http.get(f"/my/chat/{chat}/")).json()["items"]
    assert history[0]["attachments"] == files[1:]


async def test_a_model_reads_the_text_of_a_file(ann: Person, running_model_server: ModelServer) -> None:
    await ann.agent()
    chat = await ann.chat()
    file = await upload(ann, documents.docx("The answer is 42."), 'a "b".docx')

    await ann.say(chat, "@coder What is the answer?", attachments=[file["id"]])
    await ann.say(chat, "@coder And now?")

    [asked, _, again] = [each["content"] for each in running_model_server.log.requests[-1].body["messages"]]
    assert asked.startswith("What is the answer?\n\n<file name=")
    assert f'name="a &quot;b&quot;.docx" id="{file["id"]}"' in asked
    assert asked.endswith("\nThe answer is 42.\n</file>")
    assert again == "And now?"


async def test_a_model_that_sees_is_shown_pictures(ann: Person, running_model_server: ModelServer) -> None:
    await ann.agent()
    chat = await ann.chat()
    small = await upload(ann, documents.picture("PNG"), "small.png")
    large = await upload(ann, documents.picture("JPEG", (3200, 1000)), "large.jpg")

    await ann.say(chat, "@coder What is this?", attachments=[large["id"], small["id"]])

    items = _last(running_model_server)
    assert [item["type"] for item in items] == ["text", "image_url", "image_url"]
    assert [picture.size for picture in _pictures(items)] == [(1568, 490), (40, 30)]
    assert "[A picture; it is shown below.]" in items[0]["text"]


@pytest.mark.parametrize(
    "model", [{"provider": "openai", "name": "gpt-3.5-turbo"}, {"provider": "demo", "name": "demo"}]
)
async def test_a_model_that_cannot_see_is_told_of_the_picture(
    ann: Person, running_model_server: ModelServer, model: dict[str, str]
) -> None:
    await ann.agent(model=model)
    chat = await ann.chat()
    file = await upload(ann, documents.picture(), "cat.png")

    answer = await ann.say(chat, "@coder What is this?", attachments=[file["id"]])

    assert answer.json()["status"] == "complete"
    assert answer.json()["usage"]["input_tokens"] < 300
    if model["provider"] == "openai":
        [text] = _last(running_model_server)
        assert 'name="cat.png"' in text
        assert "[A picture that is not shown to you here.]" in text


async def test_of_a_broken_picture_a_model_is_told(ann: Person, running_model_server: ModelServer) -> None:
    await ann.agent()
    chat = await ann.chat()
    broken = await upload(ann, b"\x89PNG\r\n\x1a\n\0 broken", "broken.png")
    bomb = await upload(ann, documents.picture_bomb(), "bomb.png")

    answer = await ann.say(chat, "@coder What is this?", attachments=[broken["id"], bomb["id"]])

    assert answer.json()["status"] == "complete"
    [text] = _last(running_model_server)
    assert text.count("[A picture that is not shown to you here.]") == 2


async def test_only_files_need_no_words(ann: Person, running_model_server: ModelServer) -> None:
    await ann.agent()
    chat = await ann.chat()
    file = await upload(ann, b"just this", "a.txt")

    for content, target in (("", "coder"), ("@coder", None)):
        answer = await ann.say(chat, content, target_agent=target, attachments=[file["id"]])
        assert answer.status_code == 200, answer.text
        assert "just this" in _last(running_model_server)[0]
    assert (await ann.http.get(f"/my/chat/{chat}/")).json()["session"]["title"] == "a.txt"
    nothing = await ann.say(chat, "", target_agent="coder", attachments=[])
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "content")


@pytest.mark.parametrize("number", [1, 11])
async def test_files_that_are_not_there_or_too_many_are_refused(ann: Person, bob: Person, number: int) -> None:
    await ann.agent()
    chat = await ann.chat()
    theirs = (await upload(bob, b"theirs"))["id"]
    mine = (await upload(ann, b"mine"))["id"]

    answers = [
        await ann.say(chat, "@coder Read it", attachments=[mine, *[wrong] * number]) for wrong in (theirs, str(uuid4()))
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert answers[0].json() == answers[1].json()
    if number == 1:
        assert answers[0].json()["type"] == "/problems/no-such-attachment"
        assert [error["field"] for error in answers[0].json()["errors"]] == ["attachments.1"]
    assert (await ann.http.get(f"/my/chat/{chat}/")).json()["items"] == []


async def test_a_file_named_twice_is_sent_once(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    file = await upload(ann, b"one")

    await ann.say(chat, "@coder Read it", attachments=[file["id"], file["id"]])

    assert (await ann.http.get(f"/my/chat/{chat}/")).json()["items"][0]["attachments"] == [file]


async def test_a_plans_tasks_are_given_the_files_too(boss: Person, running_model_server: ModelServer) -> None:
    await settings(boss, plan_approval="never")
    chat = await boss.chat()
    text = await upload(boss, b"x" * 5000 + b" the end", "long.txt")
    picture = await upload(boss, documents.picture(), "cat.png")

    answer = await boss.say(
        chat, request(plan(task("t1"), task("t2", agent="writer"))), attachments=[text["id"], picture["id"]]
    )

    assert answer.json()["status"] == "complete"
    sent = running_model_server.log.requests
    [planning] = [each for each in sent if each.model == "planner" and each.body.get("tools")]
    tasks = [each for each in sent if each.model == "echo"]
    assert f"[the first 2000 of {text['characters']} characters" in planning.last_user_text
    assert "[image_url]" not in planning.last_user_text
    assert len(tasks) == 2
    for each in tasks:
        assert " the end\n</file>" in each.last_user_text
        assert "[image_url]" in each.last_user_text


async def test_a_photo_from_the_camera_is_seen_and_not_kept_twice(
    ann: Person, site: Site, running_model_server: ModelServer
) -> None:
    await ann.agent("Coder", tools=chosen("camera", "geolocation"))
    run_id, approval = await asked_about(ann, calling([("camera", {})], [("camera", {})]))
    await yes(ann, approval, result={"image": photo(size=(80, 60))})

    # It asks again: the first photo is in the checkpoint now, and is shown again once the second is there.
    again = await _next_question(ann, approval)
    [kept] = await site.stores.as_migrator("select history::text as history from tasks where user_id = $1", ann.id)
    assert '"kind": "binary"' in kept["history"]
    assert re.findall(r'"data": "[^"]*"', kept["history"]) == ['"data": ""']
    await yes(ann, again, result={"image": photo(size=(20, 10))})

    answer = await answered(ann, run_id)
    assert calls(answer) == [("camera", "ok"), ("camera", "ok")]
    messages = running_model_server.log.requests[-1].body["messages"]
    shown = [_pictures(each["content"]) for each in messages if isinstance(each["content"], list)]
    assert [picture.size for each in shown for picture in each] == [(80, 60), (20, 10)]


async def test_a_photo_that_is_deleted_meanwhile_is_a_note(ann: Person, running_model_server: ModelServer) -> None:
    await ann.agent("Coder", tools=chosen("camera", "geolocation"))
    run_id, approval = await asked_about(ann, calling([("camera", {})], [("geolocation", {})]))
    await yes(ann, approval, result={"image": photo()})
    question = await _next_question(ann, approval)
    [file] = (await ann.http.get("/my/files/")).json()["items"]
    await ann.http.delete(f"/my/files/{file['id']}/")

    await yes(ann, question, result={"latitude": 1, "longitude": 2, "accuracy": 3})

    assert (await answered(ann, run_id))["status"] == "complete"
    assert "[There was a picture here that cannot be shown any more.]" in str(
        running_model_server.log.requests[-1].body["messages"]
    )


async def test_an_agent_reads_its_users_files_with_the_tool(
    ann: Person, bob: Person, running_model_server: ModelServer
) -> None:
    await ann.agent("Coder", tools=chosen("files"))
    theirs = await upload(bob, b"a secret of another", "theirs.txt")
    long = await upload(ann, b"0123456789" * 3000, "long.txt")
    await upload(ann, documents.pdf("needle in a page"), "page.pdf")
    picture = await upload(ann, documents.picture(), "cat.png")
    chat = await ann.chat()

    answer = await ann.say(
        chat,
        "@coder "
        + calling(
            [
                ("files", {"action": "list"}),
                ("files", {"action": "read", "file_id": long["id"], "offset": 29_995}),
                ("files", {"action": "read", "file_id": long["id"]}),
                ("files", {"action": "search", "query": "NEEDLE page"}),
                ("files", {"action": "read", "file_id": theirs["id"]}),
                ("files", {"action": "read", "file_id": picture["id"]}),
            ]
        ),
    )

    results = [call["result"] for call in answer.json()["tool_calls"]]
    assert [file["name"] for file in results[0]["files"]] == ["cat.png", "page.pdf", "long.txt"]
    assert (results[0]["total"], results[1]["text"], results[1].get("next_offset")) == (3, "56789", None)
    assert (len(results[2]["text"]), results[2]["next_offset"]) == (20_000, 20_000)
    [found] = results[3]["found"]
    assert (found["name"], found["excerpt"]) == ("page.pdf", "needle in a page")
    assert "no file under this id" in results[4]["error"]
    assert results[5]["id"] == picture["id"]
    assert [shown.size for shown in _pictures(_last(running_model_server))] == [(40, 30)]
    assert "secret" not in str(running_model_server.log.requests[-1].body)


async def test_the_texts_of_many_files_keep_within_a_budget(ann: Person, running_model_server: ModelServer) -> None:
    await ann.agent(model={"provider": "openai", "name": "answer:tokens=3"})
    chat = await ann.chat()
    old = [await upload(ann, f"old{number} {'x' * 30_000}".encode()) for number in range(3)]
    new = [await upload(ann, f"new{number} {'y' * 15_000}".encode()) for number in range(2)]

    await ann.say(chat, "@coder Read", attachments=[file["id"] for file in old])
    await ann.say(chat, "@coder And these", attachments=[file["id"] for file in [*new, old[0]]])

    first, _, second = [each["content"] for each in running_model_server.log.requests[-1].body["messages"]]
    assert [name for name in ("new0", "new1", "old0") if name in second] == ["new0", "new1", "old0"]
    # What stands with the newest message does not stand again with the older one, and the rest gets what is left.
    assert ("old0" in first, "old1" in first, "old2" in first) == (False, True, False)
    assert "[the first 20000 of 30005 characters" in second
    assert first.count("is not shown here. The `files` tool reads it.]") == 2
    assert (first + second).count("x") + second.count("y") < 60_500
