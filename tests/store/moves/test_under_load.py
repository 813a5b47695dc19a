"""Users move back and forth while they write, while their tasks run in several processes, and while others work."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest

from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tables import ChatSession
from tests.support.bus import Fleet, Process, Team, new_team
from tests.support.bus_script import answer, ask, script
from tests.support.moving import a_mover, both, fill
from tests.support.stores import Stores

MOVES = 4
IDS = IdMaker()


@pytest.fixture
async def pair(wide_fleet: Fleet) -> AsyncGenerator[tuple[Process, Process]]:
    """Two processes that each remember for themselves where users live."""
    doors = [Shards([urls.app for urls in wide_fleet.stores.databases]) for _ in range(2)]
    for door in doors:
        await door.start()
    # A busy machine may stand still for a second; heartbeats come as often as ever.
    first, second = [await wide_fleet.add(shards=door, lease_seconds=15.0) for door in doors]
    yield first, second
    await wide_fleet.stop()
    for door in doors:
        await door.stop()


async def _back_and_forth(stores: Stores, user_id: int) -> None:
    for number in range(MOVES):
        assert await a_mover(stores.shards).move(user_id, "shard2" if number % 2 == 0 else "shard1")
        await asyncio.sleep(0.1)


async def test_what_is_written_meanwhile_is_there_once(two_shards: Stores) -> None:
    user, neighbour = await two_shards.new_user(), await two_shards.new_user()
    for each in (user, neighbour):
        await fill(two_shards, each, messages=300, chunks=20)
    doors = [Shards([urls.app for urls in two_shards.databases]) for _ in range(2)]
    for door in doors:
        await door.start()
    written: list[str] = []
    moving = asyncio.create_task(_back_and_forth(two_shards, user))

    async def write(door: Shards, name: str) -> None:
        number = 0
        while not moving.done():
            title = f"{name} {number}"
            async with door.user_tx(user) as tx:
                tx.session.add(ChatSession(user_id=user, id=IDS.number(), title=title))
            written.append(title)
            number += 1

    before = (await both(two_shards))[0].of(neighbour)
    await asyncio.gather(*(write(door, f"writer {n}") for n, door in enumerate([*doors, *doors])))
    await moving

    async with two_shards.shards.user_tx(user) as tx:
        found = [row["title"] for row in await tx.fetch("select title from chat_sessions where title like 'writer%'")]
    for door in doors:
        await door.stop()
    first, second = await both(two_shards)
    assert Counter(found) == Counter(written)
    assert len(written) > MOVES
    assert (first.of(neighbour), second.of(user), second.of(neighbour)) == (before, {}, {})


async def test_running_tasks_go_on_and_nothing_is_asked_twice(wide_fleet: Fleet, pair: tuple[Process, Process]) -> None:
    # given calls in both processes, each in the middle of a model's answer
    team: Team = await new_team(wide_fleet.stores, limit=4, shard="shard1")
    runs = [
        (await process.bus.submit(team.user_id, team.call(script(ask("one", pause="p"), answer("two"))))).run_id
        for process in (*pair, *pair)
    ]
    for run in runs:
        await wide_fleet.traces.until(run, "paused p")

    # when their user is moved, for longer than heartbeats and leases need to notice anything
    await _back_and_forth(wide_fleet.stores, team.user_id)
    await a_mover(wide_fleet.stores.shards).move(team.user_id, "shard2")
    await asyncio.sleep(1.5)
    for run in runs:
        await wide_fleet.traces.release(run, "p")

    # then each is answered, by who began it, and every answer of a model was paid for once
    for run in runs:
        await team.until(run, "completed")
        assert Counter(await wide_fleet.traces.whats(run)) == Counter(["asked one", "paused p", "kept 1", "asked two"])
        assert {trace.epoch for trace in await wide_fleet.traces.of(run)} == {1}
        assert len(await team.answers(run)) == 1
        assert len(await team.spent(run)) == 2
    for process in pair:
        assert process.seen.all("lost") == []
    assert (await both(wide_fleet.stores))[0].of(team.user_id) == {}


async def test_calls_that_come_while_their_user_moves_are_answered(
    wide_fleet: Fleet, pair: tuple[Process, Process]
) -> None:
    team = await new_team(wide_fleet.stores, limit=2, shard="shard1")
    moving = asyncio.create_task(_back_and_forth(wide_fleet.stores, team.user_id))
    runs = [
        (await process.bus.submit(team.user_id, team.call(f"call {n}"))).run_id for n in range(6) for process in pair
    ]
    await moving
    await team.until_all_end()

    for run in runs:
        assert (await team.run(run))["status"] == "completed"
        assert len(await team.answers(run)) == 1
