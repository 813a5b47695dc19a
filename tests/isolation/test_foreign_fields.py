"""Ids beside the path: what a client names of another user's in a body, a query or a header means nothing."""

from __future__ import annotations

import pytest

from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import with_foreign_value
from tests.support.isolation_operations import Operation, of_users
from tests.support.isolation_registry import NAMING, Naming
from tests.support.isolation_world import World

PLACES = [
    pytest.param(operation, field, naming, id=f"{operation.name.replace(' ', '-')}-{field}-{number}")
    for operation in of_users(openapi_document())
    for field in operation.fields
    for number, naming in enumerate(NAMING.get(field, ()))
    if not naming.operations or operation.name in naming.operations
]


@pytest.mark.parametrize(("operation", "field", "naming"), PLACES)
async def test_a_foreign_value_opens_nothing(world: World, operation: Operation, field: str, naming: Naming) -> None:
    before = await world.ledger.of(world.victim.id)
    # New ones, who have nothing that is called like anything of the victim's.
    near, far, admin, _ = await world.people.attackers()

    findings = [
        finding
        for attacker in (near, far, admin)
        for finding in await with_foreign_value(world, operation, field, naming, attacker)
    ]

    assert findings == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []
