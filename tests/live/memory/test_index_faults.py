"""Whoever indexes may die at every step, the store too: in the end everything is indexed, once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterator

import orjson
import pytest

from artel.memory.context import ContextStore
from artel.memory.edge.store import EdgeContexts
from artel.memory.indexer import Indexer
from tests.support.embedders import ToyEmbedder
from tests.support.memory import SPACE, Edge, question, until
from tests.support.remembering import Diary, all_turns, turns_over
from tests.support.stores import Stores

DOG = "Мою собаку зовут Бублик, ей три года."
LAMP = "The lamp in the hall has been broken since Tuesday."
STEPS = 45
"""More than a whole life has."""


@pytest.fixture(scope="module")
def own_edge() -> Iterator[Edge]:
    running = Edge.start(workers=2)
    yield running
    running.stop()


@pytest.fixture
async def new_diary(stores: Stores, contexts: EdgeContexts) -> AsyncGenerator[list[Diary]]:
    """Who writes one; their contexts are removed at the end."""
    diaries: list[Diary] = []
    yield diaries
    for diary in diaries:
        await contexts.of(diary.user_id).erase()


async def assert_whole(diary: Diary, context: ContextStore, texts: set[str]) -> None:
    """Everything is remembered once, indexed once, found, and nothing else is there."""
    rows = await diary.memories()
    assert sorted(row["text"] for row in rows) == sorted(texts)
    assert all(row["indexed_revision"] == row["revision"] and row["indexed_space"] == SPACE.name for row in rows)
    assert sorted(await context.ids()) == sorted(row["id"] for row in rows)
    assert await context.ids_without(SPACE.name) == []
    assert await diary.rows("select from memory_deletions where user_id = $1") == []
    for text in texts:
        assert (await context.search(question(text), limit=1))[0].text == text


@pytest.mark.uncovered
async def test_kill_9_after_every_step(
    stores: Stores, own_edge: Edge, contexts: EdgeContexts, new_diary: list[Diary]
) -> None:
    for _ in range(STEPS):
        new_diary.append(diary := await Diary.of(stores))
        chat = await diary.chat()
        await diary.say(chat, DOG)
        await diary.say(chat, LAMP)
        await diary.answer(chat, f"{LAMP} I have not forgotten that.")
    setup = {
        "databases": [urls.app.render_as_string(hide_password=False) for urls in stores.databases],
        "sockets": [str(socket) for socket in own_edge.sockets],
        "users": [diary.user_id for diary in new_diary],
        "forget": DOG,
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.indexing_process", stdin=-1, stdout=-1
    )
    said, _ = await program.communicate(orjson.dumps(setup) + b"\n")
    *deaths, last = said.decode().split()
    assert (set(deaths), last) == ({"died"}, "done")
    assert len(deaths) > 20

    for granted, diary in enumerate(new_diary[: len(deaths) + 1], start=1):
        # The dead renew no lease.
        await diary.run("update memory_state set lease_until = now() where user_id = $1")
        await all_turns(turns_over(stores, contexts, ToyEmbedder()), diary.user_id)
        texts = {LAMP, f"{LAMP} I have not forgotten that."}
        if DOG in await diary.texts():
            # It died before it forgot; all but the first lives lasted until then.
            texts.add(DOG)
        await assert_whole(diary, contexts.of(diary.user_id), texts)
        counts = await diary.rows("select unlearned, unsummarised from chat_sessions where user_id = $1")
        assert [tuple(row) for row in counts] == [(2, 3)], granted


async def test_two_processes_index_one_user(stores: Stores, contexts: EdgeContexts, new_diary: list[Diary]) -> None:
    new_diary.append(diary := await Diary.of(stores))
    chat = await diary.chat()
    texts = {f"{LAMP} {number}" for number in range(150)}
    for text in texts:
        await diary.say(chat, text)
    embedders = [ToyEmbedder(), ToyEmbedder()]
    indexers = [
        Indexer(turns_over(stores, contexts, embedder, f"worker {number}")) for number, embedder in enumerate(embedders)
    ]
    for indexer in indexers:
        indexer.start()
        indexer.wake(diary.user_id)

    await asyncio.gather(*(indexer.idle() for indexer in indexers))

    rows = await diary.memories()
    assert {row["text"] for row in rows} == texts
    assert len(rows) == await contexts.of(diary.user_id).count() == 150
    assert sorted(embedders[0].asked + embedders[1].asked) == sorted(texts)
    for indexer in indexers:
        await indexer.aclose()


async def test_the_store_dies_while_it_is_written_to(
    stores: Stores, own_edge: Edge, contexts: EdgeContexts, new_diary: list[Diary]
) -> None:
    new_diary.append(diary := await Diary.of(stores))
    chat = await diary.chat()
    for number in range(300):
        await diary.say(chat, f"{LAMP} {number}")
    embedder = ToyEmbedder()
    indexer = Indexer(turns_over(stores, contexts, embedder), first_backoff=0.05)
    indexer.start()
    indexer.wake(diary.user_id)
    for batch in (1, 2, 3):
        await until(lambda: len(embedder.asked) >= 64 * batch)  # noqa: B023
        await until(lambda: None not in own_edge.workers.pids)
        os.kill(own_edge.pid_of(diary.user_id), signal.SIGKILL)

    await indexer.idle()

    rows = await diary.memories()
    assert len(rows) == 300
    assert all(row["indexed_space"] == SPACE.name for row in rows)
    assert sorted(await contexts.of(diary.user_id).ids()) == sorted(row["id"] for row in rows)
    await indexer.aclose()
