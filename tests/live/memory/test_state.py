"""How a memory is, as its owner sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from artel.memory.context import Trouble
from artel.memory.edge.store import EdgeContexts
from artel.memory.embed.late import LateEmbedder
from artel.memory.state import MemoryState, read_state
from artel.memory.vectors import Space
from tests.support.embedders import ToyEmbedder
from tests.support.memory import SPACE, until
from tests.support.remembering import Diary, all_turns, turns_over
from tests.support.stores import Stores

DOG = "Мою собаку зовут Бублик, ей три года."


async def see(
    diary: Diary, troubles: Sequence[Trouble] | None = (), embedder: LateEmbedder | None = None
) -> MemoryState:
    async with diary.shards.user_tx(diary.user_id) as tx:
        return await read_state(tx, troubles, embedder)


async def test_an_empty_memory_is_ready(diary: Diary) -> None:
    assert await see(diary) == MemoryState("ready", (), 0, 0, 0, None, None, None)


async def test_it_is_indexing_until_everything_is_found(diary: Diary, stores: Stores, contexts: EdgeContexts) -> None:
    await diary.say(await diary.chat(), DOG)
    assert (await see(diary)).status == "indexing"
    await diary.remember()
    before = await see(diary)
    assert (before.status, before.total, before.waiting) == ("indexing", 1, 1)

    await all_turns(turns_over(stores, contexts, ToyEmbedder()), diary.user_id)

    assert await see(diary) == MemoryState("ready", (), 1, 0, 0, SPACE.name, None, None)


async def test_what_is_to_be_forgotten_is_counted(diary: Diary) -> None:
    await diary.say(await diary.chat(), DOG)
    await diary.remember()
    await diary.run("delete from memories where user_id = $1")

    assert (await see(diary)).forgetting == 1


async def test_a_change_of_model_has_progress(diary: Diary, stores: Stores, contexts: EdgeContexts) -> None:
    chat = await diary.chat()
    for number in range(80):
        await diary.say(chat, f"{DOG} {number}")
    await all_turns(turns_over(stores, contexts, ToyEmbedder()), diary.user_id)

    await turns_over(stores, contexts, ToyEmbedder(Space("other", 16))).take(diary.user_id)

    now = await see(diary)
    assert (now.status, now.model, now.next_model, now.progress) == ("rebuilding", SPACE.name, "other", 0.8)


async def test_an_index_that_was_lost_is_rebuilt_with_progress(
    diary: Diary, stores: Stores, contexts: EdgeContexts
) -> None:
    chat = await diary.chat()
    for number in range(4):
        await diary.say(chat, f"{DOG} {number}")
    turns = turns_over(stores, contexts, ToyEmbedder())
    await all_turns(turns, diary.user_id)
    await diary.run("update memories set indexed_revision = 0, indexed_space = null where user_id = $1 and part = 0")

    assert (await see(diary)).progress == 0.0


async def test_troubles_degrade_it_and_those_of_others_do_not(diary: Diary) -> None:
    troubles = [Trouble("unreachable", "memory-1 does not answer"), Trouble("lost", "", (diary.user_id + 1,))]

    assert (await see(diary, troubles)).reasons == ("unreachable",)
    assert (await see(diary, [Trouble("lost", "", (diary.user_id,))])).status == "degraded"
    assert (await see(diary, [Trouble("lost", "", (diary.user_id + 1,))])).status == "ready"


async def test_a_model_that_is_not_there_degrades_it(diary: Diary) -> None:
    toy = ToyEmbedder(is_away=True)
    opened = asyncio.Event()

    async def open_it() -> ToyEmbedder:
        await opened.wait()
        return toy

    late = LateEmbedder("toy", open_it)
    late.start()
    assert (await see(diary, (), late)).reasons == ("embedder",)
    opened.set()
    await until(lambda: late.is_open)
    assert (await see(diary, (), late)).status == "ready"
    await late.aclose()


async def test_without_a_store_it_is_off(diary: Diary) -> None:
    assert (await see(diary, None)).status == "off"
