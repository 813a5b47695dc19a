"""Who leaves is gone from the vector index too: from its files, and whatever an indexer still had on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from artel.app.gateway import gateway_for
from artel.app.house import House
from artel.memory.context import ContextLost, Contexts
from artel.memory.server.store import QdrantContexts
from artel.space.erasure import Erasures
from tests.support.api import Person, Site
from tests.support.house import house_over, memory_of
from tests.support.memory import SPACE, Edge, LocalQdrant, Violations, point
from tests.support.model_server import ModelServer
from tests.support.stores import Stores

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]
WORD = "Quarkkeulchen"


@pytest.fixture
async def living(stores: Stores, edge: Edge, model_server: ModelServer) -> AsyncGenerator[Site]:
    """An installation with the embedded index."""
    companions = memory_of(edge)
    async with AsyncExitStack() as stack:
        opening = house_over(stores, model_server, companions=companions, ARTEL_EMBEDDING_MODEL="openai:words")
        house = await stack.enter_async_context(opening)
        await house.erasing.aclose()
        yield Site(gateway_for(house), house, stores, stack)
        assert house.memory is not None
        for user in await stores.as_migrator("select user_id from shard_users"):
            await house.memory.contexts.of(user["user_id"]).erase()


async def indexed(site: Site, person: Person) -> None:
    """A note of the person's is in the index."""
    assert site.house.memory is not None
    await person.http.post("/my/memory/", json={"text": f"I like {WORD} of number {person.id}"})
    async with asyncio.timeout(30):
        while True:
            found = (await person.http.get("/my/memory/", params={"q": WORD})).json().get("items")
            if found:
                return
            await asyncio.sleep(0.05)


def files_with(word: str, root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def contexts_of(house: House) -> Contexts:
    assert house.memory is not None
    return house.memory.contexts


async def test_nothing_is_left_in_the_files_of_the_index(living: Site, edge: Edge) -> None:
    ann, bob = await living.person(role="admin"), await living.person()
    for person in (ann, bob):
        await indexed(living, person)
    assert files_with(f"number {bob.id}", edge.root / str(bob.id))

    assert (await bob.http.request("DELETE", "/my/")).status_code == 204

    assert not (edge.root / str(bob.id)).exists()
    assert files_with(f"{WORD} of number {bob.id}", edge.root) == []
    assert await living.house.erasing.erasures.left_over(bob.id) == []
    found = (await ann.http.get("/my/memory/", params={"q": WORD})).json()["items"]
    assert [each["text"] for each in found] == [f"I like {WORD} of number {ann.id}"]


async def test_what_an_indexer_had_on_its_way_brings_nothing_back(living: Site) -> None:
    ann = await living.person(role="admin")
    await indexed(living, ann)
    late = contexts_of(living.house).of(ann.id)
    assert (await ann.http.request("DELETE", "/my/")).status_code == 204

    with pytest.raises(ContextLost):
        await late.upsert([point(1, WORD, vectors={})])

    assert await late.is_gone()


@pytest.mark.parametrize("layout", ["collections", "tenants"])
async def test_a_server_is_emptied_and_what_came_late_is_found(stores: Stores, living: Site, layout: str) -> None:
    house, client, violations = living.house, LocalQdrant(), Violations()
    contexts, elsewhere = (QdrantContexts(client, violations, layout) for _ in range(2))  # pyright: ignore[reportArgumentType]
    ann, bob = await living.person(role="admin"), await living.person()
    for person in (ann, bob):
        await contexts.of(person.id).ensure([SPACE])
        await contexts.of(person.id).upsert([point(1, WORD)])
    late = elsewhere.of(bob.id)
    assert await late.count() == 1

    async def nobody(user_id: int) -> None:
        house.outbox.silence(user_id)

    erasures = Erasures(house.shards, house.leaving, house.log, contexts, tell_all=nobody, forget=nobody, quiet=0)
    await erasures.begin(bob.id)
    await erasures.carry_on(bob.id)
    assert await erasures.left_over(bob.id) == []
    if layout == "collections":
        await late.ensure([SPACE])
    await late.upsert([point(2, WORD)])
    assert await erasures.left_over(bob.id) == ["vectors"]

    await erasures.carry_on()

    assert await erasures.left_over(bob.id) == []
    assert await stores.as_migrator("select id from erasures") == []
    assert await cast(Contexts, contexts).of(ann.id).count() == 1
    await client.close()
