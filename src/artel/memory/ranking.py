"""The order of what a store found, once its texts are read: words count by how many of the question's a text has.

A store knows how rare the shared words are, and not how many are missing: a text that has one name in common with the
question would come as far up as one that has all of it. Chosen on `bench/data` and three conversations of
LoCoMo, and judged on its other seven; see docs/memory.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from artel.memory.context import Hit
from artel.memory.fusion import DENSE_WEIGHT, FLATNESS
from artel.memory.words import WordReader

WHOLE_WEIGHT: Final = 2.0
"""Of a text that has all the words; of one with half of them it is half."""


def in_order(question: str, hits: Sequence[Hit], reader: WordReader) -> list[Hit]:
    """Best first. Where nothing was compared by meaning, the store's order stands."""
    near = [hit for _, _, hit in sorted((-hit.similarity, hit.id, hit) for hit in hits if hit.similarity is not None)]
    if not near:
        return list(hits)
    words = set(reader.words(question))
    alike = sorted((hit for hit in hits if hit.words), key=lambda hit: (-hit.words, hit.id))
    scores: dict[UUID, float] = {hit.id: 0.0 for hit in hits}
    for rank, hit in enumerate(near):
        scores[hit.id] += DENSE_WEIGHT / (FLATNESS + rank)
    for rank, hit in enumerate(alike):
        scores[hit.id] += WHOLE_WEIGHT * share(words, hit.text, reader) / (FLATNESS + rank)
    return sorted(hits, key=lambda hit: (-scores[hit.id], hit.id))


def share(words: Collection[str], text: str, reader: WordReader) -> float:
    """How many of these words a text has: 0 to 1."""
    return len(set(words).intersection(reader.words(text))) / len(words) if words else 0.0
