"""Administrators' operations: users learn nothing by them, and administrators see accounts and sums, never content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from artel.accounts.administration import Administration, Change
from artel.accounts.password_links import PasswordLinks
from artel.accounts.passwords import Passwords
from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import body_of, leaks, victims_ids
from tests.support.isolation_http import Caller
from tests.support.isolation_operations import Operation, of_admins
from tests.support.isolation_people import PASSWORD
from tests.support.isolation_streams import at_both_processes, ended, listening
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds
from tests.support.live_http import open_stream

OPERATIONS = of_admins(openapi_document())
PARAMETERS = [pytest.param(each, id=each.name.replace(" ", "-")) for each in OPERATIONS]
CHANGES = {
    "PATCH /admin/users/{account_id}/",
    "POST /admin/users/{account_id}/sign-out/",
    "POST /admin/users/{account_id}/password-link/",
    "DELETE /admin/users/{account_id}/",
    "DELETE /admin/invitations/{invitation_id}/",
}
"""What an administrator may do to the victim's account: tried on somebody else's, since the victim stays as it is."""


def _victims(world: World, operation: Operation) -> dict[str, str]:
    return {name: next(iter(victims_ids(world, name).values())) for name in operation.path_parameters}


@in_worlds(ALL_LAYERS)
@pytest.mark.parametrize("operation", PARAMETERS)
async def test_nobody_else_comes_in(world: World, operation: Operation) -> None:
    near, far, _, key = world.attackers
    demoted = await world.people.newcomer("a demoted administrator", role="admin")
    await demoted.ok("GET", "/admin/log/")
    await world.stores.as_migrator("update users set role = 'user' where id = $1", demoted.user_id)
    before = await world.ledger.of(world.victim.id)

    for attacker in (near, far, key, demoted):
        ids = _victims(world, operation)
        reply = await attacker.send(operation.method, operation.target(ids), body_of(operation, attacker))
        assert (reply.status, reply.json()["type"]) == (403, "/problems/admins-only"), attacker.name
        assert leaks(world, reply, " ".join(ids.values())) == []

    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


@in_worlds(ALL_LAYERS)
@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.name not in CHANGES], ids=lambda it: it.name)
async def test_an_administrator_sees_no_content(world: World, operation: Operation) -> None:
    before = await world.ledger.of(world.victim.id)
    admin = world.attackers[2]

    reply = await admin.send(operation.method, operation.target({}), body_of(operation, admin))

    assert reply.status in operation.successes, reply.body
    # Whom accounts and invitations are of is what administrators are for.
    words = set(world.victim.treasure.found_in(reply.whole)) - {world.victim.caller.email}
    invitation = world.victim.named["invitation_id"]["an invitation"]
    assert words - {invitation, f"user{world.victim.id}_"} == set()
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


@in_worlds(ALL_LAYERS)
async def test_what_is_done_to_an_account_is_done_to_that_one(world: World) -> None:
    admin, one = world.attackers[2], await world.people.newcomer("somebody")
    before = await world.ledger.of(world.victim.id)
    place = f"/admin/users/{one.user_id}/"

    await admin.ok("PATCH", place, {"limits": {"agents": 1}, "role": "admin"})
    await admin.ok("PATCH", place, {"role": "user", "is_active": False})
    await admin.ok("PATCH", place, {"is_active": True})
    link = await admin.ok("POST", f"{place}password-link/")
    await admin.send("POST", f"{place}sign-out/")
    invitation = await admin.ok("POST", "/admin/invitations/", {})
    withdrawn = await admin.send("DELETE", f"/admin/invitations/{invitation['id']}/")

    gone = await world.people.newcomer("somebody else")
    erased = await admin.send("DELETE", f"/admin/users/{gone.user_id}/")

    assert link["link"].partition("#")[2]
    assert erased.status == 202
    assert (await gone.send("GET", "/auth/me")).status == 401
    assert withdrawn.status == 204
    assert (await one.send("GET", "/auth/me")).status == 401
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []
    for missing in (f"/admin/users/{10**15}/", f"/admin/invitations/{world.houses[0].ids.uuid()}/"):
        reply = await admin.send("PATCH" if "users" in missing else "DELETE", missing, {"role": "user"})
        assert reply.status == 404


@in_worlds(ALL_LAYERS)
async def test_links_open_what_they_are_for_and_nothing_of_others(world: World) -> None:
    house, one = world.houses[0], await world.people.newcomer("somebody")
    before = await world.ledger.of(world.victim.id)
    visitor = Caller("a visitor", world.wires[0], {})
    made = await house.users.invitations.make(None)
    link = await PasswordLinks(house.shards, house.ids, Passwords()).make(None, one.user_id)

    known = await visitor.send("POST", "/auth/invitation/", {"invitation": made.token})
    wrong = await visitor.send("POST", "/auth/invitation/", {"invitation": str(made.view.id)})
    crossed = await visitor.send("POST", "/auth/reset-password", {"token": made.token, "password": PASSWORD})
    used = await visitor.send("POST", "/auth/reset-password", {"token": link.token, "password": PASSWORD})

    assert [reply.status for reply in (known, wrong, crossed, used)] == [200, 403, 403, 204]
    assert leaks(world, known, "") == []
    assert (await one.send("GET", "/auth/me")).status == 401
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


async def _promote(world: World, user: Caller) -> None:
    await world.attackers[2].ok("PATCH", f"/admin/users/{user.user_id}/", {"role": "admin"})


async def _demote(world: World, user: Caller) -> None:
    await world.attackers[2].ok("PATCH", f"/admin/users/{user.user_id}/", {"role": "user"})


async def _demote_by_a_command(world: World, user: Caller) -> None:
    house = world.houses[0]
    administration = Administration(house.shards, house.ids, house.sign_ins, house.revocations)
    await administration.change(None, user.user_id, Change(role="user"))


async def _sign_out(world: World, user: Caller) -> None:
    assert (await world.attackers[2].send("POST", f"/admin/users/{user.user_id}/sign-out/")).status == 204


async def _disable(world: World, user: Caller) -> None:
    await world.attackers[2].ok("PATCH", f"/admin/users/{user.user_id}/", {"is_active": False})


async def _set_a_password(world: World, user: Caller) -> None:
    house = world.houses[0]
    link = await PasswordLinks(house.shards, house.ids, Passwords()).make(None, user.user_id)
    body = {"token": link.token, "password": PASSWORD}
    reply = await Caller("a visitor", world.wires[1], {}).send("POST", "/auth/reset-password", body)
    assert reply.status == 204


@in_worlds(ALL_LAYERS)
@at_both_processes
@pytest.mark.parametrize(
    ("ends", "role", "comes_back"),
    [
        pytest.param(_promote, "user", True, id="promoted"),
        pytest.param(_demote, "admin", True, id="demoted"),
        pytest.param(_demote_by_a_command, "admin", True, id="demoted-by-a-command"),
        pytest.param(_sign_out, "user", False, id="signed-out"),
        pytest.param(_disable, "user", False, id="disabled"),
        pytest.param(_set_a_password, "user", False, id="password-set-by-link"),
    ],
)
async def test_a_stream_ends_with_what_it_was_opened_as(
    world: World, wire: int, ends: Any, role: str, comes_back: bool
) -> None:
    user = replace(await world.people.newcomer("a listener", role=role), wire=world.wires[wire])

    async with listening(user.wire, user.headers) as stream:
        await ends(world, user)
        await ended(stream)

    async with open_stream(user.wire.port, "/my/events/", dict(user.headers)) as again:
        assert again.status == (200 if comes_back else 401)
