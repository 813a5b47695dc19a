"""Races that were found, each kept: seats, heartbeats, words that cross on the wire."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

from artel.bus.model import Answer, Held
from artel.store.embedded import PostgresEndpoint
from artel.store.tx import UserTx
from tests.support.bus import Fleet, Team, eventually, new_team
from tests.support.bus_script import answer, script
from tests.support.pg_proxy import postgres_proxy, shards_through
from tests.support.stores import Stores


class CountingRunner:
    """Answers after a moment, and knows how many tasks of each agent ran at once, over all processes."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()
        self.runs: Counter[Any] = Counter()
        self._random = random.Random(7)

    async def prepare(self, tx: UserTx, held: Held) -> None:
        return None

    async def run(self, held: Held) -> Answer:
        self.runs[held.run_id] += 1
        self.now[held.agent_id] += 1
        self.peak[held.agent_id] = max(self.peak[held.agent_id], self.now[held.agent_id])
        await asyncio.sleep(self._random.random() * 0.01)
        self.now[held.agent_id] -= 1
        return Answer("done", None)


async def test_no_agent_ever_exceeds_its_limit_and_no_task_is_lost_or_doubled(fleet: Fleet, stores: Stores) -> None:
    team = await new_team(stores, limit=3)
    runner = CountingRunner()
    # Lives through a machine that is busy with other tests: no lease may run out, or a task would rightly run twice.
    processes = [await fleet.add(runner=runner, lease_seconds=30.0) for _ in range(3)]
    rng = random.Random(3)

    async def client(number: int) -> None:
        for _ in range(25):
            await processes[number % 3].bus.submit(team.user_id, team.call("go"))
            await asyncio.sleep(rng.random() * 0.01)

    await asyncio.gather(*(client(number) for number in range(12)))
    await team.until_all_end()

    assert runner.peak[team.agent_id("coder")] == 3
    assert (len(runner.runs), set(runner.runs.values())) == (300, {1})
    assert await team.rows("select distinct status from runs") == [{"status": "completed"}]
    assert await team.rows("select count(*) from messages where role = 'assistant'") == [{"count": 300}]
    assert sum(len(process.seen.all("finished")) for process in processes) == 300
    assert not [about for process in processes for about in process.seen.all("lost")]


async def test_a_busy_heartbeat_never_takes_a_fresh_task_for_lost(fleet: Fleet, stores: Stores) -> None:
    team = await new_team(stores, limit=5)
    runner = CountingRunner()
    processes = [await fleet.add(runner=runner, beat_seconds=0.0, lease_seconds=30.0) for _ in range(2)]

    for _ in range(20):
        await asyncio.gather(*(process.bus.submit(team.user_id, team.call("go")) for process in processes * 4))
    await team.until_all_end()

    assert set(runner.runs.values()) == {1}
    assert not [about for process in processes for about in process.seen.all("lost")]
    assert sum(len(process.seen.all("finished")) for process in processes) == 160


async def test_an_end_whose_commit_is_not_yet_acknowledged_is_not_taken_for_lost(
    fleet: Fleet, team: Team, postgres: PostgresEndpoint
) -> None:
    # given a process whose answer is committed, though it does not know yet
    async with (
        postgres_proxy(postgres) as proxy,
        shards_through(proxy, team.stores.databases[0].app) as shards,
    ):
        process = await fleet.add(shards=shards, beat_seconds=0.02)
        sent = await process.bus.submit(team.user_id, team.call(script(answer("marked answer", pause="here"))))
        await fleet.traces.until(sent.run_id, "paused here")
        trap = proxy.trap("marked answer", "hold")
        await fleet.traces.release(sent.run_id, "here")
        await trap.sprung.wait()

        # when a heartbeat finds that the task is not running any more
        await _beats(team, 5)
        trap.released.set()

        # then its end is told all the same
        await process.seen.until(lambda: len(process.seen.heard) == 2)
        assert [what for what, _ in process.seen.heard] == ["started", "finished"]
        await fleet.stop()


async def _beats(team: Team, count: int) -> None:
    """Returns when a lease was renewed so often."""
    seen: set[object] = set()

    async def enough() -> bool:
        seen.update(row["lease_until"] for row in await team.stores.as_migrator("select lease_until from workers"))
        return len(seen) > count

    await eventually(enough)


async def test_a_call_that_misses_the_end_it_waits_for_is_seated_within_a_moment(fleet: Fleet, team: Team) -> None:
    # given a seat that is given up, in a transaction that saw nobody waiting
    process = await fleet.add(sweep_seconds=30.0)
    first = await process.bus.submit(team.user_id, team.call(script(answer("first", pause="here"))))
    await fleet.traces.until(first.run_id, "paused here")

    # when a call is submitted at the very same time, again and again
    for _ in range(30):
        sent, _ = await asyncio.gather(
            process.bus.submit(team.user_id, team.call("next")), process.bus.submit(team.user_id, team.call("next"))
        )
        await fleet.traces.release(first.run_id, "here")
        await team.until(sent.run_id, "completed", within=5)

    # then none has to wait for the sweeper
    await team.until_all_end(within=5)
