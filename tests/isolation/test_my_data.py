"""Taking everything along and removing everything are one's own: of somebody who has a row in every table."""

from __future__ import annotations

import io
import zipfile
from typing import Any, cast

from artel.space.export.contents import CONTENTS, Shown
from tests.support.isolation_http import Caller
from tests.support.isolation_people import PASSWORD
from tests.support.isolation_victim import make_victim
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds


async def exported(caller: Caller) -> bytes:
    """Everything in an export, unpacked."""
    reply = await caller.send("GET", "/my/export/")
    assert reply.status == 200, reply.body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert archive.testzip() is None
        return b"".join(f"{name}\n".encode() + archive.read(name) for name in archive.namelist())


@in_worlds(ALL_LAYERS)
async def test_an_export_holds_all_that_is_ones_own_and_no_secret(world: World) -> None:
    victim, everything = world.victim, await world.ledger.of(world.victim.id)

    whole = await exported(victim.caller)

    found = set(victim.treasure.content_in(whole))
    for table, known in CONTENTS.items():
        if isinstance(known, Shown) and table != "users":
            assert everything.rows[table], table
            for record in everything.records(table):
                said = {word for column in known.columns for word in victim.treasure.content_in(str(record[column]))}
                assert said <= found, f"{table}: {said - found}"
    assert found & victim.treasure.secrets == {victim.caller.email}


@in_worlds(ALL_LAYERS)
async def test_an_export_holds_nothing_of_others(world: World) -> None:
    newcomer = await world.people.newcomer("who has tried nothing yet")
    assert world.victim.treasure.found_in(await exported(newcomer)) == []

    # Attackers keep what they wrote themselves, and other tests let them write the victim's ids.
    for attacker in world.attackers:
        assert world.victim.treasure.content_in(await exported(attacker)) == []


@in_worlds(ALL_LAYERS)
async def test_who_leaves_leaves_nothing_and_takes_nothing_of_others_along(world: World) -> None:
    """Somebody with something in every table, at work in both processes."""
    caller = await world.people.registered("who leaves", "who-leaves@example.org", PASSWORD)
    leaver = await make_victim(world.people, world.ledger, caller, PASSWORD)
    full = await world.ledger.of(leaver.id)
    assert [table for table in world.ledger.tables if not full.rows.get(table)] == []
    before = await world.ledger.of(world.victim.id)

    reply = await caller.send("DELETE", "/my/", {"password": PASSWORD})

    assert reply.status == 204
    for house in world.houses:
        assert not [
            held for held in house.bus.worker.held.values() if held.user_id == leaver.id and held.ending is None
        ]
    left = await world.ledger.of(leaver.id)
    assert (dict(left.rows), dict(left.keys)) == ({}, {})
    keys = [key.decode() async for key in cast(Any, world.stores.redis).scan_iter()]
    assert [key for key in keys if str(leaver.id) in key] == []
    assert await world.houses[1].erasing.erasures.left_over(leaver.id) == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []
