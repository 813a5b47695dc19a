"""Policies of registration, and two shards. In a module of their own: these houses and stores are not the site's."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from artel.app.gateway import gateway_for
from tests.support.api import PASSWORD, Site
from tests.support.house import OpenHouse
from tests.support.stores import Stores


async def _register(site: Site, email: str) -> tuple[int, dict[str, object]]:
    answer = await (await site.visitor()).post("/auth/register", json={"email": email, "password": PASSWORD})
    return answer.status_code, answer.json()


async def test_policy_first_lets_exactly_one_of_two_in(stores: Stores, open_house_over: OpenHouse) -> None:
    async with open_house_over(stores, ARTEL_REGISTRATION="first") as house, AsyncExitStack() as stack:
        site = Site(gateway_for(house), house, stores, stack)
        options = await (await site.visitor()).get("/auth/options/")

        results = await asyncio.gather(*(_register(site, f"racer{number}@example.org") for number in range(4)))

        assert options.json() == {
            "registration": "first",
            "can_register": True,
            "needs_first_account": True,
            "password": True,
            "oidc": None,
        }
        assert sorted(status for status, _ in results) == [201, 403, 403, 403]
        assert [row["role"] for row in await stores.as_migrator("select role from users")] == ["admin"]
        assert (await (await site.visitor()).get("/auth/options/")).json()["can_register"] is False


async def test_policy_closed_lets_nobody_in(stores: Stores, open_house_over: OpenHouse) -> None:
    async with open_house_over(stores, ARTEL_REGISTRATION="closed") as house, AsyncExitStack() as stack:
        site = Site(gateway_for(house), house, stores, stack)

        status, problem = await _register(site, "a@example.org")

        assert (status, problem["type"]) == (403, "/problems/registration-closed")


async def test_new_users_go_to_the_emptiest_shard(site_of_two_shards: Site) -> None:
    people = [await site_of_two_shards.registered(f"p{number}@example.org") for number in range(4)]

    homes = [(await site_of_two_shards.house.shards.entry(person.id)).shard for person in people]
    assert sorted(homes) == ["shard1", "shard1", "shard2", "shard2"]
    for person in people:
        assert (await person.http.get("/my/agents/")).json()["items"] == []


async def test_two_shards_keep_the_same_counsel(site_of_two_shards: Site) -> None:
    ann = await site_of_two_shards.person(shard="shard1")
    bob = await site_of_two_shards.person(shard="shard2")
    chat = await ann.chat()

    answer = await bob.http.get(f"/my/chat/{chat}/")

    assert answer.status_code == 404
    assert site_of_two_shards.denied == 1
