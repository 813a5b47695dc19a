"""Events: a stream tells its own user's story, whatever happens beside it and wherever it is asked to begin."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import orjson

from tests.support.isolation_http import Reply
from tests.support.isolation_work import work_hard
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds
from tests.support.live_http import StreamClient, open_stream


def data_of(reply: Reply) -> list[dict[str, Any]]:
    """The events of a stream that was read until it fell silent."""
    return [orjson.loads(line[6:]) for line in reply.body.splitlines() if line.startswith(b"data: ")]


@in_worlds(ALL_LAYERS)
async def test_a_listener_hears_nothing_of_others_who_work(world: World) -> None:
    people = world.people
    busy = [await people.newcomer("a busy user", shard=shard) for shard in world.stores.shards.by_name]
    listener = await people.newcomer("a listener", shard="shard1")
    key = await people.program(listener.user_id)
    chat = (await listener.ok("POST", "/my/chat/sessions/", {"title": "Mine"}))["id"]

    async with AsyncExitStack() as stack:
        streams: list[StreamClient] = [
            await stack.enter_async_context(open_stream(wire.port, path, dict(headers)))
            for wire in world.wires
            for path in ("/my/events/", f"/my/chat/{chat}/events/")
            for headers in (listener.headers, key.headers)
        ]
        treasures = [await work_hard(caller) for caller in busy]
        own = await work_hard(listener)
        for stream in streams:
            seen: list[dict[str, Any]] = []
            while not seen or not (own.ids & set(map(str, seen[-1].values()))):
                seen.append(await stream.event())

    for stream in streams:
        heard = b"".join(stream.chunks)
        assert [word for treasure in treasures for word in treasure.found_in(heard)] == []
        assert own.found_in(heard)


@in_worlds(ALL_LAYERS)
async def test_a_position_in_anothers_stream_is_none_in_ones_own(world: World) -> None:
    attacker = await world.people.newcomer("an attacker", shard="shard2")
    accomplice = await world.people.newcomer("another", shard="shard2", wire=1)
    await work_hard(attacker)
    theirs = await work_hard(accomplice)
    between = str(await world.houses[0].log.last_id(accomplice.user_id))
    await work_hard(attacker)

    for wanted in (between, *world.victim.said["event"].values()):
        by_header = await attacker.send("GET", "/my/events/", headers={"Last-Event-ID": wanted})
        by_query = await attacker.send("GET", f"/my/events/?last_event_id={wanted}")

        for reply in (by_header, by_query):
            assert [event["type"] for event in data_of(reply)] == ["resync"]
            assert theirs.found_in(reply.whole, wanted) == []
            assert world.victim.treasure.found_in(reply.whole, wanted) == []


@in_worlds(ALL_LAYERS)
async def test_a_position_in_ones_own_stream_brings_what_followed(world: World) -> None:
    caller = await world.people.newcomer("a user")
    await work_hard(caller)
    position = str(await world.houses[0].log.last_id(caller.user_id))
    later = await work_hard(caller)

    reply = await caller.send("GET", "/my/events/", headers={"Last-Event-ID": position})

    assert later.found_in(reply.whole)
    assert "resync" not in {event["type"] for event in data_of(reply)}


@in_worlds(ALL_LAYERS)
async def test_a_whole_space_is_replayed_to_its_owner_alone(world: World) -> None:
    early = world.victim.said["event"]["an early one"]

    replies = {
        attacker.name: await attacker.send("GET", "/my/events/", headers={"Last-Event-ID": early})
        for attacker in world.attackers
    }
    own = await world.victim.caller.send("GET", "/my/events/", headers={"Last-Event-ID": early})

    assert world.victim.treasure.content_in(own.body)
    assert {name: world.victim.treasure.found_in(reply.whole, early) for name, reply in replies.items()} == {
        name: [] for name in replies
    }
