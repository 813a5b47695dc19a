"""The five best of 100,000 memories (or a million), by meaning and words together, with every filter there is.

python -m bench.search [--quick] [--million] [--folder FOLDER [--build-only]]

One user with vectors of 384 numbers in 2,000 clusters, each with the words of a made-up text, spread over 1,000 chats,
five kinds of call, five agents and a year; indexed and searched through the embedded store, as in production. 1, 4 and
16 callers ask at once, each again as soon as it is answered. *Full filter*: user, 200 chats, three kinds, three agents
and half of the time: about a twenty-eighth of the points pass. *One chat*: the same, of one chat, as an agent's search
tool asks. All of one user's searches go through one process. A folder keeps the points for later runs: a million take
long to build.

Recall is measured against comparing with every vector. Beside it hnswlib, with the same vectors and graph (M 16,
ef 128), which has no words, filters, payload or disk: in memory, in its own process, one caller.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import numpy.typing as npt
import orjson
import psutil

from artel.memory.context import CallType, ContextUnavailable, Point, Question, Where
from artel.memory.edge.home import Home, size_on_disk
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.store import EdgeContext, EdgeContexts
from artel.memory.edge.workers import EdgeWorkers
from artel.memory.vectors import Space, SparseVector, Vector, as_vector
from bench.peers import python_of, script_of
from bench.report import keep

Rows = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

_SPACE = Space("bench", 384)
_OWNER = 1
_CLUSTERS, _SPREAD = 2_000, 0.9
_VOCABULARY, _WORDS_A_TEXT = 50_000, 20
_SESSIONS, _AGENTS = 1_000, 5
_KINDS: tuple[CallType, ...] = ("direct", "auto", "tool", "file", "note")
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=365)
_CALLERS = (1, 4, 16)
_BATCH = 256
_TOP = 10
_EF = 128
_FULL = Where(
    session_ids=range(200),
    call_types=["direct", "auto", "note"],
    agent_ids=["agent0", "agent1", "agent2"],
    since=_BEGIN + _YEAR / 4,
    until=_BEGIN + _YEAR * 3 / 4,
)
_WHERE: dict[str, Where | None] = {
    "full_filter": _FULL,
    "one_chat": replace(_FULL, session_ids=[7]),
    "no_filter": None,
}


class Made:
    """The points of one run, and what is asked; made of random numbers with a fixed seed."""

    def __init__(self, size: int, asked: int) -> None:
        random = np.random.default_rng(7)
        centres = _normed(random.standard_normal((_CLUSTERS, _SPACE.dimension), dtype=np.float32))
        self.vectors = self._near(random, centres, size)
        self.questions = self._near(random, centres, asked)
        # Words are as rare as in a language: the n-th has a share of 1/n.
        self.words = (random.zipf(1.2, (size, _WORDS_A_TEXT)) % _VOCABULARY).astype(np.int64)
        self.asked_words = (random.zipf(1.2, (asked, 6)) % _VOCABULARY).astype(np.int64)
        self.sessions = random.integers(0, _SESSIONS, size)
        self.kinds = random.integers(0, len(_KINDS), size)
        self.agents = random.integers(0, _AGENTS, size)
        self.moments = random.random(size)

    @staticmethod
    def _near(random: np.random.Generator, centres: Rows, size: int) -> Rows:
        noise = random.standard_normal((size, _SPACE.dimension), dtype=np.float32) / np.sqrt(_SPACE.dimension)
        return _normed(centres[random.integers(0, len(centres), size)] + _SPREAD * noise.astype(np.float32))

    def points(self, numbers: range) -> list[Point]:
        """Some of them."""
        return [
            Point(
                id=UUID(int=number + 1),
                text=f"text {number} " + "word " * _WORDS_A_TEXT,
                session_id=int(self.sessions[number]),
                call_type=_KINDS[int(self.kinds[number])],
                role="user",
                agent_id=f"agent{self.agents[number]}",
                created_at=_BEGIN + _YEAR * float(self.moments[number]),
                sparse=_sparse(self.words[number]),
                vectors={_SPACE.name: _vector(self.vectors[number])},
            )
            for number in numbers
        ]

    def question(self, number: int) -> Question:
        """One of what is asked."""
        words = _sparse(self.asked_words[number])
        return Question(sparse=words, space=_SPACE.name, vector=_vector(self.questions[number]))

    def passing(self) -> npt.NDArray[np.bool_]:
        """Which pass the full filter."""
        kinds = np.isin(self.kinds, [0, 1, 4])
        times = (self.moments >= 0.25) & (self.moments < 0.75)
        return (self.sessions < 200) & kinds & (self.agents < 3) & times

    def truth(self, mask: npt.NDArray[np.bool_] | None = None) -> Numbers:
        """The numbers of the ten nearest, compared one by one."""
        found: list[Numbers] = []
        for some in np.array_split(self.questions, max(1, len(self.questions) // 50)):
            scores = some @ self.vectors.T
            if mask is not None:
                scores[:, ~mask] = -2
            best = np.argpartition(-scores, _TOP, axis=1)[:, :_TOP]
            found.append(best)
        return np.concatenate(found)


def _normed(rows: Rows) -> Rows:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _vector(row: Rows) -> Vector:
    return as_vector(row.tolist())


def _sparse(words: Numbers) -> SparseVector:
    unique = sorted({int(word) for word in words})
    return SparseVector(tuple(unique), (1.0,) * len(unique))


async def load(context: EdgeContext, made: Made, home: Home) -> dict[str, float]:
    """Stores all points and waits until they have an index."""
    size = len(made.vectors)
    load_before = os.getloadavg()[0]
    await context.ensure([_SPACE])
    begun = time.perf_counter()
    for begin in range(0, size, _BATCH):
        await context.upsert(made.points(range(begin, min(size, begin + _BATCH))))
    stored = time.perf_counter() - begun
    while home.read_about().get("size") != size:  # noqa: ASYNC110  # nobody announces it
        await asyncio.sleep(0.2)
    return {
        "points_a_second": round(size / stored),
        "stored_after_seconds": round(stored, 1),
        "indexed_after_seconds": round(time.perf_counter() - begun, 1),
        "load_average_before": round(load_before, 1),
    }


async def ask(context: EdgeContext, made: Made, callers: int, where: Where | None) -> dict[str, float]:
    """Every question once, by so many callers at the same time."""
    numbers = iter(range(len(made.questions)))
    taken: list[float] = []

    async def caller() -> None:
        for number in numbers:
            question = made.question(number)
            begun = time.perf_counter()
            await context.search(question, where)
            taken.append((time.perf_counter() - begun) * 1e3)

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    seconds = time.perf_counter() - begun
    return {**_spread(taken), "searches_a_second": round(len(taken) / seconds)}


async def recall(context: EdgeContext, made: Made, where: Where | None, truth: Numbers) -> dict[str, float]:
    """By meaning alone, and how long that takes one caller."""
    right, taken = 0, list[float]()
    for number in range(len(made.questions)):
        question = replace(made.question(number), sparse=SparseVector())
        begun = time.perf_counter()
        hits = await context.search(question, where, limit=_TOP)
        taken.append((time.perf_counter() - begun) * 1e3)
        right += len({hit.id.int - 1 for hit in hits} & set(truth[number].tolist()))
    return {**_spread(taken), "recall_at_10": round(right / truth.size, 4)}


def _spread(taken: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(taken, [50, 95, 99]).round(2).tolist()
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


def hnswlib(made: Made, truth: Numbers, folder: Path) -> dict[str, float]:
    """The peer, on the same vectors."""
    paths = [folder / f"{name}.npy" for name in ("vectors", "questions", "truth")]
    for path, rows in zip(paths, (made.vectors, made.questions, truth), strict=True):
        np.save(path, rows)
    command = [python_of("hnswlib"), script_of("hnswlib", "search"), *paths, str(_TOP), str(_EF)]
    found = subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True)
    return orjson.loads(found.stdout)


def built(workers: EdgeWorkers, folder: Path, made: Made) -> dict[str, float]:
    """Makes the points, unless an earlier run did: then what it noted."""

    async def build() -> dict[str, float]:
        store = EdgeContexts(workers.sockets, lambda: None)
        found = await load(store.of(_OWNER), made, Home(folder / "qdrant", _OWNER))
        await store.aclose()
        return found

    note = folder / "build.json"
    if not note.exists():
        note.write_bytes(orjson.dumps(asyncio.run(build())))
    return orjson.loads(note.read_bytes())


async def opened(context: EdgeContext, made: Made) -> float:
    """The first search of a cold shard opens it. One of a million points takes longer than anybody who asks waits:
    answers go on without memory until then."""
    begun = time.perf_counter()
    while True:
        with suppress(ContextUnavailable):
            await context.search(made.question(0))
            return round(time.perf_counter() - begun, 1)


async def measure(workers: EdgeWorkers, root: Path, made: Made, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything about asking."""
    store = EdgeContexts(workers.sockets, lambda: None)
    context, home = store.of(_OWNER), Home(root, _OWNER)
    found: dict[str, Any] = {}
    found["opened_after_seconds"] = await opened(context, made)
    passing = made.passing()
    found["pass_the_full_filter"] = round(float(passing.mean()), 4)
    for name, where in _WHERE.items():
        found[name] = {f"{callers}_callers": await ask(context, made, callers, where) for callers in _CALLERS}
    say("asked")
    truth = made.truth()
    found["meaning_alone"] = {
        "full_filter": await recall(context, made, _FULL, made.truth(passing)),
        "no_filter": await recall(context, made, None, truth),
    }
    pid = workers.pids[_OWNER % len(workers.pids)]
    assert pid is not None
    found["memory_mb"] = round(psutil.Process(pid).memory_full_info().uss / 2**20)
    found["resident_mb"] = round(psutil.Process(pid).memory_info().rss / 2**20)
    found["disk_mb"] = round(size_on_disk(home.shard) / 2**20)
    await store.aclose()
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as folder:
        found["hnswlib"] = hnswlib(made, truth, Path(folder))
    return found


