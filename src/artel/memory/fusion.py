"""Two rankings become one: weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).

It is done here and not in the engine, because the engine would keep the two scores to itself, and whether something is
relevant at all can only be told from those: a fused score knows ranks alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

DENSE_WEIGHT: Final = 3.0
SPARSE_WEIGHT: Final = 1.0
FLATNESS: Final = 2
"""`k` of the formula. The usual 60 gives the first place hardly more than the tenth, and loses to meaning alone."""


@dataclass(frozen=True, slots=True)
class Fused:
    """One candidate with what each way said of it."""

    id: UUID
    score: float
    similarity: float | None
    words: float


def fuse(
    dense: Sequence[tuple[UUID, float]],
    sparse: Sequence[tuple[UUID, float]],
    similarities: Mapping[UUID, float],
    limit: int,
) -> list[Fused]:
    """The best of both rankings, best first. similarities: cosines of those that only the sparse ranking has."""
    scores: dict[UUID, float] = {}
    for ranking, weight in ((dense, DENSE_WEIGHT), (sparse, SPARSE_WEIGHT)):
        for rank, (id, _) in enumerate(ranking):
            scores[id] = scores.get(id, 0.0) + weight / (FLATNESS + rank)
    meaning, words = {**similarities, **dict(dense)}, dict(sparse)
    # By id where scores are equal, so that every store answers in the same order.
    best = sorted(scores, key=lambda id: (-scores[id], id))[:limit]
    return [Fused(id, scores[id], meaning.get(id), words.get(id, 0.0)) for id in best]
