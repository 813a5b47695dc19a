"""What is recalled for a turn: relevant, few, in time; and never a turn that fails over it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from artel.kit.errors import IsolationViolation
from artel.memory.context import ContextUnavailable
from artel.memory.excerpt import excerpt
from artel.memory.finder import Finder
from artel.memory.ids import memory_id
from artel.memory.patience import Patience
from artel.memory.recall import EXCERPT_CHARS, MAX_RECALLED, MAX_TOKENS, Asked, Recall, question_of
from artel.memory.vectors import Vector
from artel.memory.views import Found
from artel.memory.words import WordReader
from tests.support.embedders import ToyEmbedder
from tests.support.memories import Memories
from tests.support.stores import Stores

DOG = "what is my dog called"


class Outcomes(list[str]):
    def __call__(self, outcome: str, seconds: float) -> None:
        assert 0 <= seconds < 20
        self.append(outcome)


@pytest.fixture
def outcomes() -> Outcomes:
    return Outcomes()


@pytest.fixture
def recall(memories: Memories, outcomes: Outcomes) -> Recall:
    return Recall(Finder(memories.shards, memories.contexts, memories.embedder), Patience(10, 10), outcomes)


@pytest.fixture
async def ann(stores: Stores) -> int:
    return await stores.new_user()


def texts(found: Sequence[Found] | None) -> list[str]:
    assert found is not None
    return [one.memory.text for one in found]


async def test_what_is_relevant_is_told_and_nothing_else(
    recall: Recall, memories: Memories, ann: int, outcomes: Outcomes
) -> None:
    await memories.add(ann, "my dog is called Biscuit")
    await memories.add(ann, "the report is due on Friday")

    assert texts(await recall.find(ann, Asked(DOG))) == ["my dog is called Biscuit"]
    assert await recall.find(ann, Asked("which telescope do astronomers recommend")) == []
    assert outcomes == ["found", "nothing"]


async def test_nobody_is_told_of_anothers_memory(
    recall: Recall, memories: Memories, ann: int, stores: Stores, outcomes: Outcomes
) -> None:
    bob = await stores.new_user()
    await memories.add(ann, "my dog is called Biscuit")
    await memories.add(bob, "the report is due on Friday")

    assert await recall.find(bob, Asked("my dog is called Biscuit")) == []
    assert outcomes == ["nothing"]


async def test_what_was_asked_before_does_not_hide_what_answers_it(
    recall: Recall, memories: Memories, ann: int
) -> None:
    message: dict[str, Any] = {"kind": "message", "call_type": "direct", "source_id": str(uuid4())}
    await memories.add(ann, "what is my dog called?", **message)
    await memories.add(ann, "my dog, called what", minute=1, **message)
    await memories.add(ann, "what is your dog called? I do not know", minute=2, role="assistant", **message)
    await memories.add(ann, "the corgi that is my dog is called Biscuit", minute=3)

    assert "the corgi that is my dog is called Biscuit" in texts(await recall.find(ann, Asked(DOG)))
    assert not {"what is my dog called?", "my dog, called what"} & set(texts(await recall.find(ann, Asked(DOG))))


async def test_a_few_and_no_text_twice(recall: Recall, memories: Memories, ann: int) -> None:
    for number in range(8):
        await memories.add(ann, f"my dog likes cheese {number // 2}", minute=number)

    found = texts(await recall.find(ann, Asked("what does my dog like")))

    assert len(found) == len(set(found))
    assert 1 < len(found) <= MAX_RECALLED


async def test_texts_are_cut_around_what_matched_and_fit_the_budget(
    recall: Recall, memories: Memories, ann: int
) -> None:
    for number in range(6):
        filler = " ".join(f"слово{number}{place}" for place in range(150))
        await memories.add(ann, f"{filler} корги {filler}", minute=number)

    found = texts(await recall.find(ann, Asked("корги")))

    assert 1 < len(found) < MAX_RECALLED
    assert all("корги" in text and len(text) <= EXCERPT_CHARS + 2 for text in found)
    assert sum(len(text.encode()) for text in found) <= 4 * MAX_TOKENS


async def test_what_the_model_is_given_anyway_is_left_out(recall: Recall, memories: Memories, ann: int) -> None:
    said, late, run, chat, file = uuid4(), uuid4(), uuid4(), 1, uuid4()
    await memories.change(ann, "insert into chat_sessions (user_id, id, title) values ($1, 1, '')")
    message: dict[str, Any] = {"kind": "message", "call_type": "direct", "session_id": chat}
    known = memory_id(ann, "message", str(said), 0)
    await memories.add(ann, "my dog is called Ace", id=known, source_id=str(said), **message)
    await memories.add(ann, "my dog is called Bim", source_id=str(late), part=9, **message)
    await memories.add(ann, "my dog is called Cid", source_id=str(uuid4()), run_id=run, **message)
    await memories.add(ann, "my dog is called Dot", kind="summary", session_id=chat)
    assert len(texts(await recall.find(ann, Asked(DOG)))) == 4

    given = Asked(DOG, messages={said: 10, late: 10}, files=[file], run_id=run, session_id=chat)

    assert await recall.find(ann, given) == []
    assert texts(await recall.find(ann, Asked(DOG, session_id=chat, messages={said: 10}, run_id=run))) == [
        "my dog is called Bim"
    ]


async def test_what_asks_the_same_again_pushes_nothing_out(recall: Recall, memories: Memories, ann: int) -> None:
    await memories.add(ann, "Как зовут мою собаку?", kind="message", call_type="direct", source_id=str(uuid4()))
    await memories.add(ann, "Собаку зовут Бублик, мы взяли её щенком.")

    found = await recall.find(ann, Asked("Как зовут мою собаку?"))

    assert texts(found) == ["Собаку зовут Бублик, мы взяли её щенком."]


async def test_of_a_file_only_what_was_not_given_whole(recall: Recall, memories: Memories, ann: int) -> None:
    one, other = uuid4(), uuid4()
    for id in (one, other):
        columns = "user_id, id, name, media_type, size, sha256, source, text_status"
        values = "$1, $2, 'f', 'text/plain', 1, '', 'upload', 'ready'"
        await memories.change(ann, f"insert into files ({columns}) values ({values})", id)
    await memories.add(ann, "my dog is called E", kind="file", call_type="file", file_id=one, source_id=str(one))
    await memories.add(ann, "my dog is called F", kind="file", call_type="file", file_id=other, source_id=str(other))

    assert texts(await recall.find(ann, Asked(DOG, files=[one]))) == ["my dog is called F"]


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        (Asked("How much did the flight to Lisbon cost"), "How much did the flight to Lisbon cost"),
        (
            Asked("and in March?", before="What did the flat cost in May"),
            "What did the flat cost in May\nand in March?",
        ),
        (Asked("and in March?"), "and in March?"),
        (Asked("Спасибо, пока!", before="Как зовут мою собаку"), None),
        (Asked("ok"), None),
        (Asked("Кто я?"), "Кто я?"),
        (Asked("  "), None),
        (Asked("x" * 200 + "y" * 200), "x" * 150 + " " + "y" * 150),
        (Asked("why?", before="b" * 400), "b" * 150 + " " + "b" * 150 + "\nwhy?"),
    ],
)
def test_what_is_asked(asked: Asked, question: str | None) -> None:
    assert question_of(asked, WordReader()) == question


async def test_of_a_long_question_the_ends_are_compared_by_meaning(memories: Memories, ann: int) -> None:
    model = ToyEmbedder()
    recall = Recall(Finder(memories.shards, memories.contexts, model), Patience(10, 10))
    await memories.add(ann, "the ticket is LH-1187")
    question = "a" * 100 + " LH-1187 " + "b" * 100

    # Its words are looked for in more of it.
    assert texts(await recall.find(ann, Asked(question))) == ["the ticket is LH-1187"]
    recall.begin(ann, f"one two three four {question}")
    await recall.find(ann, Asked(f"one two three four {question}"))
    assert [len(text) for text in model.asked] == [121, 121]


async def test_nothing_is_looked_for_without_a_question_or_a_memory(
    recall: Recall, ann: int, outcomes: Outcomes
) -> None:
    assert await recall.find(ann, Asked("спасибо")) == []
    assert await Recall(on_outcome=outcomes).find(ann, Asked(DOG)) == []
    assert outcomes == []


async def test_whoever_is_late_is_done_without(memories: Memories, ann: int, outcomes: Outcomes) -> None:
    class Slow(ToyEmbedder):
        async def question(self, text: str) -> Vector:
            await asyncio.Event().wait()
            raise AssertionError

    recall = Recall(Finder(memories.shards, memories.contexts, Slow()), Patience(0.01, 0.01), outcomes)

    assert await recall.find(ann, Asked(DOG)) is None
    assert outcomes == ["late"]


@pytest.mark.parametrize("fault", [ContextUnavailable(), IsolationViolation(), ZeroDivisionError()])
async def test_a_turn_goes_on_whatever_is_wrong_with_memory(
    memories: Memories, ann: int, outcomes: Outcomes, fault: Exception
) -> None:
    class Broken(ToyEmbedder):
        async def question(self, text: str) -> Vector:
            raise fault

    recall = Recall(Finder(memories.shards, memories.contexts, Broken()), Patience(10, 10), outcomes)

    assert await recall.find(ann, Asked(DOG)) is None
    assert outcomes == ["unavailable"]


def test_an_excerpt_shows_most_of_what_matched() -> None:
    text = "biscuit " + "a " * 500 + "the biscuit is a corgi biscuit " + "b " * 500

    shown = excerpt(text, {"biscuit", "corgi"}, 100, WordReader())

    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "the biscuit is a corgi biscuit" in shown
    assert len(shown) <= 102


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("one two " * 20, "one two one two one two one two one two…"),
        ("x" * 50 + " biscuit", "…" + "x" * 32 + " biscuit"),
        ("x" * 100, "x" * 40 + "…"),
    ],
)
def test_the_ends_of_an_excerpt(text: str, shown: str) -> None:
    assert excerpt(text, {"biscuit"}, 40, WordReader()) == shown


def test_ids_are_those_of_the_design() -> None:
    assert memory_id(7, "message", "m", 0) == memory_id(7, "message", "m", 0)
    assert len({memory_id(7, "message", "m", 0), memory_id(8, "message", "m", 0), memory_id(7, "task", "m", 0)}) == 3
    assert memory_id(7, "message", "m", 0).version == 5
    assert isinstance(memory_id(7, "message", "m", 0), UUID)
