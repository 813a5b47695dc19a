"""Every operation times every id in its path, by other users: there is nothing there."""

from __future__ import annotations

import pytest

from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import with_foreign_id
from tests.support.isolation_operations import Operation, operations
from tests.support.isolation_world import World

PLACES = [
    pytest.param(operation, parameter, id=operation.name.replace(" ", "-"))
    for operation in operations(openapi_document())
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
