"""Looking memories up: the vector store proposes, PostgreSQL decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from artel.memory.context import ContextLost, ContextUnavailable, Hit
from artel.memory.edge.store import EdgeContexts
from artel.memory.finder import Finder, Sought
from artel.memory.vectors import Space
from artel.memory.views import Found
from tests.support.embedders import ToyEmbedder
from tests.support.memories import Memories
from tests.support.memory import MONDAY
from tests.support.stores import Stores

EVERYTHING = Sought()


def texts(found: Sequence[Found]) -> list[str]:
    return [one.memory.text for one in found]


@pytest.fixture
def finder(memories: Memories) -> Finder:
    return Finder(memories.shards, memories.contexts, memories.embedder)


@pytest.fixture
async def ann(stores: Stores) -> int:
    return await stores.new_user()


async def test_what_answers_best_comes_first_with_its_reason(finder: Finder, memories: Memories, ann: int) -> None:
    dog = await memories.add(ann, "my dog is called Biscuit", agent_id="u1_coder")
    await memories.add(ann, "the report is due on Friday")

    found = await finder.find(ann, "what is my dog called", EVERYTHING, 5)

    assert found[0].memory.id == dog
    assert (found[0].memory.agent_id, found[0].memory.created_at) == ("u1_coder", MONDAY)
    assert found[0].why == "both"
    assert found[0].score is not None
    assert 0.28 < found[0].score <= 1
    assert await finder.find(ann, "what is my dog called", EVERYTHING, 1) == found[:1]


async def test_everybody_finds_only_their_own_word_for_word(
    finder: Finder, memories: Memories, ann: int, stores: Stores
) -> None:
    bob = await stores.new_user()
    await memories.add(ann, "the safe opens with 48-15-16")
    await memories.add(bob, "nothing of that kind")

    assert texts(await finder.find(bob, "the safe opens with 48-15-16", EVERYTHING, 5)) == ["nothing of that kind"]


async def test_a_point_of_anothers_row_is_not_shown(
    finder: Finder, memories: Memories, ann: int, stores: Stores
) -> None:
    # The store has been given a foreign id as one's own: the row decides.
    bob = await stores.new_user()
    secret = await memories.add(ann, "the safe opens with 48-15-16")
    row: dict[str, Any] = {"session_id": None, "call_type": "note", "role": "user", "agent_id": None}
    await memories.index(bob, secret, "the safe opens with 48-15-16", row | {"created_at": MONDAY})

    assert await finder.find(bob, "the safe opens with 48-15-16", EVERYTHING, 5) == []


async def test_what_was_forgotten_is_gone_before_the_store_knows(finder: Finder, memories: Memories, ann: int) -> None:
    dog = await memories.add(ann, "my dog is called Biscuit")
    await memories.change(ann, "delete from memories where user_id = $1 and id = $2", dog)

    assert await memories.contexts.of(ann).count() == 1
    assert await finder.find(ann, "my dog is called Biscuit", EVERYTHING, 5) == []


async def test_an_edited_memory_says_what_it_says_now(finder: Finder, memories: Memories, ann: int) -> None:
    dog = await memories.add(ann, "my dog is called Biscuit")
    edit = "update memories set text = 'my dog is called Toast', revision = 2 where user_id = $1 and id = $2"
    await memories.change(ann, edit, dog)

    [found] = await finder.find(ann, "what is my dog called", EVERYTHING, 5)
    [candidate] = await finder.candidates(ann, "what is my dog called", EVERYTHING, 5)

    assert (found.memory.text, found.memory.indexed) == ("my dog is called Toast", False)
    assert candidate.hit.text == "my dog is called Toast"


async def test_a_superseded_fact_is_found_only_when_it_is_asked_for(
    finder: Finder, memories: Memories, ann: int
) -> None:
    old = await memories.add(ann, "Ann lives in Kazan", kind="fact")
    new = await memories.add(ann, "Ann lives in Tver", kind="fact")
    await memories.change(ann, "update memories set superseded_by = $2 where user_id = $1 and id = $3", new, old)

    assert texts(await finder.find(ann, "where Ann lives", EVERYTHING, 5)) == ["Ann lives in Tver"]
    both = await finder.find(ann, "where Ann lives", Sought(superseded=True), 5)
    assert sorted(texts(both)) == ["Ann lives in Kazan", "Ann lives in Tver"]


@pytest.fixture
async def varied(memories: Memories, ann: int) -> dict[str, UUID]:
    async with memories.shards.user_tx(ann) as tx:
        chat = await tx.fetchval("insert into chat_sessions (user_id, id, title) values ($1, 1, '') returning id", ann)
    return {
        "note": await memories.add(ann, "the trip in a note", minute=0),
        "fact": await memories.add(ann, "the trip in a fact", minute=10, kind="fact"),
        "said": await memories.add(
            ann, "the trip in a chat", minute=20, kind="message", call_type="direct", session_id=chat
        ),
        "task": await memories.add(
            ann, "the trip in a task", minute=30, kind="task", call_type="auto", agent_id="u1_coder"
        ),
    }


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Sought(kind="fact"), ["fact"]),
        (Sought(kind="message"), ["said"]),
        (Sought(kind="task"), ["task"]),
        (Sought(kind="summary"), []),
        (Sought(call_type="note"), ["fact", "note"]),
        (Sought(call_type="note", kind="note"), ["note"]),
        (Sought(agent_id="u1_coder"), ["task"]),
        (Sought(since=MONDAY + timedelta(minutes=20)), ["said", "task"]),
        (Sought(until=MONDAY + timedelta(minutes=20)), ["fact", "note"]),
    ],
)
async def test_filters(finder: Finder, varied: dict[str, UUID], ann: int, where: Sought, names: list[str]) -> None:
    found = await finder.find(ann, "the trip", where, 5)

    assert {one.memory.id for one in found} == {varied[name] for name in names}


async def test_one_chat_and_without_some(finder: Finder, memories: Memories, varied: dict[str, UUID], ann: int) -> None:
    [said] = await finder.find(ann, "the trip", Sought(kind="message"), 5)

    in_chat = await finder.find(ann, "the trip", Sought(session_id=said.memory.session_id), 5)
    others = await finder.find(ann, "the trip", Sought(without=[varied["said"], varied["note"]]), 5)

    assert [one.memory.id for one in in_chat] == [varied["said"]]
    assert {one.memory.id for one in others} == {varied["fact"], varied["task"]}


@pytest.mark.parametrize("embedder", [None, ToyEmbedder(is_away=True), ToyEmbedder(Space("unknown", 32))])
async def test_without_the_model_words_are_looked_for(
    memories: Memories, ann: int, embedder: ToyEmbedder | None
) -> None:
    await memories.add(ann, "my dog is called Biscuit")
    await memories.add(ann, "the report is due on Friday")

    found = await Finder(memories.shards, memories.contexts, embedder).find(ann, "dogs", EVERYTHING, 5)

    assert texts(found) == ["my dog is called Biscuit"]
    assert (found[0].score, found[0].why) == (None, "words")


async def test_a_question_without_words_is_answered_by_meaning_alone(
    finder: Finder, memories: Memories, ann: int
) -> None:
    await memories.add(ann, "my dog is called Biscuit")

    [found] = await finder.find(ann, "where are you", EVERYTHING, 5)

    assert found.why == "meaning"
    assert await Finder(memories.shards, memories.contexts).find(ann, "where are you", EVERYTHING, 5) == []
    assert await finder.find(ann, "  ", EVERYTHING, 5) == []


def a_hit(similarity: float | None, words: float) -> Hit:
    return Hit(
        id=uuid4(), text="", session_id=None, call_type="note", role="user", agent_id=None, created_at=MONDAY,
        score=1, similarity=similarity, words=words,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("similarity", "words", "why"),
    [(0.6, 0.0, "meaning"), (0.6, 2.0, "both"), (0.1, 2.0, "words"), (0.1, 0.0, "meaning"), (None, 2.0, "words")],
)
def test_why(finder: Finder, similarity: float | None, words: float, why: str) -> None:
    assert finder.why(a_hit(similarity, words)) == why


async def test_who_has_no_memories_has_no_index_and_finds_nothing(memories: Memories, ann: int) -> None:
    lost: list[int] = []
    finder = Finder(memories.shards, memories.contexts, memories.embedder, on_lost=lost.append)

    assert await finder.find(ann, "my dog", EVERYTHING, 5) == []
    assert lost == []


async def test_who_has_no_index_yet_finds_nothing_yet(finder: Finder, memories: Memories, ann: int) -> None:
    lost: list[int] = []
    finder.on_lost = lost.append
    await memories.add(ann, "my dog is called Biscuit")
    await memories.contexts.of(ann).erase()
    await memories.change(ann, "update memories set indexed_revision = 0 where user_id = $1")

    assert await finder.find(ann, "my dog", EVERYTHING, 5) == []
    assert lost == []

    # Of an index that was whole once it is known though everything waits again.
    await memories.change(ann, "insert into memory_state (user_id, compared_at) values ($1, now())")
    with pytest.raises(ContextLost):
        await finder.find(ann, "my dog", EVERYTHING, 5)


async def test_a_lost_index_is_told(memories: Memories, ann: int) -> None:
    lost: list[int] = []
    finder = Finder(memories.shards, memories.contexts, memories.embedder, on_lost=lost.append)
    await memories.add(ann, "my dog is called Biscuit")
    await memories.contexts.of(ann).erase()

    with pytest.raises(ContextLost):
        await finder.find(ann, "my dog", EVERYTHING, 5)

    assert lost == [ann]


async def test_a_store_that_is_away_is_told(memories: Memories, ann: int, tmp_path_factory: Any) -> None:
    nobody = EdgeContexts([tmp_path_factory.mktemp("m") / "nobody"], lambda: None)

    with pytest.raises(ContextUnavailable) as caught:
        await Finder(memories.shards, nobody, memories.embedder).find(ann, "my dog", EVERYTHING, 5)

    assert (caught.value.slug, caught.value.status) == ("memory-unavailable", 503)
    await nobody.aclose()


async def test_of_a_long_question_the_beginning_is_looked_at(memories: Memories, ann: int) -> None:
    toy = ToyEmbedder()
    await memories.add(ann, "my dog is called Biscuit")

    await Finder(memories.shards, memories.contexts, toy).find(ann, "dog " * 10_000, EVERYTHING, 5)

    assert [len(text) for text in toy.asked] == [1000]
