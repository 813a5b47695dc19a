"""What is remembered of what was said, and what is not."""

from __future__ import annotations

import asyncio

import pytest

from artel.memory.ids import memory_id
from artel.memory.memories import Memories
from artel.memory.sources import PASSAGES_OF_A_TOOL
from tests.support.remembering import IDS, Diary
from tests.support.stores import Stores

DOG = "Мою собаку зовут Бублик, ей три года."
LAMP = "The lamp in the hall has been broken since Tuesday."


@pytest.fixture
async def diary(stores: Stores) -> Diary:
    return await Diary.of(stores)


async def counters(diary: Diary) -> list[tuple[int, int]]:
    rows = await diary.rows("select unlearned, unsummarised from chat_sessions where user_id = $1 order by id")
    return [tuple(row) for row in rows]


async def test_messages_are_remembered_as_they_were_said(diary: Diary) -> None:
    chat, coder = await diary.chat(), await diary.agent("coder")
    question = await diary.say(chat, DOG, agent=coder)
    answer = await diary.answer(chat, LAMP, agent=coder)
    result = await diary.answer(chat, f"{LAMP} So be it.", agent=coder, task="look")

    assert await diary.remember() == 3

    first, second, third = await diary.memories()
    assert (first["id"], first["source_id"]) == (memory_id(diary.user_id, "message", str(question), 0), str(question))
    said = await diary.rows("select created_at, run_id from messages where user_id = $1 and id = $2", question)
    assert (first["created_at"], first["run_id"]) == tuple(said[0])
    attributes = ("kind", "session_id", "agent_id", "call_type", "role", "text")
    assert [first[name] for name in attributes] == ["message", chat, coder, "direct", "user", DOG]
    assert [second[name] for name in attributes] == ["message", chat, coder, "direct", "assistant", LAMP]
    assert (second["source_id"], third["source_id"]) == (str(answer), str(result))
    assert third["kind"] == "task"
    assert all(row["indexed_revision"] == 0 and row["revision"] == 1 for row in (first, second, third))


async def test_nothing_is_remembered_twice(diary: Diary) -> None:
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.remember()
    await diary.run("update messages set remembered = false where user_id = $1")
    await diary.remember()

    assert await diary.texts() == [DOG]


async def test_what_says_nothing_or_failed_is_only_marked(diary: Diary) -> None:
    chat = await diary.chat()
    await diary.say(chat, "спасибо!")
    await diary.answer(chat, LAMP, status="failed")
    await diary.answer(chat, LAMP, status="cancelled")

    assert await diary.remember() == 3
    assert await diary.texts() == []
    assert await diary.remember() == 0


async def test_the_demo_model_is_not_remembered_but_who_speaks_to_it(diary: Diary) -> None:
    chat, coder = await diary.chat(), await diary.agent("coder")
    await diary.say(chat, DOG, agent=coder)
    await diary.answer(chat, LAMP, agent=coder)
    await diary.run(
        "insert into usage (user_id, id, run_id, agent_id, provider, model, input_tokens, output_tokens)"
        " values ($1, gen_random_uuid(), $2, $3, 'demo', 'demo', 1, 1)",
        diary.run_id,
        coder,
    )

    await diary.remember()

    assert await diary.texts() == [DOG]


async def test_a_chat_or_an_agent_that_is_switched_off_is_not_remembered(diary: Diary) -> None:
    off, on, mute = await diary.chat(memory=False), await diary.chat(), await diary.agent("mute", save=False)
    await diary.say(off, DOG)
    await diary.answer(off, LAMP)
    await diary.call(off, "web_fetch", LAMP)
    await diary.say(on, DOG, agent=mute)
    await diary.answer(on, LAMP, agent=mute)
    await diary.call(on, "web_fetch", LAMP, agent=mute)

    assert await diary.remember() == 6
    assert await diary.texts() == []
    assert await counters(diary) == [(0, 2), (0, 1 + 1)]


async def test_a_chat_is_told_how_much_of_it_is_unread(diary: Diary) -> None:
    chat, other = await diary.chat(), await diary.chat()
    for _ in range(3):
        await diary.say(chat, DOG)
    await diary.answer(chat, LAMP)
    await diary.answer(chat, LAMP, task="look")
    await diary.answer(chat, LAMP, status="failed")
    await diary.say(other, "ok")
    spoken = await diary.rows("select updated_at from chat_sessions where user_id = $1 order by id")

    await diary.remember()

    assert await counters(diary) == [(3, 4), (1, 1)]
    assert await diary.rows("select updated_at from chat_sessions where user_id = $1 order by id") == spoken


