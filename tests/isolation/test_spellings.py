"""The victim's ids written otherwise: in other letters, encoded, with paths around them. None of them leads there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

import pytest

from artel.app.gateway import openapi_document
from tests.support.isolation_attacks import body_of, leaks
from tests.support.isolation_operations import Operation, of_users
from tests.support.isolation_registry import PATH_IDS, PathId
from tests.support.isolation_world import ALL_LAYERS, FILTERS_ALONE, World, in_worlds

OPERATIONS = [
    operation
    for operation in of_users(openapi_document())
    if len(operation.path_parameters) == 1 and isinstance(PATH_IDS[operation.path_parameters[0]], PathId)
]
REFUSALS = {307, 400, 404, 405, 422}
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def as_the_wire_allows(value: str) -> Iterator[str]:
    """Any id, by the many ways of writing an address; ready for the wire."""
    encoded = "".join(f"%{byte:02x}" for byte in value.encode())
    yield encoded
    yield encoded.upper()
    yield quote(encoded)
    yield f"{value}%00"
    yield f"%00{value}"
    yield f"{value}%20"
    yield f"%09{value}"
    yield f"{value}%0a"
    yield f"{value};x=1"
    yield f"{value}%3fx=1"
    yield f"./{value}"
    yield f"x/../{value}"
    yield f"x/%2e%2e/{value}"
    yield f"x%2f..%2f{value}"
    yield f"..%5c{value}"
    yield f"/{value}"
    yield f"{value}/"
    yield f"{value},x"
    yield f"*{value[1:]}"
    yield f"%25{value[-4:]}"


def as_agent_ids(value: str) -> Iterator[str]:
    user, _, handle = value.partition("_")
    number = user.removeprefix("user")
    yield value.upper()
    yield value.title()
    yield f"user0{number}_{handle}"
    yield f"user+{number}_{handle}"
    yield f"user{number.translate(_FULL_WIDTH)}_{handle}"
    yield f"user{number}%"
    yield f"user{number}__{handle}"
    yield f"@{value}"
    yield f"useг{number}_{handle}"
    yield handle


def as_numbers(value: str) -> Iterator[str]:
    yield f"0{value}"
    yield f"+{value}"
    yield f"{value}.0"
    yield f"{value}e0"
    yield f"{value[:3]}_{value[3:]}"
    yield value.translate(_FULL_WIDTH)
    yield value.translate(_ARABIC)
    yield hex(int(value))
    yield str(int(value) + 2**53)
    yield str(int(value) - 2**64)
    yield f"-{value}"


def as_uuids(value: str) -> Iterator[str]:
    known = UUID(value)
    yield value.upper()
    yield known.hex
    yield f"{{{value}}}"
    yield known.urn
    yield value.translate(_FULL_WIDTH)
    yield str(known.int)


def spellings(value: str) -> Iterator[str]:
    """The id in every way that could be taken for it, ready for the wire."""
    yield from as_the_wire_allows(value)
    if value.startswith("user"):
        others = as_agent_ids(value)
    elif value.isdigit():
        others = as_numbers(value)
    else:
        others = as_uuids(value)
    yield from (quote(other, safe="") for other in others)


@in_worlds(ALL_LAYERS, FILTERS_ALONE)
@pytest.mark.parametrize("operation", [pytest.param(each, id=each.name.replace(" ", "-")) for each in OPERATIONS])
async def test_another_spelling_leads_nowhere(world: World, operation: Operation) -> None:
    [parameter] = operation.path_parameters
    foreign = next(iter(world.victim.named[parameter].values()))
    attacker = world.attackers[1]
    before = await world.ledger.of(world.victim.id)

    findings: list[str] = []
    for spelling in spellings(foreign):
        target = operation.path.replace(f"{{{parameter}}}", spelling)
        reply = await attacker.send(operation.method, target, body_of(operation, attacker))
        problems = leaks(world, reply, f"{foreign} {spelling}")
        if reply.status not in REFUSALS:
            problems.append(f"answered with {reply.status} {reply.body.decode()}")
        findings += [f"{operation.method} {target}: {problem}" for problem in problems]

    assert findings == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


@in_worlds(ALL_LAYERS)
async def test_an_agent_is_not_called_by_another_spelling(world: World) -> None:
    attacker = world.attackers[0]
    chat = (await attacker.ok("POST", "/my/chat/sessions/", {}))["id"]
    foreign = world.victim.named["agent_id"]["an agent"]
    before = await world.ledger.of(world.victim.id)

    findings: list[str] = []
    for spelling in as_agent_ids(foreign):
        for body in ({"content": "Hello", "target_agent": spelling}, {"content": f"@{spelling} hello"}):
            reply = await attacker.send("POST", f"/my/chat/{chat}/message/", body)
            findings += leaks(world, reply, f"{foreign} {spelling}")
            if reply.status not in (*REFUSALS, 202):
                findings.append(f"{body}: {reply.status} {reply.body.decode()}")

    assert findings == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []
