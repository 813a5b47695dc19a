"""What of an answer is indexed."""

from __future__ import annotations

import pytest

from artel.memory.recipe import indexed_text

ANSWER = "Вскипятите воду с уксусом."


@pytest.mark.parametrize(
    "question",
    [
        "Чайник весь белый внутри, как быть?",
        "Посоветуй, чем отмыть чайник.",
        "The kettle is white inside: please help.",
        "水壶里有水垢怎么办？",
    ],
)
def test_an_answer_stands_behind_what_asks_for_it(question: str) -> None:
    assert indexed_text(ANSWER, question) == f"{question}\n{ANSWER}"


@pytest.mark.parametrize("question", [None, "", "Купили новый чайник, белый.", "We bought a white kettle."])
def test_what_asks_for_nothing_is_no_question(question: str | None) -> None:
    assert indexed_text(ANSWER, question) == ANSWER


def test_of_a_long_question_its_beginning_and_its_end_are_taken() -> None:
    assert indexed_text(ANSWER, f"{'a' * 100}{'b' * 900}{'c' * 99}?") == f"{'a' * 100} {'c' * 99}?\n{ANSWER}"
