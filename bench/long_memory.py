"""How well memory finds what was said over months: LoCoMo, and a life in Russian that is made up.

python -m bench.long_memory --data locomo10.json [--cache FOLDER] [--quick]     # results/locomo.json
python -m bench.long_memory [--cache FOLDER] [--quick]                          # results/diary.json

Each conversation is one user, each of its sittings a chat, dated as in the data. Everything goes through the product's
own path: rows of messages, `remember`, the bundled model, the embedded store, `Finder` and `Recall`. No model answers
here, so it is not answers that are judged but what they would be made of: the turns that the data name as evidence.

- *dense*, *sparse*, *hybrid*: what a search puts first. *sparse* is BM25 alone. recall@k: the mean share of a
  question's evidence among the first k turns. hit@5: any of it is among five. MRR: one divided by the first's place.
- *told*: what a turn's recall gives to a model: at most five memories, above the threshold. *nothing*: the share
  of questions for which it gives none. *evidence*, *some_evidence*: as recall and hit.
- *adversarial* (LoCoMo) asks one person for what the other one said: its evidence is what misleads. *abstention* (ours)
  asks for what was never said.

The first run embeds some 6,000 turns, which takes ten minutes; a cache keeps that. LoCoMo's data are CC BY-NC: none
of them are here.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import UUID, uuid4

os.environ["OMP_NUM_THREADS"] = "1"

from artel.app.databases import Stores, embedded_servers, open_stores
from artel.app.memory import memory_companions
from artel.kit.ids import IdMaker
from artel.memory.context import Question
from artel.memory.edge.store import EdgeContexts
from artel.memory.finder import Finder, Sought
from artel.memory.index import Tools
from artel.memory.recall import Asked as Turned
from artel.memory.recall import chosen, meant, question_of
from artel.memory.sparse import SparseEncoder
from artel.memory.turn import Turns
from artel.memory.vectors import SparseVector
from artel.memory.words import WordReader
from artel.settings import load_settings
from artel.store.shards import Shards
from bench.indexing import new_user
from bench.long import diary, locomo
from bench.long.judge import Answered, Ranking, judge, once
from bench.long.model import KeptModel
from bench.long.told import Asked, Life, Turn
from bench.report import keep

_DEEP: Final = 40
_PACE: Final = timedelta(seconds=30)
"""Between two turns of a sitting, of which the data only say when it began."""
_IDS: Final = IdMaker()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a life is remembered."""

    shards: Shards
    contexts: EdgeContexts
    model: KeptModel

    async def live(self, life: Life) -> tuple[int, Mapping[UUID, str]]:
        """Says and remembers all of it; the user, and of each memory the key of its turn."""
        user_id, _ = await new_user(self.shards, f"{uuid4().hex}@example.org")
        keys: dict[UUID, str] = {}
        for sitting in life.sittings:
            chat, ids = _IDS.number(), [_IDS.uuid() for _ in sitting.turns]
            runs = runs_of(sitting.turns)
            keys |= {id: turn.key for id, turn in zip(ids, sitting.turns, strict=True)}
            times: list[datetime] = [sitting.at + number * _PACE for number in range(len(ids))]
            roles, texts = [turn.role for turn in sitting.turns], [turn.text for turn in sitting.turns]
            async with self.shards.user_tx(user_id) as tx:
                await tx.execute(_CHAT, user_id, chat, sitting.at)
                await tx.execute(_SAY, user_id, chat, runs, ids, roles, texts, times)
        await self._remember(user_id)
        async with self.shards.user_tx(user_id) as tx:
            rows = await tx.fetch(_SOURCES, user_id)
        return user_id, {row["id"]: keys[UUID(row["source_id"])] for row in rows}

    async def _remember(self, user_id: int) -> None:
        reader = WordReader()
        encoder = SparseEncoder(reader)

        async def encode(texts: Sequence[str]) -> list[SparseVector]:
            return [encoder.passage(text) for text in texts]

        turns = Turns(
            tools=Tools(self.shards, self.model, encode),
            contexts=self.contexts,
            worker=uuid4().hex,
            reader=reader,
            in_thread=_at_once,
            on_indexed=lambda _: None,
        )
        while await turns.take(user_id) is not None:
            pass


def runs_of(turns: Sequence[Turn]) -> list[UUID]:
    """What belongs together: each turn with those that answer it."""
    runs: list[UUID] = []
    for turn in turns:
        runs.append(runs[-1] if turn.is_answer else _IDS.uuid())
    return runs


