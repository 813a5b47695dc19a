"""Every operation as it is meant: it works with one's own ids, and nothing of anybody else's comes with it.

This is what makes the refusals of the other tests mean something: the same requests succeed for their owner.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import body_of, leaks, own_ids
from tests.support.isolation_operations import Operation, operations
from tests.support.isolation_registry import LEAVES
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds

OPERATIONS = [pytest.param(each, id=each.name.replace(" ", "-")) for each in operations(openapi_document())]


@in_worlds(ALL_LAYERS)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_it_works_for_the_owner_and_tells_nothing_of_others(world: World, operation: Operation) -> None:
    whose = await world.people.newcomer("who leaves") if operation.name == LEAVES else world.owner
    browser = await world.people.browser(whose.user_id)
    owner = replace(whose, headers=browser.headers)
    before = await world.ledger.of(world.victim.id)
    ids = await own_ids(operation, owner)

    # What a proxy of another house, or a clever client, might say about who is asking: nobody listens to it.
    victim = str(world.victim.id)
    claims = {"X-User-Id": victim, "X-Forwarded-User": world.victim.caller.email, "X-Artel-User": victim}
    target = operation.target(ids, {"user_id": victim})
    reply = await owner.send(operation.method, target, body_of(operation, owner), claims)

    assert reply.status in operation.successes, reply.body
    assert leaks(world, reply, "") == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


@in_worlds(ALL_LAYERS)
async def test_the_victim_sees_what_the_others_do_not(world: World) -> None:
    victim = world.victim
    chat = victim.named["session_id"]["a chat"]

    history = await victim.caller.send("GET", f"/my/chat/{chat}/")
    agents = await victim.caller.send("GET", "/my/agents/")
    events = await victim.caller.send("GET", f"/my/events/?last_event_id={victim.said['event']['an early one']}")

    for reply in (history, agents, events):
        assert victim.treasure.content_in(reply.whole)
        assert set(victim.treasure.found_in(reply.whole)) & victim.treasure.ids
