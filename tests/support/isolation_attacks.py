"""The attacks themselves. Each answers what is wrong, in words; nothing when all is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

from artel.gateway.problems import PROBLEM_TYPE
from tests.support.isolation_http import Caller, Reply
from tests.support.isolation_operations import Operation
from tests.support.isolation_registry import BODIES, PATH_IDS, Naming, PathId, SharedName
from tests.support.isolation_world import World

Findings = list[str]


def body_of(operation: Operation, caller: Caller) -> Any:
    """A body that the operation takes; None when it takes none."""
    return BODIES[operation.name](caller) if operation.has_body else None


async def own_ids(operation: Operation, caller: Caller, but: str = "") -> dict[str, str]:
    """The caller's own, fresh, for every parameter in the operation's path, or for all but one."""
    ids: dict[str, str] = {}
    for parameter in operation.path_parameters:
        if parameter == but:
            continue
        known = PATH_IDS[parameter]
        ids[parameter] = await (known.make if isinstance(known, PathId) else known.of_caller)(caller)
    return ids


def victims_ids(world: World, parameter: str) -> Mapping[str, str]:
    """What the victim has under a path parameter, each with what it is."""
    known = PATH_IDS[parameter]
    if isinstance(known, SharedName):
        return {f"what is kept under {known.name}": known.name}
    return world.victim.named[parameter]


async def with_foreign_id(world: World, operation: Operation, parameter: str, attacker: Caller) -> Findings:
    """The attacker puts each of the victim's ids into one place of the path; the rest of the request is their own."""
    known = PATH_IDS[parameter]
    findings: Findings = []
    for what, foreign in victims_ids(world, parameter).items():
        ids = {**await own_ids(operation, attacker, but=parameter), parameter: foreign}
        before = world.denied
        reply = await _ask(operation, attacker, ids)
        counted = world.denied - before
        problems = leaks(world, reply, foreign)
        if isinstance(known, PathId):
            problems += _is_refused(reply)
            if counted != known.is_counted:
                problems.append(f"user_isolation_denied rose by {counted}, not by {known.is_counted:d}")
            missing = await _ask(operation, attacker, {**ids, parameter: known.missing(world.victim)})
            if missing.lasting != reply.lasting:
                problems.append(
                    f"an id that nobody has is answered otherwise: {missing.status} {missing.body.decode()}"
                )
            if (world.denied - before - counted) != known.missing_is_counted:
                problems.append("an id that nobody has changed user_isolation_denied")
        elif reply.status >= 500:
            problems.append(f"{reply.status}")
        findings += [f"{operation.name} by {attacker.name} with {what}: {problem}" for problem in problems]
    return findings


async def with_foreign_ids(world: World, operation: Operation, attacker: Caller) -> Findings:
    """The attacker puts the victim's into all places of the path at once, as the victim's own client would."""
    findings: Findings = []
    for ids in world.victim.paths:
        if set(ids) != set(operation.path_parameters):
            continue
        before = world.denied
        reply = await _ask(operation, attacker, ids)
        counted = world.denied - before
        problems = leaks(world, reply, " ".join(ids.values())) + _is_refused(reply)
        if counted != 1:
            problems.append(f"user_isolation_denied rose by {counted}, not by 1")
        missing = await _ask(
            operation, attacker, {name: _path_id(name).missing(world.victim) for name in operation.path_parameters}
        )
        if missing.lasting != reply.lasting:
            problems.append(f"ids that nobody has are answered otherwise: {missing.status} {missing.body.decode()}")
        findings += [f"{operation.name} by {attacker.name} with {ids}: {problem}" for problem in problems]
    return findings


