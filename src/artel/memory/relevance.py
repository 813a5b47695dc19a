"""What of a search's hits is worth telling a model: a search always finds something, and most questions need nothing.

The numbers were chosen on the labelled questions of `bench/data` (see `bench/recall.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from artel.memory.context import Hit
from artel.memory.words import WordReader

_MOST: Final = 0.6


@dataclass(frozen=True, slots=True)
class Relevance:
    """Keeps a hit that is near enough to the question, and not much further from it than the nearest.

    least: the smallest cosine. spread: how far below the largest it may be; twice as far with most of the question's
    words. A hit that shares an identifier with the question (LH-1187) or has all of its words is kept however far its
    meaning is: embeddings are blind to numbers.
    """

    least: float = 0.28
    spread: float = 0.1

    def keep(self, question: str, hits: Sequence[Hit], reader: WordReader) -> list[Hit]:
        """The relevant ones, in the order they came in."""
        identifiers, words = reader.identifiers(question), set(reader.words(question))
        best = max((hit.similarity for hit in hits if hit.similarity is not None), default=0.0)
        least, least_alike = (max(self.least, best - spread) for spread in (self.spread, 2 * self.spread))

        def is_relevant(hit: Hit) -> bool:
            if hit.similarity is not None and hit.similarity >= least:
                return True
            if not hit.words:
                return False
            found = set(reader.words(hit.text))
            if (
                hit.similarity is not None
                and hit.similarity >= least_alike
                and len(words & found) >= _MOST * len(words)
            ):
                return True
            return bool(identifiers & found) or words <= found

        return [hit for hit in hits if is_relevant(hit)]
