"""Two rankings become one, and what is not relevant is left out."""

from __future__ import annotations

from uuid import UUID

import pytest

from artel.memory.context import Hit
from artel.memory.fusion import fuse
from artel.memory.ranking import in_order, share
from artel.memory.relevance import Relevance
from artel.memory.words import WordReader
from tests.support.memory import MONDAY, numbered


def ranked(*scores: tuple[int, float]) -> list[tuple[UUID, float]]:
    return [(numbered(number), score) for number, score in scores]


def hit(number: int, similarity: float | None, words: float = 0.0, text: str = "что-то другое") -> Hit:
    return Hit(
        id=numbered(number),
        text=text,
        session_id=1,
        call_type="direct",
        role="user",
        agent_id=None,
        created_at=MONDAY,
        score=1.0,
        similarity=similarity,
        words=words,
    )


def test_meaning_counts_three_times_as_much_as_words() -> None:
    best = fuse(ranked((1, 0.9), (2, 0.8)), ranked((2, 12.0), (3, 11.0)), {numbered(3): 0.1}, 5)

    assert [(item.id.int, item.score, item.similarity, item.words) for item in best] == [
        (1, 1.5, 0.9, 0.0),
        (2, pytest.approx(1.5), 0.8, 12.0),
        (3, pytest.approx(1 / 3), 0.1, 11.0),
    ]


def test_a_low_place_by_meaning_loses_to_the_first_by_words() -> None:
    dense = ranked(*((number, 1 - number / 100) for number in range(1, 21)))

    best = fuse(dense, ranked((99, 5.0)), {}, 20)

    assert [item.id.int for item in best].index(99) == 5
    assert best[5].similarity is None


def test_no_more_than_asked_for_and_nothing_from_nothing() -> None:
    assert len(fuse(ranked((1, 0.9), (2, 0.8)), [], {}, 1)) == 1
    assert fuse([], [], {}, 5) == []


@pytest.fixture
def reader() -> WordReader:
    return WordReader()


def kept(relevance: Relevance, question: str, hits: list[Hit], reader: WordReader) -> list[int]:
    return [item.id.int for item in relevance.keep(question, hits, reader)]


def test_what_is_far_from_the_question_is_left_out(reader: WordReader) -> None:
    hits = [hit(1, 0.29), hit(2, 0.3), hit(3, 0.9), hit(4, None)]

    assert kept(Relevance(0.3, 9), "вопрос", hits, reader) == [2, 3]


def test_what_is_much_further_than_the_best_is_left_out(reader: WordReader) -> None:
    hits = [hit(1, 0.5), hit(2, 0.75), hit(3, 0.8)]

    assert kept(Relevance(0.3, 0.1), "вопрос", hits, reader) == [2, 3]


def test_a_shared_identifier_is_enough(reader: WordReader) -> None:
    hits = [hit(1, 0.01, 3.0, "тикет lh-1187 закрыт"), hit(2, 0.01, 1.0, "тикет LH-1188 закрыт")]

    assert kept(Relevance(0.3, 0.1), "что с LH-1187 и как там дела", hits, reader) == [1]


def test_all_words_of_the_question_are_enough(reader: WordReader) -> None:
    hits = [hit(1, 0.1, 3.0, "Контакт — Роман Игоревич Сотников"), hit(2, 0.1, 1.0, "Роман Сидоров")]

    assert kept(Relevance(0.3, 0.1), "Роман Сотников", hits, reader) == [1]
    assert kept(Relevance(0.3, 0.1), "привет", [hit(1, 0.1, 0.0, "привет")], reader) == []


def test_the_product_leaves_strangers_out(reader: WordReader) -> None:
    assert kept(Relevance(), "вопрос", [hit(1, 0.05), hit(2, 0.45)], reader) == [2]


def test_most_of_the_words_allow_for_twice_the_distance(reader: WordReader) -> None:
    most, few = "Roman Sotnikov moved to Perm", "Roman Sidorov moved"
    hits = [hit(1, 0.7), hit(2, 0.51, 3.0, most), hit(3, 0.51, 3.0, few), hit(4, 0.49, 3.0, most)]

    assert kept(Relevance(0.3, 0.1), "where did Roman Sotnikov move to from Kazan", hits, reader) == [1, 2]
    assert kept(Relevance(0.52, 0.1), "where did Roman Sotnikov move to from Kazan", hits, reader) == [1]


def ordered(question: str, hits: list[Hit], reader: WordReader) -> list[int]:
    return [item.id.int for item in in_order(question, hits, reader)]


def test_words_count_by_how_many_of_the_question_a_text_has(reader: WordReader) -> None:
    near = [hit(number, 0.6 - number / 100) for number in range(1, 4)]
    whole = hit(9, 0.1, 4.0, "a new bicycle for Masha")
    part = hit(9, 0.1, 4.0, "Masha is a friend")

    assert ordered("Masha new bicycle", [*near, whole], reader) == [9, 1, 2, 3]
    assert ordered("Masha new bicycle", [*near, part], reader) == [1, 2, 9, 3]


def test_the_order_does_not_hang_on_the_one_hits_came_in(reader: WordReader) -> None:
    hits = [hit(1, 0.5), hit(2, None, 2.0, "a bicycle"), hit(3, 0.5), hit(4, 0.4, 1.0, "a bicycle")]

    assert ordered("bicycle", hits, reader) == ordered("bicycle", [hits[2], hits[0], hits[3], hits[1]], reader)


def test_words_alone_stay_as_the_store_ranked_them(reader: WordReader) -> None:
    assert ordered("new bicycle", [hit(2, None, 3.0, "bicycle"), hit(1, None, 2.0, "new bicycle")], reader) == [2, 1]


def test_nothing_is_shared_with_no_words(reader: WordReader) -> None:
    assert share(set(), "a bicycle", reader) == 0
    assert share(set(reader.words("new bicycle")), "the bicycles", reader) == 0.5
