"""Words in the form in which they are compared."""

from __future__ import annotations

import pytest

from artel.memory.sparse import SparseEncoder
from artel.memory.words import WordReader


@pytest.fixture
def reader() -> WordReader:
    return WordReader()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("собаку", "СОБАКА"),
        ("ёлка", "елки"),
        ("invoices", "Invoice"),
        ("running", "run"),
        ("ﬁle", "file"),
        ("переезжаем", "переезжает"),
    ],
)
def test_forms_of_one_word_are_one(reader: WordReader, one: str, other: str) -> None:
    assert reader.words(one) == reader.words(other) != []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LH-1187", ["lh-1187", "lh", "1187"]),
        ("договор № 2024/117-Л", ["договор", "2024/117-л", "2024", "117"]),
        ("47 300 рублей", ["47300", "рубл"]),
        ("1 500 kg, 1.5 tons", ["1500", "kg", "1.5", "ton"]),
        ("+7 913 555-41-27", ["913", "555-41-27", "555", "41", "27"]),
        ("demo_rail_07", ["demo_rail_07", "demo", "rail", "07"]),
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("kv/lighthouse/prod", ["kv/lighthouse/prod", "kv", "lighthous", "prod"]),
        ("a.v@x.example", ["a.v@x.example", "exampl"]),
        ("v4.2.17", ["v4.2.17", "17"]),
        ("", []),
        ("… — !?", []),
        ("и the в of", []),
        ("Спасибо, ok!", []),
        ("日本語", ["日本語"]),
    ],
)
def test_numbers_and_names_of_things_stay_whole(reader: WordReader, text: str, words: list[str]) -> None:
    assert [word for word in reader.words(text) if len(word) > 1 or not word.isdigit()] == words


def test_letters_that_look_alike_are_one_in_what_has_digits(reader: WordReader) -> None:
    cyrillic, latin = "А417МК154", "A417MK154"

    assert cyrillic != latin
    assert reader.words(cyrillic) == reader.words(latin)
    assert reader.words("сор") != reader.words("cop"), "but not in words"


def test_identifiers_are_what_has_a_digit(reader: WordReader) -> None:
    assert reader.identifiers("Тикет LH-1187 про память, 2 раза, рейс TK 3214") == {"lh-1187", "1187", "3214"}


def test_what_is_endless_is_cut(reader: WordReader) -> None:
    assert [len(word) for word in reader.words("z" * 100_000)] == [64]


def test_stems_are_remembered_but_not_without_end(reader: WordReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artel.memory.words._REMEMBERED", 3)

    assert reader.words("cats dogs birds mice rats") == ["cat", "dog", "bird", "mice", "rat"]
    assert reader.words("cats dogs") == ["cat", "dog"]


def test_a_text_weighs_its_words() -> None:
    encoder = SparseEncoder()

    often, once = encoder.passage("память память память течёт"), encoder.passage("память течёт")

    [memory] = encoder.question("память").indices
    assert often.values[often.indices.index(memory)] > once.values[once.indices.index(memory)] > 0
    assert len(set(often.indices)) == len(often.indices) == 2


def test_long_texts_weigh_each_word_less() -> None:
    encoder = SparseEncoder()

    short, long = encoder.passage("договор"), encoder.passage("договор " + " ".join(f"слово{n}" for n in range(200)))

    [contract] = encoder.question("договор").indices
    assert short.values[0] > 2 * long.values[long.indices.index(contract)]


def test_a_question_has_each_word_once() -> None:
    found = SparseEncoder().question("где где ключ, ключи и Ключ?")

    assert found.values == (1.0,)
    assert not SparseEncoder().question("и где?")


def test_numbers_of_words_never_change() -> None:
    """They are stored: another number would mean that nothing stored before is found."""
    assert SparseEncoder().question("LH-1187 собаки").indices == (3465582330, 3422084926, 3814250123, 574570339)
