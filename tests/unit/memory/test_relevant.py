"""What has something to say to a question, told by how near it is, who said it, and whether it only asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from artel.memory.context import Hit
from artel.memory.finder import Candidate, Finder
from artel.memory.recall import relevant
from artel.memory.views import MemoryView
from tests.support.memory import MONDAY

NOTHING: Any = None
FINDER = Finder(NOTHING, NOTHING)
QUESTION = "Как зовут мою собаку?"
FACT = "Корги откликается на имя Бублик."


def candidate(text: str, similarity: float, **others: Any) -> Candidate:
    given: dict[str, Any] = {
        "kind": "message", "source_id": None, "part": 0, "session_id": 3, "file_id": None, "run_id": None,
        "agent_id": None, "call_type": "direct", "role": "user", "created_at": MONDAY, "edited_at": None,
        "superseded_by": None, "superseded_at": None, "indexed": True, **others,
    }  # fmt: skip
    memory = MemoryView(id=uuid4(), text=text, **given)
    hit = Hit(
        id=memory.id, text=text, session_id=3, call_type="direct", role=memory.role, agent_id=None, created_at=MONDAY,
        score=similarity, similarity=similarity, words=0.0,
    )  # fmt: skip
    return Candidate(hit, memory)


def told(*candidates: Candidate) -> list[str]:
    return [each.memory.text for each in relevant(FINDER, QUESTION, candidates)]


@pytest.mark.parametrize(
    "asked",
    [
        candidate("Как моего пса зовут?", 0.97),
        candidate("как зовут мою собаку", 0.99),
        candidate("Какая кличка у собаки??", 0.9),
    ],
)
def test_what_only_asked_is_not_told_and_raises_no_threshold(asked: Candidate) -> None:
    assert told(asked, candidate(FACT, 0.5)) == [FACT]


def test_an_answer_is_measured_beside_answers() -> None:
    unknowing = candidate("Я не знаю, как зовут вашу собаку.", 0.9, role="assistant")
    worse = candidate("Расскажите о собаке.", 0.6, role="assistant")

    assert told(unknowing, candidate(FACT, 0.5), worse) == [unknowing.memory.text, FACT]


def test_what_the_user_said_is_measured_beside_what_others_know() -> None:
    near = candidate("Мою собаку зовут Бублик.", 0.9)

    assert told(near, candidate(FACT, 0.5)) == [near.memory.text]
    assert told(near, candidate("Кот по имени Тост.", 0.82, kind="note")) == [near.memory.text, "Кот по имени Тост."]


@pytest.mark.parametrize(
    "kept",
    [
        candidate("У меня корги. Как его зовут?", 0.9),
        candidate("Зовут собаку.", 0.9, kind="fact"),
        candidate("Как зовут корги?", 0.9, role="assistant"),
        candidate("Как зовут корги?", 0.9, kind="file"),
    ],
)
def test_what_says_something_beside_asking_is_told(kept: Candidate) -> None:
    assert told(kept) == [kept.memory.text]


def test_what_is_far_from_the_question_is_not_told() -> None:
    far = candidate("Отчёт нужно сдать до пятницы.", 0.2)

    assert told(far, replace(far, memory=replace(far.memory, role="assistant"))) == []
