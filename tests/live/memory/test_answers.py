"""An answer is found by what it answers, and by that no longer once it is edited or forgotten; over real stores."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from artel.memory.context import ContextStore
from artel.memory.edge.store import EdgeContexts
from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.memories import Memories
from artel.memory.rebuild import rebuild
from artel.memory.recipe import RECIPE
from artel.memory.turn import Turns
from artel.memory.vectors import Space
from tests.support.embedders import ToyEmbedder
from tests.support.memory import SPACE, question
from tests.support.remembering import IDS, Diary, all_turns, turns_over
from tests.support.stores import Stores

ASKED = "Чем отмыть накипь в чайнике?"
ANSWER = "Вскипятите воду с лимонной кислотой."
BOTH = f"{ASKED}\n{ANSWER}"
EDITED = "Чем отчистить утюг от ржавчины?"


@pytest.fixture
async def diary(diary: Diary) -> Diary:
    """With one answer in it."""
    chat = await diary.chat()
    await diary.answer(chat, ANSWER, to=await diary.say(chat, ASKED))
    return diary


@pytest.fixture
def memories(diary: Diary) -> Memories:
    return Memories(diary.user_id, diary.shards, IDS)


async def by_words(context: ContextStore, words: str) -> set[str]:
    return {hit.text for hit in await context.search(question(words, by_meaning=False))}


async def similarity(context: ContextStore, words: str) -> float:
    """Of the answer, by meaning."""
    hits = await context.search(question(words, by_words=False))
    return next(hit.similarity or 0.0 for hit in hits if hit.text == ANSWER)


async def id_of(diary: Diary, text: str) -> UUID:
    return next(row["id"] for row in await diary.memories() if row["text"] == text)


def alone(said: str, question: str | None) -> str:
    """How an answer was indexed before."""
    del question
    return said


async def in_need(diary: Diary, space: str | None = SPACE.name) -> bool:
    """Whether a sweep would find this user."""
    async with diary.shards.shard_system_tx(next(iter(diary.shards.by_name))) as session:
        return diary.user_id in set(await session.scalars(text(_IN_NEED), {"space": space}))


async def test_an_answer_is_found_by_its_question_and_shown_alone(
    turns: Turns, diary: Diary, context: ContextStore
) -> None:
    await all_turns(turns, diary.user_id)

    assert await by_words(context, "накипь") == {ASKED, ANSWER}
    assert await similarity(context, BOTH) > 0.99


async def test_only_what_was_asked_by_the_same_user_in_the_same_run_counts(
    turns: Turns, diary: Diary, stores: Stores, context: ContextStore, embedder: ToyEmbedder
) -> None:
    other = await Diary.of(stores)
    await other.say(await other.chat(), ASKED)
    [[run]] = await other.rows("select run_id from messages where user_id = $1")
    own = Diary(stores, diary.user_id, run)
    chat = await own.chat()
    await own.answer(chat, "Оттирайте содой и мелом, потом сполосните.")
    await own.answer(chat, "Задача о накипи сделана.", task="t1", to=await own.say(chat, EDITED))

    await all_turns(turns, diary.user_id)

    assert set(embedder.asked) == {
        *(ASKED, BOTH, EDITED),
        *("Оттирайте содой и мелом, потом сполосните.", "Задача о накипи сделана."),
    }


async def test_a_forgotten_question_leaves_its_answer(
    turns: Turns, diary: Diary, context: ContextStore, memories: Memories
) -> None:
    await all_turns(turns, diary.user_id)

    await memories.forget(await id_of(diary, ASKED))
    await all_turns(turns, diary.user_id)

    assert await by_words(context, "накипь") == set()
    assert await similarity(context, ANSWER) > 0.99
    assert await diary.rows("select from memory_state where user_id = $1 and purge_wanted_at is not null")


async def test_an_answer_follows_its_edited_question(
    turns: Turns, diary: Diary, context: ContextStore, memories: Memories
) -> None:
    await all_turns(turns, diary.user_id)

    await memories.edit(await id_of(diary, ASKED), EDITED)
    await all_turns(turns, diary.user_id)

    assert await by_words(context, "накипь") == set()
    assert await by_words(context, "ржавчина") == {EDITED, ANSWER}


async def test_a_question_that_is_forgotten_while_its_answer_is_indexed_is_in_it_no_longer(
    turns: Turns, diary: Diary, context: ContextStore, memories: Memories, embedder: ToyEmbedder
) -> None:
    plain = embedder.passages

    async def forget_meanwhile(texts: list[str]) -> object:
        if BOTH in texts:
            await memories.forget(await id_of(diary, ASKED))
        return await plain(texts)

    embedder.passages = forget_meanwhile  # type: ignore[method-assign,assignment]
    await all_turns(turns, diary.user_id)

    assert embedder.asked[-1] == ANSWER
    assert await by_words(context, "накипь") == set()


async def test_whoever_makes_the_index_or_its_vectors_anew_makes_the_same(
    turns: Turns, diary: Diary, stores: Stores, contexts: EdgeContexts, context: ContextStore, embedder: ToyEmbedder
) -> None:
    # given words alone, the vectors that follow have the question in them
    embedder.is_away = True
    await turns.take(diary.user_id)
    embedder.is_away = False
    await all_turns(turns, diary.user_id)
    assert sorted(embedder.asked) == sorted([ASKED, BOTH])

    # and so has what is built again
    embedder.asked.clear()
    await rebuild(stores.shards, contexts, diary.user_id, SPACE)
    await all_turns(turns, diary.user_id)
    assert sorted(embedder.asked) == sorted([ASKED, BOTH])

    # and what a new model makes
    another = ToyEmbedder(Space("another", 16))
    await all_turns(turns_over(stores, contexts, another), diary.user_id)
    assert sorted(another.asked) == sorted([ASKED, BOTH])


async def test_what_was_indexed_before_is_indexed_again_by_and_by(
    turns: Turns, diary: Diary, context: ContextStore, embedder: ToyEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an index that a version made which knew nothing of questions
    await diary.answer(await diary.chat(), "The lamp in the hall has been broken since Tuesday.")
    with monkeypatch.context() as patch:
        patch.setattr("artel.memory.index.indexed_text", alone)
        await all_turns(turns, diary.user_id)
    await diary.run("update memories set recipe = 0 where user_id = $1")
    assert await by_words(context, "накипь") == {ASKED}

    # when nobody can make vectors, it stays as it was
    assert await in_need(diary)
    assert not await in_need(diary, None)
    embedder.is_away = True
    with pytest.raises(EmbedderUnavailable):
        await turns.take(diary.user_id)
    assert await similarity(context, ANSWER) > 0.99

    # then answers alone are indexed again, and only those that answer something, once
    embedder.is_away = False
    embedder.asked.clear()
    await all_turns(turns, diary.user_id)
    assert embedder.asked == [BOTH]
    assert await by_words(context, "накипь") == {ASKED, ANSWER}
    assert await context.count() == 3
    assert {row["recipe"] for row in await diary.memories() if row["role"] == "assistant"} == {RECIPE}
    assert not await in_need(diary)


_IN_NEED = "select users_with_memory_work(1000, :space)"