async def _at_once(work: Any) -> Any:
    return work()


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one user's memory. keys: of the turns by their memories. ms: what each recall took, its vector included."""

    finder: Finder
    user_id: int
    keys: Mapping[UUID, str]
    ms: list[float]

    async def ask(self, asked: Asked) -> Answered:
        """As a turn does, and then each way alone."""
        question = question_of(Turned(asked.text), self.finder.reader) or asked.text
        began = time.perf_counter()
        candidates = await self.finder.candidates(self.user_id, question, Sought(), _DEEP, meant(question))
        told = chosen(self.finder, question, candidates)
        self.ms.append((time.perf_counter() - began) * 1e3)
        embedder = self.finder.embedder
        assert embedder is not None
        words, vector = SparseEncoder(self.finder.reader).question(question), await embedder.question(meant(question))
        ways = {
            "dense": await self._alone(Question(sparse=SparseVector(), space=embedder.space.name, vector=vector)),
            "sparse": await self._alone(Question(sparse=words)),
            "hybrid": once(self.keys[candidate.memory.id] for candidate in candidates),
        }
        return Answered(asked, ways, once(self.keys[found.memory.id] for found in told))

    async def _alone(self, question: Question) -> Ranking:
        hits = await self.finder.contexts.of(self.user_id).search(question, limit=_DEEP)
        return once(self.keys[hit.id] for hit in hits)


async def measure(place: Place, lives: Sequence[Life]) -> dict[str, Any]:
    """All lives, one after the other."""
    answered: list[Answered] = []
    ms: list[float] = []
    for life in lives:
        asker = Asker(Finder(place.shards, place.contexts, place.model), *await place.live(life), ms)
        answered += [await asker.ask(asked) for asked in life.asked]
        print(f"{life.name}: {len(life.asked)} questions", flush=True)
    ms.sort()
    return {
        "lives": len(lives),
        "sittings": sum(len(life.sittings) for life in lives),
        "turns": sum(len(sitting.turns) for life in lives for sitting in life.sittings),
        "recall_ms": {"median": round(median(ms), 1), "p95": round(ms[int(len(ms) * 0.95)], 1)},
        "categories": judge(answered),
    }


def run(lives: Sequence[Life], cache: Path | None) -> dict[str, Any]:
    """Over embedded stores of its own."""
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as folder:
        settings = load_settings(
            {
                "ARTEL_DATA_DIR": str(Path(folder, "data")),
                "ARTEL_FIND_LOCAL_MODELS": "false",
                "ARTEL_EMBEDDING_MODEL": "off",
            }
        )
        servers = embedded_servers(settings, memory_companions(settings))
        assert servers is not None

        async def all_of_it(stores: Stores) -> dict[str, Any]:
            shards = Shards(stores.shards)
            contexts = EdgeContexts(list(map(Path, stores.companions["contexts"])), lambda: None)
            model = KeptModel(cache or Path(folder, "passages"))
            await shards.start()
            try:
                return await measure(Place(shards, contexts, model), lives)
            finally:
                await model.aclose()
                await contexts.aclose()
                await shards.stop()

        async def opened() -> dict[str, Any]:
            return await all_of_it(await open_stores(settings, endpoints, upgrade=True, alone=True))

        with servers as endpoints:
            return asyncio.run(opened())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="LoCoMo's locomo10.json")
    parser.add_argument("--cache", type=Path, help="a folder that keeps passages' vectors")
    parser.add_argument("--quick", action="store_true", help="one life, nothing written")
    arguments = parser.parse_args()
    data: Path | None = arguments.data
    quick: bool = arguments.quick
    about: dict[str, Any] = {}
    lives = diary.lives()
    if data is not None:
        about = {"data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(), "paper": locomo.PAPER}
        lives = locomo.read(data)
    found = run(lives[:1] if quick else lives, arguments.cache)
    keep("diary" if data is None else "locomo", {**about, **found}, kept=not quick)


_CHAT: Final = """
insert into chat_sessions (user_id, id, title, created_at, updated_at) values ($1, $2, '', $3, $3)
"""
_SAY: Final = """
insert into messages (user_id, id, session_id, run_id, role, content, created_at)
select $1, said.id, $2, said.run, said.role, said.content, said.at
from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[]) as said (run, id, role, content, at)
"""
_SOURCES: Final = "select id, source_id from memories where user_id = $1"

if __name__ == "__main__":
    main()
