"""One process writes an index at a time, for as long as it lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from artel.memory.edge.store import EdgeContexts
from artel.memory.lease import LeaseLost, lease
from artel.memory.rebuild import rebuild
from artel.store.shards import StoreUnavailable
from artel.store.tx import UserTx
from tests.support.embedders import ToyEmbedder
from tests.support.memory import SPACE, Edge, Violations, until
from tests.support.remembering import Diary, all_turns, turns_over
from tests.support.stores import Stores

LAMP = "The lamp in the hall has been broken since Tuesday."
STEAL = "update memory_state set worker = 'thief', lease_until = now() + interval '30 seconds' where user_id = $1"


class Outage:
    """Shards that do not answer while `is_on`."""

    def __init__(self, stores: Stores) -> None:
        self._shards = stores.shards
        self.is_on = False
        self.asked = 0

    @asynccontextmanager
    async def user_tx(self, user_id: int) -> AsyncGenerator[UserTx]:
        self.asked += 1
        if self.is_on:
            raise StoreUnavailable
        async with self._shards.user_tx(user_id) as tx:
            yield tx


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artel.memory.lease._RENEW_SECONDS", 0.02)


@pytest.fixture
async def diary(stores: Stores) -> Diary:
    return await Diary.of(stores)


@pytest.fixture
async def contexts(edge: Edge, diary: Diary) -> AsyncGenerator[EdgeContexts]:
    store = EdgeContexts(edge.sockets, Violations())
    yield store
    await store.of(diary.user_id).erase()
    await store.aclose()


async def until_row(diary: Diary, condition: str) -> None:
    """Waits until the user's state is so."""
    async with asyncio.timeout(10):
        while not await diary.rows(f"select from memory_state where user_id = $1 and {condition}"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_it_is_renewed_and_given_back(stores: Stores, diary: Diary) -> None:
    async with lease(stores.shards, diary.user_id, "me") as held:
        assert held is not None
        await diary.run("update memory_state set lease_until = now() where user_id = $1")
        await until_row(diary, "worker = 'me' and lease_until > now() + interval '20 seconds'")
        assert not held.is_lost

    await until_row(diary, "worker is null and lease_until is null")


async def test_who_lost_it_hears_of_it_and_leaves_the_others_alone(stores: Stores, diary: Diary) -> None:
    async with lease(stores.shards, diary.user_id, "me") as held:
        assert held is not None
        await diary.run(STEAL)
        await until(lambda: held.is_lost)

    await until_row(diary, "worker = 'thief'")


async def test_an_outage_does_not_end_the_work(stores: Stores, diary: Diary) -> None:
    shards: Any = Outage(stores)
    async with lease(shards, diary.user_id, "me") as held:
        assert held is not None
        shards.is_on, asked = True, shards.asked
        await until(lambda: shards.asked > asked + 2)
        assert not held.is_lost

    await until_row(diary, "worker = 'me'")


async def test_a_turn_begins_nothing_more_without_it(stores: Stores, diary: Diary, contexts: EdgeContexts) -> None:
    await diary.say(await diary.chat(), LAMP)
    embedder = ToyEmbedder()
    plain = embedder.passages

    async def stolen_meanwhile(texts: list[str]) -> object:
        await diary.run(STEAL)
        await asyncio.sleep(0.2)
        return await plain(texts)

    embedder.passages = stolen_meanwhile  # type: ignore[method-assign,assignment]
    turns = turns_over(stores, contexts, embedder)

    with pytest.raises(LeaseLost):
        await turns.take(diary.user_id)


async def test_a_rebuild_waits_for_whoever_writes(stores: Stores, diary: Diary, contexts: EdgeContexts) -> None:
    await diary.say(await diary.chat(), LAMP)
    turns = turns_over(stores, contexts, ToyEmbedder())
    await all_turns(turns, diary.user_id)

    async with lease(stores.shards, diary.user_id, "somebody"):
        rebuilding = asyncio.create_task(rebuild(stores.shards, contexts, diary.user_id, SPACE))
        await asyncio.sleep(0.3)
        assert not rebuilding.done()
        assert await contexts.of(diary.user_id).count() == 1

    assert await rebuilding == 1
    assert await contexts.of(diary.user_id).count() == 0
    await all_turns(turns, diary.user_id)
    assert await contexts.of(diary.user_id).count() == 1
