"""A whole house reads its users' chats by itself, with their orchestrator's model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from artel.agents.reading.due import FULL
from artel.app.reading import Minds, facts_by_meaning, reading_sweep
from artel.memory.context import ContextUnavailable
from artel.memory.finder import Finder, Sought
from artel.memory.remember import remember
from artel.memory.views import COLUMNS, Found, MemoryView
from artel.memory.words import WordReader
from artel.store.shards import Shards, StoreUnavailable
from tests.support.chats import Chat, new_chat
from tests.support.house import OpenHouse
from tests.support.model_server import ModelServer
from tests.support.reading import Asked, Desk, pause, spent
from tests.support.stores import Stores

_TOLD = 'My dog is called Bublik. [[plan {"facts": [%s]}]]'
_FACT = '{"text": "The user has a dog, Bublik.", "source_message": "m1", "supersedes": null}'
_A_FACT = """
insert into memories (user_id, id, kind, source_id, session_id, call_type, role, text)
values ($1, $2, 'fact', $3, $4, 'note', 'user', 'The user has a dog.')
"""
_ORCHESTRATOR = "insert into user_orchestrators (user_id, config) values ($1, $2::jsonb)"


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110  # the database tells only when asked
            await asyncio.sleep(0.02)


async def test_a_quiet_chat_is_learned_from_with_the_default_model(
    chat: Chat, stores: Stores, open_house_over: OpenHouse, model_server: ModelServer
) -> None:
    model_server.log.reset()
    await chat.tell(_TOLD % _FACT)
    await chat.grow_quiet()

    async with open_house_over(stores, ARTEL_DEFAULT_MODEL="openai:scripted"):
        await until(chat.facts)

    assert [row["text"] for row in await chat.facts()] == ["The user has a dog, Bublik."]
    [call] = await chat.read("select agent_id, provider, model, input_tokens from usage where user_id = $1")
    assert dict(call) == {
        "agent_id": f"user{chat.user_id}_orchestrator",
        "provider": "openai",
        "model": "scripted",
        "input_tokens": 20,
    }
    assert await pause(chat) == 0


async def test_a_long_chat_is_summed_up_with_the_orchestrators_own_model(
    chat: Chat, stores: Stores, open_house_over: OpenHouse, model_server: ModelServer
) -> None:
    await chat.do(_ORCHESTRATOR, '{"model": {"provider": "openai", "name": "tool"}}')
    await chat.say(*(f"message {number}" for number in range(FULL)))
    await chat.set(unsummarised=FULL)

    async with open_house_over(stores, ARTEL_DEFAULT_MODEL="openai:scripted"):
        await until(chat.summaries)

    [summary] = await chat.summaries()
    assert summary["text"]
    assert len(await spent(chat)) == 1


async def test_without_a_model_nobody_is_asked(
    chat: Chat, stores: Stores, open_house_over: OpenHouse, model_server: ModelServer
) -> None:
    model_server.log.reset()
    await chat.tell(_TOLD % _FACT)
    await chat.grow_quiet()

    async def has_paused() -> bool:
        return bool(await chat.read("select 1 from memory_state where user_id = $1 and reader is null"))

    async with open_house_over(stores, ARTEL_DEFAULT_MODEL="demo:demo") as house:
        await until(has_paused)
        assert await Minds(house.shards, house.dry_run.agents).open(chat.user_id) is None

    assert (model_server.log.calls, await chat.facts(), await spent(chat)) == (0, [], [])
    assert await pause(chat) > 3_000


async def test_one_users_fault_does_not_keep_others_from_being_read(stores: Stores, chat: Chat, desk: Desk) -> None:
    other = await new_chat(stores, await stores.new_user())
    for each in (chat, other):
        await each.tell("My dog is called Bublik.")
        await each.grow_quiet()
    seen: set[int] = set()

    async def read(user_id: int) -> None:
        seen.add(user_id)
        if user_id == chat.user_id:
            raise ZeroDivisionError
        await desk.reader().read(user_id)

    await reading_sweep(stores.shards, read).turn()

    assert seen == {chat.user_id, other.user_id}
    assert (await other.row())["unlearned"] == 0


async def test_a_shard_that_does_not_answer_is_looked_at_again_later(stores: Stores, chat: Chat, desk: Desk) -> None:
    await chat.tell("My dog is called Bublik.")
    await chat.grow_quiet()

    class Broken:
        by_name = ("away", *stores.shards.by_name)

        @asynccontextmanager
        async def shard_system_tx(self, shard: str) -> AsyncGenerator[Any]:
            if shard == "away":
                raise StoreUnavailable
            async with stores.shards.shard_system_tx(shard) as session:
                yield session

    await reading_sweep(cast(Shards, Broken()), desk.reader().read).turn()

    assert len(desk.asked) == 1


async def test_what_is_remembered_is_counted_and_then_read(chat: Chat, desk: Desk) -> None:
    """From messages as the bus stores them to a fact and a summary, with nothing set by hand."""
    texts = ["My dog is called Bublik." if number == 4 else f"number {number} is mine" for number in range(FULL)]
    ids = await chat.say(*texts)
    while await remember(chat.shards, chat.user_id, WordReader(), asyncio.to_thread):
        pass
    counted = await chat.row()
    desk.answer = lambda asked: (
        {"summary": "They talked."}
        if asked.form == "summary"
        else {"facts": [{"text": "The user has a dog, Bublik.", "source_message": id} for id in bublik(asked)]}
    )

    await desk.read(chat)

    assert (counted["unlearned"], counted["unsummarised"]) == (FULL // 2, FULL)
    assert [(row["text"], row["source_id"]) for row in await chat.facts()] == [
        ("The user has a dog, Bublik.", str(ids[4]))
    ]
    assert len(await chat.summaries()) == 1
    read = await chat.row()
    assert (read["unlearned"], read["unsummarised"], read["learned_to"]) == (0, FULL - 40, ids[-2])


def bublik(asked: Asked) -> list[str]:
    return [id for id, text in asked.new.items() if "Bublik" in text]


async def test_facts_are_found_by_meaning_and_by_age_while_that_is_away(chat: Chat) -> None:
    [source] = await chat.tell("My dog is called Bublik.")
    old, new = (await chat.say("a", "b"))[:2]
    for id in (old, new):
        await chat.do(_A_FACT, id, str(source), chat.id)

    class Nearest:
        is_away = False

        async def find(self, user_id: int, about: str, where: Sought, limit: int) -> list[Found]:
            if self.is_away:
                raise ContextUnavailable
            assert (user_id, about, where, limit) == (chat.user_id, "dogs", Sought(kind="fact"), 1)
            [row] = await chat.read(f"select {COLUMNS} from memories where user_id = $1 and id = $2", old)
            return [Found(MemoryView(**row), 0.9, "meaning")]

    nearest = Nearest()
    find = facts_by_meaning(chat.shards, cast(Finder, nearest))

    assert [fact.id for fact in await find(chat.user_id, "dogs", 1)] == [old]
    nearest.is_away = True
    assert [fact.id for fact in await find(chat.user_id, "dogs", 1)] == [new]
