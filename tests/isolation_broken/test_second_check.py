"""When two layers are taken away on purpose, the second check speaks, and the isolation suite reports it.

The world here runs as a role that row-level security does not bind: one broken filter, and a store lets a row through.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

import orjson
import pytest

from artel.accounts import api_keys
from artel.app.gateway import openapi_document
from artel.approvals import manager
from artel.chat import history
from artel.orchestrator import team
from artel.store.roles import DatabaseUrls
from tests.support.isolation_attacks import with_foreign_id, with_foreign_value
from tests.support.isolation_canaries import canary
from tests.support.isolation_http import Caller
from tests.support.isolation_mutants import (
    ANYONES_TEAM,
    REVOKE_ANYONES_KEY,
    TYPE_OF_ANYONES_APPROVAL,
    find_anyones_approval,
    find_anyones_session,
)
from tests.support.isolation_operations import Operation, operations
from tests.support.isolation_registry import NAMING
from tests.support.isolation_world import FILTERS_ALONE, World, open_world
from tests.support.live_http import open_stream

OPERATIONS = {operation.name: operation for operation in operations(openapi_document())}
HISTORY: Operation = OPERATIONS["GET /my/chat/{session_id}/"]
CONFIRM: Operation = OPERATIONS["POST /my/tools/{approval_id}/confirm/"]
REJECT: Operation = OPERATIONS["POST /my/tools/{approval_id}/reject/"]
DELETE_KEY: Operation = OPERATIONS["DELETE /my/api-keys/{key_id}/"]


@pytest.fixture(scope="module")
async def thin_world(first_shard: DatabaseUrls, second_shard: DatabaseUrls, redis_url: str) -> AsyncGenerator[World]:
    """A world of filters alone, in which things are broken on purpose."""
    async with open_world(FILTERS_ALONE, (first_shard, second_shard), redis_url) as opened:
        yield opened


async def test_what_row_level_security_lets_through_the_second_check_stops(
    thin_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "find_session", find_anyones_session)
    chat, attacker, before = (
        thin_world.victim.named["session_id"]["a chat"],
        thin_world.neighbour,
        thin_world.violations,
    )

    reply = await attacker.send("GET", f"/my/chat/{chat}/")

    assert (reply.status, reply.json()["type"]) == (500, "/problems/isolation-violation")
    assert thin_world.victim.treasure.found_in(reply.whole, chat) == []
    assert thin_world.violations == before + 1
    shown = [await Caller("nobody", wire, {}).send("GET", "/metrics") for wire in thin_world.wires]
    assert sum(b"user_isolation_violations 0.0" not in answer.body for answer in shown) == 1


async def test_the_suite_reports_a_second_check_that_spoke(thin_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "find_session", find_anyones_session)

    findings = await with_foreign_id(thin_world, HISTORY, "session_id", thin_world.neighbour)

    assert any("answered with 500" in finding for finding in findings)


async def test_the_suite_reports_what_no_layer_stopped(thin_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "_REVOKE", REVOKE_ANYONES_KEY)
    before = await thin_world.ledger.of(thin_world.victim.id)

    findings = await with_foreign_id(thin_world, DELETE_KEY, "key_id", thin_world.neighbour)

    assert any("answered with 204" in finding for finding in findings)
    assert any("user_isolation_denied rose by 0" in finding for finding in findings)
    changes = (await thin_world.ledger.of(thin_world.victim.id)).changes_since(before)
    assert changes == ["api_keys: 1 rows went, 0 came"]


@pytest.mark.parametrize("operation", [CONFIRM, REJECT], ids=["confirm", "reject"])
async def test_the_suite_reports_an_approval_that_anyone_may_answer(
    thin_world: World, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    monkeypatch.setattr(manager, "_TYPE", TYPE_OF_ANYONES_APPROVAL)
    monkeypatch.setattr(manager, "find", find_anyones_approval)
    before = await thin_world.ledger.of(thin_world.victim.id)

    findings = await with_foreign_id(thin_world, operation, "approval_id", thin_world.neighbour)

    assert any("answered with 500" in finding for finding in findings)
    assert (await thin_world.ledger.of(thin_world.victim.id)).changes_since(before) == []


async def test_the_suite_reports_work_for_anothers_agent(thin_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_ACTIVE", ANYONES_TEAM)
    [naming] = NAMING["body.edited.tasks.agent"]

    findings = await with_foreign_value(thin_world, CONFIRM, "body.edited.tasks.agent", naming, thin_world.neighbour)

    assert any("answered with 200" in finding for finding in findings)


async def test_a_foreign_event_in_a_live_stream_is_stopped(thin_world: World) -> None:
    attacker, before = thin_world.attackers[0], thin_world.violations
    house = thin_world.houses[0]

    async with open_stream(attacker.wire.port, "/my/events/", dict(attacker.headers)) as stream:
        await stream.block()
        last = await house.log.last_id(attacker.user_id)
        redis = cast(Any, thin_world.stores.redis)
        await redis.publish(house.log.channel(attacker.user_id), foreign_line(thin_world, last))
        await say_something(attacker)
        await stream.event()

    assert thin_world.victim.treasure.content_in(b"".join(stream.chunks)) == []
    assert thin_world.violations == before + 1


async def test_a_foreign_event_in_a_replay_is_stopped(thin_world: World) -> None:
    attacker, before = thin_world.attackers[0], thin_world.violations
    house, redis = thin_world.houses[0], cast(Any, thin_world.stores.redis)
    await say_something(attacker)
    await house.outbox.flush()
    last = await house.log.last_id(attacker.user_id)
    stream, event_id = house.log.channel(attacker.user_id), last + 1
    await redis.xadd(stream, {"e": foreign_line(thin_world, last), "o": "0"}, id=f"{event_id}-0")
    await redis.hset(f"{stream}:head", "last", event_id)

    reply = await attacker.send("GET", "/my/events/", headers={"Last-Event-ID": str(last)})

    assert reply.status == 200
    assert thin_world.victim.treasure.content_in(reply.whole) == []
    assert thin_world.violations == before + 1


def foreign_line(world: World, last: int) -> bytes:
    """An event of the victim's, made to follow the last one of somebody else."""
    event = {"type": "agent_status", "agent_id": canary(world.victim.id), "status": "ready"}
    return b"%d %d %d - %s" % (world.victim.id, last, last + 1, orjson.dumps(event))


async def say_something(caller: Caller) -> None:
    """Brings an event about."""
    body = {"name": "Loud", "model": {"provider": "openai", "name": "scripted"}}
    agent = await caller.ok("POST", "/my/agents/", body)
    await caller.ok("PUT", f"/my/agents/{agent['agent_id']}/", body)
