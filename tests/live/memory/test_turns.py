"""A user's index is brought up to date, turn by turn, over real stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from artel.memory.context import ContextLost, ContextStore
from artel.memory.edge.store import EdgeContexts
from artel.memory.lease import lease
from artel.memory.turn import ELSEWHERE_SECONDS, Turns
from artel.memory.vectors import Space
from tests.support.embedders import ToyEmbedder
from tests.support.memory import SPACE, question
from tests.support.remembering import Diary, all_turns, turns_over
from tests.support.stores import Stores

DOG = "Мою собаку зовут Бублик, ей три года."
LAMP = "The lamp in the hall has been broken since Tuesday."
OTHER = Space("other", 16)


async def found(context: ContextStore, text: str, **ways: bool) -> list[str]:
    return [hit.text for hit in await context.search(question(text, **ways), limit=1)]


async def state(diary: Diary) -> dict[str, object]:
    [row] = await diary.rows("select * from memory_state where user_id = $1")
    return dict(row)


async def test_what_was_said_is_found(turns: Turns, diary: Diary, context: ContextStore) -> None:
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.answer(chat, LAMP)

    await all_turns(turns, diary.user_id)

    assert await found(context, "собака Бублик") == [DOG]
    assert await found(context, "broken lamp", by_words=False) == [LAMP]
    assert [(row["indexed_revision"], row["indexed_space"]) for row in await diary.memories()] == [(1, SPACE.name)] * 2
    after = await state(diary)
    assert (after["space"], after["next_space"], after["lease_until"]) == (SPACE.name, None, None)


async def test_who_said_nothing_has_no_index(turns: Turns, diary: Diary, context: ContextStore) -> None:
    await diary.say(await diary.chat(), "ok")

    await all_turns(turns, diary.user_id)

    with pytest.raises(ContextLost):
        await context.count()


async def test_what_is_edited_is_found_as_it_is_now(turns: Turns, diary: Diary, context: ContextStore) -> None:
    await diary.say(await diary.chat(), DOG)
    await all_turns(turns, diary.user_id)
    await diary.run("update memories set text = $2, revision = revision + 1 where user_id = $1", LAMP)

    await all_turns(turns, diary.user_id)

    assert await found(context, "lamp") == [LAMP]
    assert await context.count() == 1


async def test_what_is_edited_while_it_is_indexed_stays_in_the_queue(
    turns: Turns, diary: Diary, context: ContextStore, embedder: ToyEmbedder
) -> None:
    await diary.say(await diary.chat(), DOG)
    plain = embedder.passages

    async def edit_meanwhile(texts: list[str]) -> object:
        if texts == [DOG]:
            await diary.run("update memories set text = $2, revision = revision + 1 where user_id = $1", LAMP)
        return await plain(texts)

    embedder.passages = edit_meanwhile  # type: ignore[method-assign,assignment]

    assert await turns.take(diary.user_id) == 0
    assert [row["indexed_revision"] for row in await diary.memories()] == [0]
    await all_turns(turns, diary.user_id)
    assert await found(context, "lamp") == [LAMP]


async def test_what_was_deleted_is_found_no_more_and_a_purge_is_wanted(
    turns: Turns, diary: Diary, context: ContextStore
) -> None:
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.say(await diary.chat(), LAMP)
    await all_turns(turns, diary.user_id)
    await diary.run("delete from chat_sessions where user_id = $1 and id = $2", chat)

    await all_turns(turns, diary.user_id)

    assert await context.count() == 1
    assert await diary.rows("select from memory_deletions where user_id = $1") == []
    assert (await state(diary))["purge_wanted_at"] is not None


async def test_of_who_forgets_everything_nothing_stays(turns: Turns, diary: Diary, context: ContextStore) -> None:
    await diary.say(await diary.chat(), DOG)
    await all_turns(turns, diary.user_id)
    await diary.run("delete from memories where user_id = $1")
    await diary.run("update memory_state set purge_wanted_at = now() where user_id = $1")

    await all_turns(turns, diary.user_id)

    with pytest.raises(ContextLost):
        await context.count()
    assert await diary.rows("select from memory_deletions where user_id = $1") == []
    after = await state(diary)
    assert (after["space"], after["purge_wanted_at"]) == (SPACE.name, None)

    await diary.run("update messages set remembered = false where user_id = $1")
    await all_turns(turns, diary.user_id)
    assert await found(context, "Бублик") == [DOG]


async def test_a_purge_comes_after_a_minute_and_not_again_for_ten(
    turns: Turns, diary: Diary, context: ContextStore
) -> None:
    seconds = 0.0
    turns.clock = lambda: seconds
    turns.now = lambda: datetime.now(UTC) + timedelta(seconds=seconds)
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.say(chat, LAMP)
    await all_turns(turns, diary.user_id)
    await diary.run("delete from memories where user_id = $1 and text = $2", DOG)
    await all_turns(turns, diary.user_id)
    assert (await state(diary))["purge_wanted_at"] is not None

    seconds = 70.0
    await all_turns(turns, diary.user_id)
    assert (await state(diary))["purge_wanted_at"] is None
    assert await found(context, "lamp") == [LAMP]

    await diary.run("update memory_state set purge_wanted_at = now() where user_id = $1")
    seconds = 140.0
    await all_turns(turns, diary.user_id)
    assert (await state(diary))["purge_wanted_at"] is not None
    seconds = 700.0
    await all_turns(turns, diary.user_id)
    assert (await state(diary))["purge_wanted_at"] is None


async def test_a_memory_that_comes_back_while_it_is_deleted_is_indexed_again(
    turns: Turns, diary: Diary, context: ContextStore
) -> None:
    await diary.say(await diary.chat(), DOG)
    await all_turns(turns, diary.user_id)
    await diary.run("delete from memories where user_id = $1")
    await diary.run("update messages set remembered = false where user_id = $1")

    await all_turns(turns, diary.user_id)

    assert await found(context, "Бублик") == [DOG]


async def test_what_is_superseded_leaves_the_index_and_stays_to_be_seen(
    turns: Turns, diary: Diary, context: ContextStore
) -> None:
    await diary.say(await diary.chat(), DOG)
    await all_turns(turns, diary.user_id)
    await diary.run("update memories set superseded_by = id, revision = revision + 1 where user_id = $1")

    await all_turns(turns, diary.user_id)

    assert await context.count() == 0
    assert await diary.texts() == [DOG]


async def test_without_the_model_words_are_found_and_vectors_follow(
    turns: Turns, diary: Diary, context: ContextStore, embedder: ToyEmbedder
) -> None:
    embedder.is_away = True
    await diary.say(await diary.chat(), DOG)
    assert await turns.take(diary.user_id) == 0
    assert await found(context, "Бублик") == [DOG]
    assert await context.ids_without(SPACE.name) == [row["id"] for row in await diary.memories()]

    embedder.is_away = False
    await all_turns(turns, diary.user_id)

    assert await context.ids_without(SPACE.name) == []
    assert [row["indexed_space"] for row in await diary.memories()] == [SPACE.name]


async def test_with_the_model_switched_off_only_words_are_found(
    stores: Stores, contexts: EdgeContexts, diary: Diary, context: ContextStore
) -> None:
    await diary.say(await diary.chat(), DOG)

    await all_turns(turns_over(stores, contexts, None), diary.user_id)

    assert await found(context, "Бублик", by_meaning=False) == [DOG]
    assert [row["indexed_space"] for row in await diary.memories()] == [None]


async def test_a_text_that_the_model_refuses_holds_up_nobody(
    turns: Turns, diary: Diary, context: ContextStore, embedder: ToyEmbedder
) -> None:
    embedder.refuses = "Бублик"
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.say(chat, LAMP)

    await all_turns(turns, diary.user_id)

    assert await found(context, "lamp") == [LAMP]
    assert await found(context, "Бублик", by_meaning=False) == [DOG]


async def test_a_lost_index_is_built_anew(turns: Turns, diary: Diary, context: ContextStore) -> None:
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await all_turns(turns, diary.user_id)
    await context.erase()
    await diary.say(chat, LAMP)

    await all_turns(turns, diary.user_id)

    assert await context.count() == 2


async def test_an_index_that_is_doubted_is_looked_at_without_a_message(
    turns: Turns, diary: Diary, context: ContextStore
) -> None:
    await diary.say(await diary.chat(), DOG)
    await all_turns(turns, diary.user_id)
    await context.erase()

    turns.doubt(diary.user_id)
    await all_turns(turns, diary.user_id)

    assert await found(context, "Бублик") == [DOG]


async def test_what_the_store_lacks_or_has_too_much_is_healed_by_the_next_process(
    stores: Stores, contexts: EdgeContexts, turns: Turns, diary: Diary, context: ContextStore, embedder: ToyEmbedder
) -> None:
    chat = await diary.chat()
    await diary.say(chat, DOG)
    await diary.say(chat, LAMP)
    await all_turns(turns, diary.user_id)
    lost, known = (row["id"] for row in await diary.memories())
    await context.delete([lost])
    await diary.run("update memories set id = gen_random_uuid() where user_id = $1 and id = $2", known)

    await all_turns(turns_over(stores, contexts, embedder), diary.user_id)

    assert sorted(await context.ids()) == sorted(row["id"] for row in await diary.memories())
    assert await context.count() == 2


async def test_another_process_waits_for_the_lease(turns: Turns, diary: Diary, stores: Stores) -> None:
    await diary.say(await diary.chat(), DOG)
    async with lease(stores.shards, diary.user_id, "somebody else") as held:
        assert held is not None
        assert await turns.take(diary.user_id) == ELSEWHERE_SECONDS
        assert await diary.texts() == []

    await all_turns(turns, diary.user_id)
    assert await diary.texts() == [DOG]


async def test_the_lease_of_the_dead_is_taken(turns: Turns, diary: Diary) -> None:
    await diary.say(await diary.chat(), DOG)
    await diary.run(
        "insert into memory_state (user_id, worker, lease_until) values ($1, 'dead', now() - interval '1 second')"
    )

    await all_turns(turns, diary.user_id)

    assert await diary.texts() == [DOG]


async def test_a_new_model_is_moved_into_and_the_old_one_dropped_later(
    stores: Stores, contexts: EdgeContexts, turns: Turns, diary: Diary, context: ContextStore
) -> None:
    chat = await diary.chat()
    for number in range(70):
        await diary.say(chat, f"{DOG} {number}")
    await all_turns(turns, diary.user_id)

    other = turns_over(stores, contexts, ToyEmbedder(OTHER))
    assert await other.take(diary.user_id) == 0
    under_way = await state(diary)
    assert (under_way["space"], under_way["next_space"]) == (SPACE.name, OTHER.name)
    assert 0 < len(await context.ids_without(OTHER.name)) < 70

    # Another process goes on where this one was.
    another = turns_over(stores, contexts, ToyEmbedder(OTHER))
    await all_turns(another, diary.user_id)
    after = await state(diary)
    assert (after["space"], after["next_space"]) == (OTHER.name, None)
    assert await context.ids_without(OTHER.name) == await context.ids_without(SPACE.name) == []

    another.now = lambda: datetime.now(UTC) + timedelta(hours=2)
    await all_turns(another, diary.user_id)
    assert [space.name for space in (await context.ensure([])).spaces] == [OTHER.name]
    assert (await state(diary))["drop_spaces_at"] is None
