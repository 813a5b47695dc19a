"""Every operation times every id in its path, by other users: there is nothing there."""

from __future__ import annotations

import pytest

from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import with_foreign_id, with_foreign_ids
from tests.support.isolation_operations import Operation, of_users
from tests.support.isolation_world import World

PLACES = [
    pytest.param(operation, parameter, id=operation.name.replace(" ", "-"))
    for operation in of_users(openapi_document())
    for parameter in operation.path_parameters
]


@pytest.mark.parametrize(("operation", "parameter"), PLACES)
async def test_what_is_somebody_elses_is_not_there(world: World, operation: Operation, parameter: str) -> None:
    before = await world.ledger.of(world.victim.id)

    findings = [
        finding
        for attacker in world.attackers
        for finding in await with_foreign_id(world, operation, parameter, attacker)
    ]

    assert findings == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


TOGETHER = [
    pytest.param(operation, id=operation.name.replace(" ", "-"))
    for operation in of_users(openapi_document())
    if len(operation.path_parameters) > 1
]


@pytest.mark.parametrize("operation", TOGETHER)
async def test_ids_of_somebody_elses_that_belong_together_lead_nowhere(world: World, operation: Operation) -> None:
    before = await world.ledger.of(world.victim.id)

    findings = [
        finding for attacker in world.attackers for finding in await with_foreign_ids(world, operation, attacker)
    ]

    assert findings == []
    assert any(set(ids) == set(operation.path_parameters) for ids in world.victim.paths)
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []
