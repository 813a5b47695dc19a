"""Each layer alone holds; and this suite reports what it is there to report."""

from __future__ import annotations

import pytest

from artel.app.gateway import openapi_document
from artel.chat import history
from tests.support.isolation_attacks import by_a_stranger, leaks, traces, with_foreign_id
from tests.support.isolation_mutants import find_anyones_session
from tests.support.isolation_operations import operations
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds

OPERATIONS = {operation.name: operation for operation in operations(openapi_document())}


@in_worlds(ALL_LAYERS)
async def test_a_forgotten_filter_is_made_good_by_row_level_security(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "find_session", find_anyones_session)

    findings = await with_foreign_id(world, OPERATIONS["GET /my/chat/{session_id}/"], "session_id", world.neighbour)

    assert findings == []
    assert world.violations == 0


@in_worlds(ALL_LAYERS)
async def test_the_suite_reports_a_stranger_who_is_let_in(world: World) -> None:
    findings = await by_a_stranger(world, OPERATIONS["GET /my/agents/"], world.victim.caller, 0)

    assert any("not with 401" in finding for finding in findings)
    assert any("the answer holds 'zq" in finding for finding in findings)


@in_worlds(ALL_LAYERS)
async def test_the_suite_reports_content_in_headers_and_secrets_in_the_log(world: World) -> None:
    treasure = world.victim.treasure
    own = await world.victim.caller.send("GET", "/my/chat/sessions/?limit=1")

    assert leaks(world, own, "")
    length = len(world.logs.getvalue())
    world.logs.write(min(treasure.secrets))
    assert any("the log holds" in finding for finding in await traces(world))
    world.logs.truncate(length)
    world.logs.seek(length)
    assert await traces(world) == []
