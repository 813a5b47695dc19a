"""Texts as sparse vectors: how often each word occurs, saturated (BM25). The store adds how rare it is (IDF)."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Final

from artel.memory.vectors import SparseVector
from artel.memory.words import WordReader

_SATURATION: Final = 1.2
_LENGTH_MATTERS: Final = 0.75
_USUAL_LENGTH: Final = 30.0
"""Words of a usual message. A constant, because weights are made when a text is stored and must not age."""


class SparseEncoder:
    """Makes sparse vectors of texts and of questions. For one thread."""

    def __init__(self, reader: WordReader | None = None) -> None:
        self._reader = reader or WordReader()

    def passage(self, text: str) -> SparseVector:
        """A text that is to be found."""
        counts = Counter(map(_index, self._reader.words(text)))
        length = counts.total()
        ballast = _SATURATION * (1 - _LENGTH_MATTERS + _LENGTH_MATTERS * length / _USUAL_LENGTH)
        weights = (count * (_SATURATION + 1) / (count + ballast) for count in counts.values())
        return SparseVector(tuple(counts), tuple(weights))

    def question(self, text: str) -> SparseVector:
        """What is looked for: each of its words once."""
        indices = tuple(dict.fromkeys(map(_index, self._reader.words(text))))
        return SparseVector(indices, (1.0,) * len(indices))


def _index(word: str) -> int:
    """A number for a word, the same for ever and everywhere. Two words in 65,000 share one, which does no harm."""
    return zlib.crc32(word.encode())
