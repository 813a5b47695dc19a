"""Texts become passages."""

from __future__ import annotations

import re

import pytest

from artel.memory.passages import LONGEST, LONGEST_CODE, is_worth_it, passages
from artel.memory.words import WordReader

SENTENCE = "The lamp in the hall has been broken since Tuesday and nobody mends it."


@pytest.mark.parametrize("text", ["спасибо", "ok, go on", "Привет! Как ты?", "42 is ok", ""])
def test_a_courtesy_says_nothing(text: str) -> None:
    assert not is_worth_it(text, WordReader())


@pytest.mark.parametrize("text", ["Мою собаку зовут Бублик", "LH-1187", "буду в 18:40"])
def test_three_words_or_an_identifier_say_something(text: str) -> None:
    assert is_worth_it(text, WordReader())


def test_a_short_text_is_one_passage() -> None:
    assert passages(f"  {SENTENCE}\n\nAnd more. ") == [f"{SENTENCE}\n\nAnd more."]
    assert passages(" \n ") == []


def test_a_long_text_is_cut_at_paragraphs_and_nothing_is_lost() -> None:
    paragraphs = [f"{number}: {SENTENCE} {SENTENCE}" for number in range(20)]

    found = passages("\n\n".join(paragraphs))

    assert "\n\n".join(found).split("\n\n") == paragraphs
    assert all(LONGEST / 2 < len(passage) <= LONGEST for passage in found[:-1])


def test_a_long_paragraph_is_cut_at_sentences_and_a_long_sentence_between_words() -> None:
    sentences = " ".join(f"{number} {SENTENCE}" for number in range(40))
    endless = " ".join(f"word{number}" for number in range(600))

    cut, words = passages(sentences), passages(endless)

    assert all(passage.endswith(".") for passage in cut)
    assert " ".join(cut) == sentences
    assert " ".join(words) == endless
    assert all(len(passage) <= LONGEST for passage in [*cut, *words])


def test_what_has_no_spaces_is_cut_all_the_same() -> None:
    found = passages("x" * 2_500)

    assert [len(passage) for passage in found] == [LONGEST, LONGEST, 700]


def test_a_block_of_code_stays_whole_up_to_its_own_limit() -> None:
    short, long = (f"```python\n{'a = 1  # why' * times}\n```" for times in (100, 200))

    found = passages(f"{SENTENCE}\n\n{short}\n\n{SENTENCE}\n\n{long}")

    assert short in found
    assert LONGEST < len(short) <= LONGEST_CODE < len(long)
    assert all(len(passage) <= LONGEST for passage in found if passage != short)


def test_a_title_stands_before_each_and_the_rest_can_be_left_out() -> None:
    text = "\n\n".join([SENTENCE] * 60)

    found = passages(text, "budget.txt", at_most=3)

    assert len(found) == 3
    assert all(re.match(r"budget\.txt\nThe lamp", passage) for passage in found)
    assert all(len(passage) <= LONGEST + 1 for passage in found)
    assert passages("short", "budget.txt") == ["budget.txt\nshort"]
