"""Several users hammering at once over very few connections: everything that comes of it is its owner's."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from random import Random
from typing import Any, cast
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from artel.kit.errors import ArtelError
from artel.store.engine import PoolSizes
from artel.store.shards import Shards
from tests.support.isolation_canaries import canary, owners_in
from tests.support.isolation_hammer import Person
from tests.support.isolation_world import Site, open_site
from tests.support.stores import Stores

FEW = PoolSizes(kept=1, extra=1, wait_seconds=30)
SECONDS = 3.0

Found = Mapping[str, set[int]]


async def people_of(site: Site, count: int, seed: int) -> list[Person]:
    """Users on both shards, at both processes, each with their own key to the scripted model."""
    people: list[Person] = []
    shards = list(site.stores.shards.by_name)
    for number in range(count):
        # Administrators, because only theirs may be an address on this machine.
        caller = await site.people.newcomer(
            f"user {number}", role="admin", shard=shards[number % len(shards)], wire=number // 2 % len(site.wires)
        )
        key = f"sk-{canary(caller.user_id)}"
        await site.houses[0].provider_keys.put(caller.user_id, "openai", api_key=key, base_url=site.model.base_url)
        people.append(Person(caller, Random(f"{seed} {number}")))
    return people


async def stored(site: Site, user_id: int) -> Found:
    """Whose words are in each table and each log of a user's."""
    rows = (await site.ledger.of(user_id)).rows
    found = {table: {owner for row in each for owner in owners_in(row)} for table, each in rows.items()}
    redis = cast(Any, site.stores.redis)
    entries = await redis.xrange(f"ev:{user_id}")
    return {**found, "events": {owner for _, entry in entries for line in entry.values() for owner in owners_in(line)}}


def asked_upstream(site: Site) -> tuple[set[tuple[frozenset[int], frozenset[int]]], int]:
    """Whose words and whose key each question to the model held, and how many questions there were."""
    requests = site.model.log.requests
    pairs = {
        (frozenset(owners_in(orjson.dumps(each.body))), frozenset(owners_in(each.headers["authorization"])))
        for each in requests
    }
    return pairs, len(requests)


@pytest.mark.parametrize("count", [2, 6])
async def test_everything_that_comes_of_it_is_its_owners(two_shards: Stores, count: int) -> None:
    async with open_site(two_shards, FEW) as site:
        site.model.log.requests = deque(maxlen=None)
        people = await people_of(site, count, seed=count)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(SECONDS, stop.set)

        await asyncio.gather(*(person.hammer(stop) for person in people))

        for person in people:
            user_id = person.caller.user_id
            assert person.unexpected == []
            assert owners_in(b"".join(person.heard)) == {user_id}
            own = await stored(site, user_id)
            assert {place: owners for place, owners in own.items() if owners - {user_id}} == {}
            assert {"user_agents", "messages", "events", "plans", "tasks"} <= {
                place for place, owners in own.items() if owners
            }
        pairs, questions = asked_upstream(site)
        assert {words for words, _ in pairs} == {keys for _, keys in pairs}
        assert all(words == keys and len(words) == 1 for words, keys in pairs)
        assert questions >= 3 * count
        assert (site.violations, site.denied) == (0, 0)


_WHO = "select nullif(current_setting('app.user_id', true), '')::bigint"
_OTHERS = "select count(*) from user_agents where user_id <> $1"
_AGENT = """
insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit)
values ($1, $2, $3, 'x', '{}', 1)
"""


@pytest.mark.parametrize("sizes", [PoolSizes(kept=1, extra=0), PoolSizes(kept=1, extra=2)], ids=["one", "three"])
async def test_a_connection_never_takes_a_user_along(two_shards: Stores, sizes: PoolSizes) -> None:
    ids = [await two_shards.new_user(shard="shard1") for _ in range(6)]
    shards = Shards([urls.app for urls in two_shards.databases], sizes)
    await shards.start()
    random, wrong, seen = Random(7), list[str](), Counter[int]()

    async def look(user_id: int) -> None:
        async with shards.user_tx(user_id) as tx:
            number = UUID(int=random.getrandbits(128))
            await tx.execute(_AGENT, user_id, number, f"user{user_id}_{number}")
            who, others = await tx.fetchval(_WHO), await tx.fetchval(_OTHERS, user_id)
            if who != user_id or others:
                wrong.append(f"{user_id} was {who} and saw {others}")
            seen[user_id] += 1
            if random.random() < 0.2:
                raise ArtelError("halfway")

    async def nobody() -> None:
        async with shards.shard_system_tx("shard1") as session:
            if (await session.execute(text(_WHO))).scalar() is not None:
                wrong.append("a transaction without a user was one's")

    async def interrupted(work: Coroutine[Any, Any, None]) -> None:
        """A client hangs up, a process is told to stop: at any moment, in any state of the transaction."""
        task = asyncio.ensure_future(work)
        if random.random() < 0.5:
            await asyncio.wait({task}, timeout=random.random() * 0.01)
            task.cancel()
        with suppress(asyncio.CancelledError, ArtelError):
            await task

    async def user(user_id: int) -> None:
        for _ in range(20):
            await interrupted(look(user_id))
            await interrupted(nobody())

    try:
        await asyncio.gather(*(user(user_id) for user_id in ids))
    finally:
        await shards.stop()

    assert wrong == []
    assert seen.keys() == set(ids)
