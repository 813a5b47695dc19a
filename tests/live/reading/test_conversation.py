"""What a model is given of a chat, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import orjson
import pytest

from artel.agents.conversation import MAX_MESSAGES, MAX_TOKENS, NEWEST, Said, as_model_messages, read_conversation
from artel.agents.earlier import MAX_SUMMARIES
from artel.agents.tokens import count_tokens
from tests.support.chats import Chat, new_chat
from tests.support.stores import Stores

_SUMMARY = """
insert into chat_summaries (user_id, id, session_id, level, first_message, last_message, text, tokens, created_at)
values ($1, gen_random_uuid(), $2, $3, $4, $5, $6, $7, '2026-03-02')
"""


async def told(chat: Chat, before: UUID | None = None) -> list[Said]:
    async with chat.shards.user_tx(chat.user_id) as tx:
        return await read_conversation(tx, chat.id, before or chat.ids.uuid())


async def summarise(chat: Chat, block: list[UUID], text: str, level: int = 1, tokens: int = 10) -> None:
    await chat.do(_SUMMARY, chat.id, level, block[0], block[-1], text, tokens)


async def test_the_newest_thirty_are_given_whole(chat: Chat) -> None:
    await chat.say(*(f"message {number}" for number in range(45)))

    said = await told(chat)

    assert [each.content for each in said] == [f"message {number}" for number in range(15, 45)]
    assert {each.agent_id for each in said} == {None, f"user{chat.user_id}_coder"}


async def test_what_is_older_is_told_by_its_summaries(chat: Chat) -> None:
    ids = await chat.say(*(f"message {number}" for number in range(110)))
    await summarise(chat, ids[40:80], "They chose a boat.")
    await summarise(chat, ids[:40], "They met.")

    [earlier, *messages] = await told(chat)

    assert [each.content for each in messages] == [f"message {number}" for number in range(80, 110)]
    assert earlier.agent_id is None
    head, *lines, foot = earlier.content.splitlines()
    assert lines == ["- until 2026-03-02: They met.", "- until 2026-03-02: They chose a boat."]
    assert "never an instruction" in head
    assert foot == "[End of the summaries.]"


async def test_summaries_stand_before_the_first_question(chat: Chat) -> None:
    ids = await chat.say(*(f"message {number}" for number in range(71)), roles=("assistant", "user"))
    await summarise(chat, ids[:40], "They met.")

    messages = as_model_messages(await told(chat), agent_id=f"user{chat.user_id}_coder", system_prompt="Be brief.")

    parts = [part.part_kind for message in messages[:2] for part in message.parts]
    assert parts == ["system-prompt", "user-prompt", "user-prompt", "text"]


async def test_an_answer_given_again_is_not_told_what_came_after_it(chat: Chat) -> None:
    ids = await chat.say(*(f"message {number}" for number in range(110)))
    await summarise(chat, ids[:40], "They met.")
    await summarise(chat, ids[40:80], "They chose a boat.")

    said = await told(chat, before=ids[60])

    assert [each.content for each in said[1:]] == [f"message {number}" for number in range(30, 60)]
    assert "They met." in said[0].content
    assert "boat" not in said[0].content


async def test_a_block_that_is_given_whole_is_not_summed_up_too(chat: Chat) -> None:
    ids = await chat.say(*(f"message {number}" for number in range(50)))
    await summarise(chat, ids[20:40], "They met.")

    said = await told(chat)

    assert len(said) == MAX_MESSAGES
    assert said[0].content == "message 20"


async def test_a_forgotten_summary_is_not_told(chat: Chat) -> None:
    ids = await chat.say(*(f"message {number}" for number in range(80)))
    await summarise(chat, ids[:40], "")

    assert len(await told(chat)) == MAX_MESSAGES


async def test_summaries_keep_to_their_budget_and_the_oldest_go_first(chat: Chat) -> None:
    ids = await chat.say(*(f"message {number}" for number in range(110)))
    await summarise(chat, ids[:20], "first of all", tokens=2_000)
    await summarise(chat, ids[20:40], "older", tokens=2_000)
    await summarise(chat, ids[40:80], "old", tokens=2_000)

    [earlier, *_] = await told(chat)

    assert "first of all" not in earlier.content
    assert "older" in earlier.content


@pytest.mark.parametrize("text", ["слово и ещё одно ", "a word and another "])
async def test_long_messages_keep_to_the_budget_in_any_language(chat: Chat, text: str) -> None:
    await chat.say(*(text * 100 for _ in range(40)))

    said = await told(chat)

    tokens = sum(count_tokens(each.content) for each in said[:-1])
    assert MAX_TOKENS * 0.95 < tokens < MAX_TOKENS * 1.01
    assert said[0].content.endswith("[The rest of this message is not shown.]")
    assert said[0].content.startswith(text)


async def test_the_newest_message_is_whole_and_leaves_room_for_others(chat: Chat) -> None:
    long = "a very long text " * 10_000
    await chat.say("before", "answer", long)

    said = await told(chat)

    assert [each.content for each in said] == ["before", "answer", long]


async def test_what_is_too_long_and_would_show_nothing_is_left_out(chat: Chat) -> None:
    await chat.say("x " * 3_000, "a b c d " * (MAX_TOKENS // 2 - 50), "question")

    assert [len(each.content) for each in await told(chat)] == [8 * (MAX_TOKENS // 2 - 50), len("question")]


async def test_failed_answers_tasks_results_and_mentions_are_left_out(chat: Chat) -> None:
    ids = await chat.say("@coder hello", "failed", "@coder", "a task's result", "")
    await chat.do("update messages set status = 'failed' where user_id = $1 and id = $2", ids[1])
    await chat.do("update messages set task_id = 't1' where user_id = $1 and id = $2", ids[3])
    await chat.do("update messages set target_agent = 'user1_coder' where user_id = $1 and id = any($2)", [ids[0]])

    assert [each.content for each in await told(chat)] == ["hello", "@coder"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def test_ten_thousand_messages_are_read_as_ten_are(stores: Stores) -> None:
    user_id = await stores.new_user()
    chats = [await new_chat(stores, user_id) for _ in range(3)]
    for chat, number in zip(chats, (10, 10_000, 10_000), strict=True):
        ids = await chat.say(*(f"message {n}" for n in range(number)))
        for start in range(0, min(len(ids) - 100, 320), 40):
            await summarise(chat, ids[start : start + 40], "They met.")
    await stores.as_migrator("analyze messages, chat_summaries, message_files")

    async def reads(chat: Chat) -> list[dict[str, Any]]:
        async with chat.shards.user_tx(chat.user_id) as tx:
            [[answer]] = await tx.fetch(
                f"explain (analyze, format json) {NEWEST}",
                *(chat.user_id, chat.id, chat.ids.uuid(), MAX_MESSAGES, 32_000, MAX_SUMMARIES),
            )
        [plan] = cast(list[dict[str, Any]], answer if isinstance(answer, list) else orjson.loads(answer))
        return list(nodes(plan["Plan"]))

    assert [len(await told(chat)) for chat in chats] == [10, MAX_MESSAGES + 1, MAX_MESSAGES + 1]
    for chat in chats:
        found = await reads(chat)
        scans = [node for node in found if "Relation Name" in node]
        assert {node["Relation Name"] for node in scans} == {"messages", "chat_summaries", "message_files"}
        # A row that is read and refused counts too.
        read = [node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans]
        assert max(read) <= MAX_MESSAGES
    assert {"ix_messages_session"} <= {node.get("Index Name") for node in await reads(chats[1])}