async def with_foreign_value(
    world: World, operation: Operation, field: str, naming: Naming, attacker: Caller
) -> Findings:
    """The attacker names something of the victim's in a field of an otherwise good request."""
    findings: Findings = []
    missing, missing_value = None, None
    if naming.missing is not None:
        missing_value = naming.missing(world.victim)
        missing = await _ask(operation, attacker, await own_ids(operation, attacker), field, missing_value)
    for value in naming.values(world.victim):
        ids = await own_ids(operation, attacker)
        before = world.denied
        reply = await _ask(operation, attacker, ids, field, value)
        problems = leaks(world, reply, str(value))
        if reply.status not in naming.statuses:
            problems.append(f"answered with {reply.status} {reply.body.decode()}")
        if naming.counted and world.denied - before != 1:
            problems.append(f"user_isolation_denied rose by {world.denied - before}, not by 1")
        if missing is not None and missing.without(missing_value) != reply.without(value):
            problems.append(f"what nobody has is answered otherwise: {missing.status} {missing.body.decode()}")
        findings += [f"{operation.name} by {attacker.name} with {field}={value}: {problem}" for problem in problems]
    return findings


async def by_a_stranger(world: World, operation: Operation, stranger: Caller, turn: int) -> Findings:
    """Somebody without a good proof asks for something of the victim's. turn: which of the victim's things."""
    ids: dict[str, str] = {}
    for parameter in operation.path_parameters:
        values = list(victims_ids(world, parameter).values())
        ids[parameter] = values[turn % len(values)]
    reply = await stranger.send(operation.method, operation.target(ids), body_of(operation, world.attackers[0]))
    problems = leaks(world, reply, " ".join(ids.values()))
    if not operation.is_open and (reply.status != 401 or reply.header("content-type") != PROBLEM_TYPE):
        problems.append(f"answered with {reply.status} {reply.body.decode()}, not with 401")
    return [f"{operation.name} by {stranger.name}: {problem}" for problem in problems]


def leaks(world: World, reply: Reply, sent: str) -> Findings:
    """What of the victim's is in an answer to somebody else, and what should be in no answer at all."""
    findings = [f"the answer holds {word!r}" for word in world.victim.treasure.found_in(reply.whole, sent)]
    if reply.status >= 500:
        findings.append(f"the server failed: {reply.status} {reply.body.decode()}")
    return findings


async def traces(world: World) -> Findings:
    """What of the victim's content stands in the logs or in what the server tells everyone."""
    treasure = world.victim.treasure
    findings = [f"the log holds {word!r}" for word in treasure.content_in(world.logs.getvalue())]
    for reply in await world.public_answers():
        findings += [f"{reply.header('content-type')} holds {word!r}" for word in treasure.found_in(reply.whole)]
    return findings


def _path_id(parameter: str) -> PathId:
    known = PATH_IDS[parameter]
    assert isinstance(known, PathId)
    return known


def _is_refused(reply: Reply) -> Findings:
    if reply.status == 404 and reply.header("content-type") == PROBLEM_TYPE and reply.json()["status"] == 404:
        return []
    return [f"answered with {reply.status} {reply.body.decode()}, not with 404"]


async def _ask(
    operation: Operation, caller: Caller, ids: Mapping[str, str], field: str = "", value: Any = None
) -> Reply:
    """A good request, or one with a value put into one of its fields ("query.cursor", "body.model.name")."""
    body = body_of(operation, caller)
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    place, _, name = field.partition(".")
    if place == "query":
        query[name] = str(value)
    elif place == "header":
        headers[name] = str(value)
    elif place == "body":
        body = _with(body, name, value)
    return await caller.send(operation.method, operation.target(ids, query), body, headers)


def _with(body: Any, name: str, value: Any) -> Any:
    changed: Any = orjson.loads(orjson.dumps(body))
    _put(changed, name.split("."), value)
    return changed


def _put(inside: Any, way: Sequence[str], value: Any) -> None:
    """Into each item, where there are several."""
    if isinstance(inside, list):
        for item in cast(list[Any], inside):
            _put(item, way, value)
    elif len(way) == 1:
        inside[way[0]] = value
    else:
        _put(inside.setdefault(way[0], {}), way[1:], value)
