"""PostgreSQL and Valkey are killed in the middle of work, and come back under their supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.events.client import redis_client
from artel.store.embedded import EmbeddedServers, create_database
from artel.store.shards import StoreUnavailable
from tests.support.bus import Fleet, Team, eventually, new_team
from tests.support.bus_script import Traces, answer, ask, script
from tests.support.stores import Stores, installation, migrated_shard

REAL: dict[str, Any] = {"lease_seconds": 6.0, "beat_seconds": 1.5, "sweep_seconds": 1.0, "stray_seconds": 10.0}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Servers that nobody else uses, durable: those of the tests lose commits when they are killed."""
    servers = EmbeddedServers(tmp_path_factory.mktemp("doomed"))
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
async def own_stores(servers: EmbeddedServers) -> AsyncGenerator[Stores]:
    """An installation on them."""
    endpoints = servers.start()
    assert endpoints.redis_url is not None

    async def new_database() -> str:
        await create_database(endpoints.postgres[0], "own")
        return endpoints.postgres[0].dsn("own")

    urls = await migrated_shard(new_database, "shard1", is_directory=True)
    async with installation((urls,), endpoints.redis_url) as stores:
        yield stores


@pytest.fixture
async def own_fleet(own_stores: Stores, redis_url: str, plain_logs: None) -> AsyncGenerator[Fleet]:
    """Its processes. What tests see and steer goes through another Valkey."""
    redis, other = redis_client(own_stores.redis_url), redis_client(redis_url)
    fleet = Fleet(own_stores, redis, Traces(other))
    yield fleet
    await fleet.stop()
    await redis.aclose()
    await other.aclose()


@pytest.fixture
async def own_team(own_stores: Stores) -> Team:
    """A user who lives there."""
    return await new_team(own_stores, limit=4)


async def _kill(servers: EmbeddedServers, name: str) -> None:
    pid = servers.pids[name]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    async def restarted() -> bool:
        return servers.pids[name] not in (None, pid)

    await eventually(restarted)


async def test_answers_that_are_paid_for_survive_a_killed_postgres(
    servers: EmbeddedServers, own_fleet: Fleet, own_team: Team
) -> None:
    # given answers that two processes are about to write
    fleet, team = own_fleet, own_team
    processes = [await fleet.add(**REAL) for _ in range(2)]
    work = script(ask("paid, "), answer("done", pause="here"))
    sent = [await processes[n % 2].bus.submit(team.user_id, team.call(work)) for n in range(4)]
    await asyncio.gather(*(fleet.traces.until(one.run_id, "paused here") for one in sent))

    # when their database is killed as the models come to an end
    await asyncio.gather(_kill(servers, "postgres"), *(fleet.traces.release(one.run_id, "here") for one in sent))
    await eventually(lambda: _all_ended(team))

    # then each is written down by the process that paid for it
    for one in sent:
        message, task = await team.answer(one.run_id), await team.task(one.run_id)
        assert (message["status"], message["content"], task["epoch"]) == ("complete", "paid, done", 1)
        assert len(await team.spent(one.run_id)) == 2
    told = [end for process in processes for end in process.seen.all("finished")]
    assert len(told) == 4


async def _all_ended(team: Team) -> bool:
    try:
        return not await team.rows("select id from tasks where status in ('ready', 'running')")
    except StoreUnavailable:
        return False


async def test_without_valkey_work_takes_seconds_and_with_it_none(
    servers: EmbeddedServers, own_fleet: Fleet, own_team: Team
) -> None:
    # given a process that takes calls and one that works
    fleet, team = own_fleet, own_team
    slow: dict[str, Any] = REAL | {"sweep_seconds": 4.0}
    api, _worker = await fleet.add(takes_queue=False, slots=0, **slow), await fleet.add(**slow)
    woken = await api.bus.submit(team.user_id, team.call("woken"))
    await team.until(woken.run_id, "completed", within=1.5)

    # when Valkey is away, and every wake-up with it
    valkey = servers.pids["valkey"]
    assert valkey is not None
    os.kill(valkey, signal.SIGSTOP)
    begun = time.monotonic()
    swept = await api.bus.submit(team.user_id, team.call("swept"))
    accepted = time.monotonic() - begun
    await team.until(swept.run_id, "completed")

    # then nobody waits for it, and the sweeper finds the work
    assert (accepted < 1, time.monotonic() - begun < 12) == (True, True)

    # and wake-ups work again when it is back, though it forgot who listened
    os.kill(valkey, signal.SIGCONT)
    await _kill(servers, "valkey")
    await eventually(lambda: _answers(fleet.redis))
    await eventually(lambda: _is_heard(fleet.redis))
    again = await api.bus.submit(team.user_id, team.call("again"))
    await team.until(again.run_id, "completed", within=3)


async def _answers(redis: Redis) -> bool:
    try:
        await redis.ping()  # pyright: ignore[reportUnknownMemberType]
    except (RedisError, OSError):
        return False
    return True


async def _is_heard(redis: Redis) -> bool:
    try:
        groups = await redis.xinfo_consumers("bus:wake", "workers")  # pyright: ignore
    except RedisError:
        return False
    return bool(groups)