async def test_results_of_tools_are_remembered_up_to_a_limit(diary: Diary) -> None:
    chat = await diary.chat()
    source = await diary.call(chat, "web_fetch", "\n\n".join(f"{n} {LAMP * 10}" for n in range(50)))
    await diary.call(chat, "calculator", "4")
    await diary.call(chat, "web_fetch", {"error": LAMP}, status="failed")
    await diary.call(chat, "memory_search", LAMP)
    await diary.call(chat, "lookup", {"flight": "LH-1187", "gate": "B12"})

    await diary.remember()

    rows = await diary.memories()
    assert len(rows) == PASSAGES_OF_A_TOOL + 1
    assert {row["source_id"] for row in rows[:PASSAGES_OF_A_TOOL]} == {source}
    assert rows[0]["text"].startswith('web_fetch {"q":"x"}\n0 The lamp')
    assert "LH-1187" in rows[-1]["text"]
    assert {(row["kind"], row["call_type"], row["role"]) for row in rows} == {("tool", "tool", "tool")}


async def test_a_file_is_remembered_under_its_name_and_goes_with_it(diary: Diary) -> None:
    file = await diary.file("budget.txt", "\n\n".join([LAMP * 5] * 10))

    await diary.remember()

    rows = await diary.memories()
    assert len(rows) > 2
    assert all(row["text"].startswith("budget.txt\n") and row["file_id"] == file for row in rows)
    await diary.run("delete from files where user_id = $1")
    assert await diary.memories() == []
    assert len(await diary.rows("select id from memory_deletions where user_id = $1")) == len(rows)


async def test_a_new_file_waits_for_the_message_it_goes_with(diary: Diary) -> None:
    off, on = await diary.chat(memory=False), await diary.chat()
    file = await diary.file("secret.txt", LAMP, minutes_ago=0)
    assert await diary.remember() == 0

    await diary.attach(await diary.say(off, "ok"), file)
    await diary.remember()
    assert await diary.texts() == []

    open_file = await diary.file("open.txt", LAMP, minutes_ago=0)
    await diary.attach(await diary.say(on, "ok"), open_file)
    await diary.attach(await diary.say(off, "ok"), open_file)
    await diary.remember()
    assert await diary.texts() == [f"open.txt\n{LAMP}"]


async def test_many_sources_are_taken_in_batches(diary: Diary) -> None:
    chat = await diary.chat()
    for number in range(70):
        await diary.say(chat, f"{DOG} {number}")

    assert await diary.remember() == 70
    assert len(await diary.memories()) == 70


async def test_a_chat_that_is_deleted_takes_its_memories_with_it(diary: Diary) -> None:
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.remember()
    [row] = await diary.memories()

    await diary.run("delete from chat_sessions where user_id = $1")

    assert await diary.memories() == []
    gone = await diary.rows("select id from memory_deletions where user_id = $1")
    assert [each["id"] for each in gone] == [row["id"]]


async def test_what_is_forgotten_before_it_is_remembered_does_not_come_back(diary: Diary, stores: Stores) -> None:
    chat, other = await diary.chat(), await diary.chat()
    memories = Memories(diary.user_id, stores.shards, IDS)
    await diary.say(chat, DOG)
    await diary.answer(chat, LAMP, task="look")
    await diary.call(chat, "web_fetch", LAMP)
    await diary.say(other, f"{DOG} Да.")
    await diary.file("budget.txt", LAMP)

    await memories.forget_session(chat)
    await diary.remember()
    assert await diary.texts() == ["budget.txt\n" + LAMP, f"{DOG} Да."]
    assert await counters(diary) == [(0, 1), (1, 1)]

    await diary.say(other, DOG)
    await diary.file("plan.txt", LAMP)
    await memories.forget_all()
    await diary.remember()
    assert await diary.texts() == []
    assert await counters(diary) == [(0, 1), (1, 2)]


async def test_what_is_being_remembered_while_it_is_forgotten_goes_too(diary: Diary, stores: Stores) -> None:
    chat = await diary.chat()
    for number in range(30):
        await diary.say(chat, f"{DOG} {number}")
    memories = Memories(diary.user_id, stores.shards, IDS)

    await asyncio.gather(diary.remember(), memories.forget_session(chat))

    assert await diary.texts() == []
    assert (await counters(diary))[0][1] == 30
