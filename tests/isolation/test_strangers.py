"""Every operation by those who prove nothing: signed out, revoked, disabled, expired, forged."""

from __future__ import annotations

import pytest

from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import by_a_stranger
from tests.support.isolation_operations import operations
from tests.support.isolation_people import strangers
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds

OPERATIONS = operations(openapi_document())


@in_worlds(ALL_LAYERS)
async def test_who_proves_nothing_gets_nothing(world: World, subtests: pytest.Subtests) -> None:
    nobodies = await strangers(world.people, world.victim.id, world.attackers[0])
    before = await world.ledger.of(world.victim.id)

    for operation in OPERATIONS:
        # What is open to everyone has nothing to refuse; one look is enough.
        callers = nobodies[:1] if operation.is_open else nobodies
        with subtests.test(operation=operation.name):
            findings = [
                finding
                for turn, nobody in enumerate(callers)
                for finding in await by_a_stranger(world, operation, nobody, turn)
            ]
            assert findings == []

    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []
