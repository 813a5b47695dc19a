"""Questions that are begun before they are asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.finder import Finder
from artel.memory.patience import Patience
from artel.memory.questions import Questions
from artel.memory.recall import Asked, Recall
from artel.memory.vectors import Vector
from tests.support.embedders import ToyEmbedder
from tests.support.memory import meaning

NOTHING: Any = None


class Held(ToyEmbedder):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def question(self, text: str) -> Vector:
        self.asked.append(text)
        await self.let.wait()
        return meaning(text)


async def a_while() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_was_begun_is_asked_once() -> None:
    model = ToyEmbedder()
    questions = Questions(model)

    questions.begin(1, "dog")
    questions.begin(1, "dog")
    await a_while()
    assert model.asked == ["dog"]
    assert questions.is_begun(1, "dog")
    assert await questions.vector(1, "dog") == meaning("dog")
    assert model.asked == ["dog"]

    assert not questions.is_begun(1, "dog")
    assert await questions.vector(1, "dog") == meaning("dog")
    assert model.asked == ["dog", "dog"]


async def test_nobody_is_given_what_another_began() -> None:
    model = ToyEmbedder()
    questions = Questions(model)
    questions.begin(1, "dog")

    assert not questions.is_begun(2, "dog")
    await questions.vector(2, "dog")
    await a_while()

    assert model.asked == ["dog", "dog"]


async def test_what_nobody_comes_for_is_given_up() -> None:
    model = Held()
    questions = Questions(model, kept_seconds=0)

    questions.begin(1, "dog")
    await a_while()
    await a_while()

    assert not questions.is_begun(1, "dog")
    assert questions.under_way == 0


async def test_a_failure_is_for_whoever_comes() -> None:
    questions = Questions(ToyEmbedder(is_away=True))
    questions.begin(1, "dog")
    await a_while()

    with pytest.raises(EmbedderUnavailable):
        await questions.vector(1, "dog")


async def test_a_failure_that_nobody_comes_for_is_nobodys() -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    questions = Questions(ToyEmbedder(is_away=True), kept_seconds=0)

    questions.begin(1, "dog")
    await a_while()
    await a_while()

    assert not questions.is_begun(1, "dog")
    assert complaints == []


async def test_a_busy_model_is_given_no_more() -> None:
    model, outcomes = Held(), list[str]()
    finder = Finder(NOTHING, NOTHING, model)
    patience = Patience(0.03, 0.03)  # Of two questions.
    recall = Recall(finder, patience, lambda outcome, _: outcomes.append(outcome))
    for user in (1, 2, 3):
        recall.begin(user, "how much was the electricity bill in May")
        await a_while()

    assert len(model.asked) == 2
    assert await recall.find(3, Asked("how much was the electricity bill in May")) is None
    assert (outcomes, len(model.asked)) == (["late"], 2)
    model.let.set()
    await a_while()
    assert finder.questions is not None
    assert finder.questions.under_way == 0


@pytest.mark.parametrize("text", ["and in May?", "спасибо", ""])
async def test_what_leans_on_the_conversation_is_not_begun(text: str) -> None:
    model = ToyEmbedder()
    finder = Finder(NOTHING, NOTHING, model)

    Recall(finder).begin(1, text)
    Recall(Finder(NOTHING, NOTHING)).begin(1, "how much was the electricity bill in May")
    Recall().begin(1, "how much was the electricity bill in May")
    await a_while()

    assert model.asked == []
