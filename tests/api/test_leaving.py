"""`DELETE /my/`: the account ends at once, everything goes, and whoever is killed in between is made up for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, cast

import orjson
import pytest

from artel.accounts.leaving import Leaving
from artel.accounts.passwords import Passwords
from artel.kit.clock import utc_now
from artel.kit.errors import Unauthenticated
from artel.space.erasure import Erasures, owned_tables
from artel.store.shards import StoreUnavailable
from tests.support.api import PASSWORD, Person, Site

WORD = "Zwiebelkuchen"


async def settle_in(person: Person) -> None:
    """Something of everything that is quick to make."""
    await person.agent("Coder", system_prompt=f"Speak of {WORD}.")
    chat = await person.chat(WORD)
    assert (await person.say(chat, f"@coder {WORD}")).status_code == 200
    made = [
        await person.http.post("/my/files/", files={"file": (f"{WORD}.txt", WORD.encode())}),
        await person.http.post("/my/memory/", json={"text": WORD}),
        await person.http.post("/my/api-keys/", json={"name": WORD}),
        await person.http.put("/my/providers/openai/", json={"api_key": f"sk-{WORD}"}),
        await person.http.put("/my/budget/", json={"monthly_usd": 3}),
    ]
    assert {answer.status_code for answer in made} <= {200, 201}


async def rows_of(site: Site, user_id: int) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table in owned_tables():
        found = await site.stores.as_migrator(f"select count(*) as n from {table} where user_id = $1", user_id)
        counts[table] = sum(row["n"] for row in found)
    [users] = await site.stores.as_migrator("select count(*) as n from users where id = $1", user_id)
    return {table: number for table, number in {**counts, "users": users["n"]}.items() if number}


async def keys_of(site: Site, user_id: int) -> list[str]:
    redis = cast(Any, site.stores.redis)
    names = [key.decode() async for key in redis.scan_iter()]
    return [name for name in names if re.search(rf"(?<!\d){user_id}(?!\d)", name) and "sender" not in name]


async def nothing_is_left(site: Site, user_id: int) -> bool:
    await site.house.outbox.flush()
    left = await rows_of(site, user_id), await keys_of(site, user_id)
    assert left == ({}, [])
    return True


async def erasures(site: Site) -> list[dict[str, Any]]:
    return [dict(row) for row in await site.stores.as_migrator("select id, done from erasures")]


@pytest.fixture(autouse=True)
async def start(site: Site) -> None:
    """Nobody else carries anything on, and ids stand in no key by chance."""
    await site.house.erasing.aclose()
    await site.stores.as_migrator(
        "select setval(seq, greatest(nextval(seq), 9001000)) from pg_get_serial_sequence('users', 'id') seq"
    )


async def test_everything_goes_and_the_address_is_free_again(site: Site, ann: Person) -> None:
    eve = await site.registered("eve@example.org")
    await settle_in(eve)
    await settle_in(ann)
    before = await rows_of(site, ann.id)
    key = (await eve.http.post("/my/api-keys/", json={"name": "old"})).json()["key"]

    answer = await eve.http.request("DELETE", "/my/")

    assert answer.status_code == 204
    assert await nothing_is_left(site, eve.id)
    assert (await eve.http.get("/auth/me")).status_code == 401
    with_key = await (await site.visitor()).get("/my/agents/", headers={"Authorization": f"Bearer {key}"})
    assert with_key.status_code == 401
    assert (await eve.http.post("/auth/login", json={"email": eve.email, "password": PASSWORD})).status_code == 401
    again = await site.registered("eve@example.org")
    assert again.id != eve.id
    assert (await again.http.get("/my/agents/")).json()["items"] == []
    assert (await again.http.get("/my/chat/sessions/")).json()["items"] == []
    assert await rows_of(site, ann.id) == before


async def test_what_is_said_to_confirm_must_be_right(site: Site, ann: Person) -> None:
    eve = await site.registered("eve@example.org")

    wrong = await eve.http.request("DELETE", "/my/", json={"password": "another password"})
    elsewhere = await eve.http.request("DELETE", "/my/", json={"confirm": ann.email})
    unknown = await eve.http.request("DELETE", "/my/", json={"sure": True})

    assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/wrong-password")
    assert (elsewhere.status_code, elsewhere.json()["errors"][0]["field"]) == (422, "confirm")
    assert unknown.status_code == 422
    assert (await eve.http.get("/auth/me")).status_code == 200
    right = {"password": PASSWORD, "confirm": " Eve@Example.org"}
    assert (await eve.http.request("DELETE", "/my/", json=right)).status_code == 204
    assert await nothing_is_left(site, eve.id)


async def test_a_password_cannot_be_tried_for_ever(site: Site, ann: Person) -> None:
    eve = await site.registered("eve@example.org")

    statuses = {
        (await eve.http.request("DELETE", "/my/", json={"password": f"guess {number}"})).status_code
        for number in range(12)
    }

    assert statuses == {403, 429}
    redis = cast(Any, site.stores.redis)
    for key in [key async for key in redis.scan_iter("*eve@example.org*")]:
        await redis.delete(key)


async def test_a_browser_of_yesterday_is_asked_for_the_password(site: Site, ann: Person) -> None:
    eve = await site.registered("eve@example.org")
    async with site.house.shards.user_tx(eve.id) as tx:
        await tx.execute(
            "update sign_ins set created_at = $2 where user_id = $1", eve.id, utc_now() - timedelta(hours=2)
        )

    plain = await eve.http.request("DELETE", "/my/")
    confirmed = await eve.http.request("DELETE", "/my/", json={"confirm": eve.email})

    assert (plain.status_code, plain.json()["type"]) == (403, "/problems/sign-in-again")
    assert confirmed.status_code == 403
    assert (await eve.http.request("DELETE", "/my/", json={"password": PASSWORD})).status_code == 204


async def test_a_key_may_do_what_it_could_do_bit_by_bit(site: Site, ann: Person) -> None:
    eve = await site.person("eve@example.org")
    key = (await eve.http.post("/my/api-keys/", json={})).json()["key"]

    answer = await (await site.visitor()).request("DELETE", "/my/", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 204
    assert await nothing_is_left(site, eve.id)


async def test_the_last_administrator_stays_while_others_are_there(site: Site, ann: Person, bob: Person) -> None:
    refused = await ann.http.request("DELETE", "/my/")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/last-administrator")
    assert "administrator first" in refused.json()["detail"]
    assert (await ann.http.get("/auth/me")).status_code == 200
    assert (await bob.http.request("DELETE", "/my/")).status_code == 204
    assert (await ann.http.request("DELETE", "/my/")).status_code == 204
    assert await nothing_is_left(site, ann.id)


async def test_running_work_ends_and_writes_nothing_any_more(site: Site, ann: Person) -> None:
    eve = await site.person("eve@example.org")
    await eve.agent("Coder", model={"provider": "openai", "name": "scripted"})
    chat = await eve.chat()
    sent = await eve.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder [[slow tokens=2000]]"})
    assert sent.status_code == 202
    held = site.house.bus.worker.held
    assert [each for each in held.values() if each.user_id == eve.id]

    assert (await eve.http.request("DELETE", "/my/")).status_code == 204

    jobs = [each.job for each in held.values() if each.user_id == eve.id and each.job]
    for job in jobs:
        await job
    assert not [each for each in held.values() if each.user_id == eve.id]
    assert await nothing_is_left(site, eve.id)


@pytest.mark.parametrize("step", ["fence", "rows", "events", "vectors"])
async def test_who_is_killed_before_a_step_is_made_up_for(
    site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    eve = await site.person("eve@example.org")
    await settle_in(eve)

    class Killed(BaseException):
        pass

    async def killed(user_id: int) -> None:
        raise Killed

    dying = _erasures(site, quiet=0)
    monkeypatch.setitem(cast(Any, dying)._steps, step, killed)
    await dying.begin(eve.id)
    with pytest.raises(Killed):
        await dying.carry_on(eve.id)
    with pytest.raises(Unauthenticated):
        async with site.house.shards.user_tx(eve.id):
            pass
    [row] = await erasures(site)
    assert row["id"] == eve.id

    await site.stores.as_migrator("update erasures set not_before = now()")
    other = _erasures(site, quiet=0)
    await other.carry_on()

    assert await nothing_is_left(site, eve.id)
    await other.carry_on()
    assert await erasures(site) == []


async def test_what_comes_late_is_found_by_the_second_look(site: Site, ann: Person) -> None:
    eve = await site.person("eve@example.org")
    patient = _erasures(site, quiet=0)
    await patient.begin(eve.id)
    await patient.carry_on(eve.id)
    redis = cast(Any, site.stores.redis)
    await redis.set(f"ev:{eve.id}:late", "a word")
    await site.stores.as_migrator("insert into shard_users (user_id, state) values ($1, 'leaving')", eve.id)
    assert await patient.left_over(eve.id) == ["shard1: shard_users", f"ev:{eve.id}:late"]

    await patient.carry_on()

    assert await patient.left_over(eve.id) == []
    assert await nothing_is_left(site, eve.id)
    assert await erasures(site) == []


async def test_a_store_that_is_away_holds_up_its_own_step_alone(site: Site, ann: Person) -> None:
    eve = await site.person("eve@example.org")
    await settle_in(eve)

    async def away(user_id: int) -> None:
        raise StoreUnavailable

    held_up = _erasures(site, quiet=0)
    steps = cast(Any, held_up)._steps
    steps["vectors"], vectors = away, steps["vectors"]
    await held_up.begin(eve.id)
    await held_up.carry_on(eve.id)

    assert await nothing_is_left(site, eve.id)
    [row] = await erasures(site)
    assert sorted(orjson.loads(row["done"])) == ["events", "fence", "rows"]
    steps["vectors"] = vectors
    await held_up.carry_on(eve.id)
    await held_up.carry_on()
    assert await erasures(site) == []


async def test_a_process_that_did_not_hear_of_it_is_stopped_at_the_fence(site: Site, ann: Person) -> None:
    eve = await site.person("eve@example.org")
    entry = await site.house.shards.entry(eve.id)
    leaving = _erasures(site, quiet=0)
    await leaving.begin(eve.id)
    await cast(Any, leaving)._fence(eve.id)
    cast(Any, site.house.shards)._entries[eve.id] = entry

    with pytest.raises(Unauthenticated):
        async with site.house.shards.user_tx(eve.id) as tx:
            await tx.execute("insert into profiles (user_id, text) values ($1, 'late')", eve.id)


def _erasures(site: Site, *, quiet: float) -> Erasures:
    """As the house has them, but for how long they wait; nobody else looks."""
    house = site.house

    async def nobody(user_id: int) -> None:
        house.outbox.silence(user_id)

    leaving = Leaving(house.shards, Passwords(), house.revocations)
    return Erasures(house.shards, leaving, house.log, None, tell_all=nobody, forget=nobody, quiet=quiet)
