"""Nothing may be added to the product that this suite does not attack: what is not registered fails here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from artel import __version__
from artel.app.gateway import openapi_document
from artel.gateway.app import api
from tests.support.isolation_canaries import owners_in
from tests.support.isolation_operations import Operation, operations
from tests.support.isolation_registry import BODIES, HIDDEN, NAMING, OPEN, PATH_IDS, PLAIN, WITHOUT_TEXT, WITHOUT_USER
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds

REGISTRY = "tests/support/isolation_registry.py"
VICTIM = "tests/support/isolation_victim.py"
ALL = operations(openapi_document())

_TEXTS = """
select table_name || '.' || column_name as name from information_schema.columns
where table_schema = 'public' and data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'xml')
"""
_TABLES = "select tablename::text as name from pg_tables where schemaname = 'public'"


def uncovered(known: list[Operation]) -> Iterator[str]:
    """What the suite has not been told, and where to tell it."""
    for operation in known:
        if operation.has_body and operation.name not in BODIES:
            yield f"{operation.name} takes a body: add one with which it succeeds to BODIES in {REGISTRY}"
        if operation.is_open != (operation.name in OPEN):
            yield f"{operation.name} and OPEN in {REGISTRY} disagree on whether one must sign in"
        for parameter in operation.path_parameters:
            if parameter not in PATH_IDS:
                yield (
                    f"{operation.name} has the path parameter {parameter!r}: say in PATH_IDS in {REGISTRY} how to make "
                    f"one, and let the victim have some in {VICTIM}"
                )
        for field in operation.fields:
            if field not in PLAIN and field not in NAMING:
                yield (
                    f"{operation.name} takes {field!r}: if a client can name something of a user's in it, add it to "
                    f"NAMING in {REGISTRY}, else to PLAIN"
                )


def outdated(known: list[Operation]) -> Iterator[str]:
    """What the suite was told of and no longer exists."""
    names = {operation.name for operation in known}
    parameters = {parameter for operation in known for parameter in operation.path_parameters}
    fields = {field for operation in known for field in operation.fields}
    for register, gone in (
        ("BODIES", BODIES.keys() - names),
        ("OPEN", OPEN.keys() - names),
        ("PATH_IDS", PATH_IDS.keys() - parameters),
        ("NAMING", NAMING.keys() - fields),
        ("PLAIN", PLAIN - fields),
    ):
        for name in sorted(gone):
            yield f"{name!r} is gone: remove it from {register} in {REGISTRY}"


def test_every_operation_parameter_and_field_is_attacked() -> None:
    assert list(uncovered(ALL)) == []


def test_nothing_is_registered_that_does_not_exist() -> None:
    assert list(outdated(ALL)) == []
    assert not PLAIN & NAMING.keys()


def test_a_new_route_is_noticed() -> None:
    new: dict[str, Any] = {
        "openapi": "3.1.0",
        "security": [{"cookie": []}],
        "paths": {
            "/my/folders/{folder_id}/": {
                "put": {
                    "parameters": [{"name": "shelf_id", "in": "query", "schema": {"type": "string"}}],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {"properties": {"share": {"properties": {"with_user": {"type": "integer"}}}}}
                            }
                        }
                    },
                    "responses": {"200": {}},
                },
                "get": {"security": [], "responses": {"200": {}}},
            }
        },
    }

    complaints = "\n".join(uncovered(operations(new)))

    for missing in ("takes a body", "'folder_id'", "'query.shelf_id'", "'body.share.with_user'", "must sign in"):
        assert missing in complaints


def test_every_route_is_in_the_document_or_known_to_be_the_same_for_all() -> None:
    documented = {operation.name for operation in ALL}
    hidden = {
        route.path
        for route in _routes(api(__version__))
        for method in route.methods or ()
        if f"{method} {route.path}" not in documented
    }

    assert documented <= {
        f"{method} {route.path}" for route in _routes(api(__version__)) for method in route.methods or ()
    }
    assert hidden == HIDDEN, (
        f"these routes are not in the OpenAPI document: show them, or list them in HIDDEN in {REGISTRY}"
    )


@in_worlds(ALL_LAYERS)
async def test_every_table_has_rows_of_the_victim(world: World) -> None:
    rows = (await world.ledger.of(world.victim.id)).rows
    tables = {row["name"] for row in await world.stores.as_migrator(_TABLES)}

    without_user = tables - set(world.ledger.tables)
    assert without_user == WITHOUT_USER.keys(), f"give the table a user_id, or list it in WITHOUT_USER in {REGISTRY}"
    empty = [table for table in world.ledger.tables if not rows.get(table)]
    assert empty == [], f"let the victim have a row in each of these, in {VICTIM}"


@in_worlds(ALL_LAYERS)
async def test_every_text_of_the_victim_would_be_recognised(world: World) -> None:
    everything = await world.ledger.of(world.victim.id)
    columns = {row["name"] for row in await world.stores.as_migrator(_TEXTS)}
    owned = {name for name in columns if name.partition(".")[0] in world.ledger.tables}

    marked = {
        f"{table}.{column}"
        for table in world.ledger.tables
        for record in everything.records(table)
        for column, value in record.items()
        if world.victim.id in owners_in(str(value))
    }

    blank = sorted(owned - marked - WITHOUT_TEXT)
    assert blank == [], f"put a canary into each of these in {VICTIM}, or list it in WITHOUT_TEXT in {REGISTRY}"
    assert sorted(WITHOUT_TEXT - owned) == [], f"these columns are gone: remove them from WITHOUT_TEXT in {REGISTRY}"
    assert sorted(WITHOUT_TEXT & marked) == [], (
        f"these hold words of a user's: remove them from WITHOUT_TEXT in {REGISTRY}"
    )


@in_worlds(ALL_LAYERS)
async def test_no_secret_is_stored_in_plain(world: World) -> None:
    everything = await world.ledger.of(world.victim.id)
    secrets = world.victim.treasure.secrets - {world.victim.caller.email}

    rows = [row for table in everything.rows.values() for row in table]

    assert secrets
    assert [secret for secret in secrets for row in rows if secret in row or secret.encode().hex() in row] == []


def _routes(app: FastAPI) -> Iterator[APIRoute]:
    """FastAPI keeps included routers whole."""
    pending: list[Any] = list(app.routes)
    while pending:
        route = pending.pop()
        if isinstance(route, APIRoute):
            yield route
        else:
            pending += route.original_router.routes
