"""What is counted of a search whose evidence is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.long.told import Asked

Ranking = Sequence[str]
"""Keys of turns, best first, each once."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question: what each way of searching found, and what a turn would have been told."""

    asked: Asked
    ways: Mapping[str, Ranking]
    told: Ranking


def once(keys: Iterable[str]) -> Ranking:
    """Passages as the turns that they are of."""
    return list(dict.fromkeys(keys))


def judge(answered: Sequence[Answered]) -> dict[str, dict[str, object]]:
    """By category, and of all."""
    names = dict.fromkeys(item.asked.category for item in answered)
    groups = {name: [item for item in answered if item.asked.category == name] for name in names}
    return {name: _figures(some) for name, some in {**groups, "all": answered}.items()}


def _figures(some: Sequence[Answered]) -> dict[str, object]:
    with_answer = [item for item in some if item.asked.evidence]
    ways = list(some[0].ways)
    found: dict[str, object] = {"questions": len(some)}
    if with_answer:
        found |= {way: _ranked([(item.asked.evidence, item.ways[way]) for item in with_answer]) for way in ways}
    return found | {"told": _told(some, with_answer)}


def _ranked(pairs: Sequence[tuple[frozenset[str], Ranking]]) -> dict[str, float]:
    """recall: the mean share of the evidence that is among the first; hit: any of it is."""
    return {
        "recall_at_5": _mean(_share(evidence, ranking[:5]) for evidence, ranking in pairs),
        "recall_at_10": _mean(_share(evidence, ranking[:10]) for evidence, ranking in pairs),
        "hit_at_5": _mean(not evidence.isdisjoint(ranking[:5]) for evidence, ranking in pairs),
        "mrr": _mean(_reciprocal(evidence, ranking) for evidence, ranking in pairs),
    }


def _told(some: Sequence[Answered], with_answer: Sequence[Answered]) -> dict[str, float]:
    found = {
        "nothing": _mean(not item.told for item in some),
        "memories": round(fmean(len(item.told) for item in some), 2),
    }
    if with_answer:
        found["evidence"] = _mean(_share(item.asked.evidence, item.told) for item in with_answer)
        found["some_evidence"] = _mean(not item.asked.evidence.isdisjoint(item.told) for item in with_answer)
    return found


def _share(evidence: frozenset[str], ranking: Ranking) -> float:
    return len(evidence & set(ranking)) / len(evidence)


def _reciprocal(evidence: frozenset[str], ranking: Ranking) -> float:
    return next((1 / place for place, key in enumerate(ranking, start=1) if key in evidence), 0.0)


def _mean(values: Iterable[float]) -> float:
    return round(fmean(values), 3)