def run(size: int, asked: int, kept: Path | None, *, build_only: bool) -> dict[str, Any]:
    """Over workers of its own."""
    folder = kept or Path(tempfile.mkdtemp(prefix="artel-bench-"))
    options = EdgeOptions(renew_after=size)
    try:
        with (workers := EdgeWorkers(folder / "qdrant", folder / "run", count=1, options=options)):
            made = Made(size, asked)
            found: dict[str, Any] = {"points": size, "build": built(workers, folder, made)}
            if not build_only:
                say = partial(print, flush=True)
                found |= asyncio.run(measure(workers, folder / "qdrant", made, say))
            return found
    finally:
        if kept is None:
            shutil.rmtree(folder)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10,000 points, nothing written")
    parser.add_argument("--million", action="store_true", help="a million points: half an hour")
    parser.add_argument("--folder", type=Path, help="where the points stay, or stand already")
    parser.add_argument("--build-only", action="store_true", help="makes the points in the folder, asks nothing")
    arguments = parser.parse_args()
    quick, million = bool(arguments.quick), bool(arguments.million)
    size = 10_000 if quick else 1_000_000 if million else 100_000
    build_only = bool(arguments.build_only)
    found = run(size, 200 if quick else 1_000, arguments.folder, build_only=build_only)
    keep("search_million" if million else "search", found, kept=not quick and not build_only)


if __name__ == "__main__":
    main()
