"""`artel cluster`: its processes are replaced one by one while people talk, and it leaves nothing behind."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncGenerator
from random import Random

import aiohttp
import psutil
import pytest

from artel.app.accounts import open_accounts
from artel.app.databases import open_stores, running_endpoints
from artel.settings import load_settings
from tests.support.clusters import RunningCluster, running_cluster
from tests.support.model_server import ModelServer
from tests.support.talking import Talker
from tests.support.visitors import PASSWORD


@pytest.fixture
async def cluster(
    tmp_path_factory: pytest.TempPathFactory, running_model_server: ModelServer
) -> AsyncGenerator[RunningCluster]:
    """One for everything: it takes long to start."""
    environment = {
        "OPENAI_BASE_URL": running_model_server.base_url,
        "OPENAI_API_KEY": "test-key",
        "ARTEL_REGISTRATION": "open",
        "ARTEL_READ_CHATS": "false",
        "ARTEL_FIND_LOCAL_MODELS": "false",
        "ARTEL_DRAIN_SECONDS": "2",
        "ARTEL_MEMORY_WORKERS": "1",
    }
    async with running_cluster(tmp_path_factory.mktemp("cluster") / "data", environment) as cluster:
        yield cluster


async def _it_says_a_line_for_each_process(cluster: RunningCluster) -> None:
    apis = [line for line in cluster.lines if re.fullmatch(r"api http://127\.0\.0\.1:\d+ pid \d+", line)]
    workers = [line for line in cluster.lines if re.fullmatch(r"worker pid \d+", line)]

    assert (len(apis), len(workers), len(cluster.lines)) == (2, 2, 4)
    family = {child.pid for child in psutil.Process(cluster.process.pid).children()}
    assert {*cluster.apis.values(), *cluster.workers} < family


@pytest.fixture
async def people(cluster: RunningCluster) -> AsyncGenerator[tuple[Talker, Talker, Talker]]:
    """Two who talk, and one for whose yes a tool and a plan wait; each listens at both API processes."""
    addresses = list(cluster.apis)
    ann, bob, eve = [
        await Talker.begin(addresses, f"{name}@example.org", chats)
        for name, chats in (("ann", 1), ("bob", 1), ("eve", 2))
    ]
    yield ann, bob, eve
    for each in (ann, bob, eve):
        await each.end()


async def _its_processes_are_replaced_while_people_talk(
    cluster: RunningCluster, people: tuple[Talker, Talker, Talker]
) -> None:
    # given people who talk, and who have been asked
    ann, bob, eve = people
    eve.agrees.clear()
    waiting = [
        asyncio.create_task(eve.say(chat, kind, 0, Random(1)))
        for chat, kind in zip(eve.chats, ("tool", "plan"), strict=True)
    ]
    going = True
    talks = [
        asyncio.create_task(who.talk(chat, Random(chat), lambda: going, pause=0.5))
        for who in (ann, bob)
        for chat in who.chats
    ]

    # when one half of the processes after the other is told to leave, and comes back
    for api, worker in zip(list(cluster.apis.values()), list(cluster.workers), strict=True):
        await _replace(cluster, api, worker)
    going = False
    eve.agrees.set()
    await asyncio.gather(*talks, *waiting)

    # then nothing is lost and nothing doubled
    await asyncio.sleep(1)
    faults = [fault for who in people for fault in await who.faults()]
    assert faults == [], cluster.logs()
    assert {each.kind for each in eve.asked} == {"tool", "plan"}
    assert all(stream.resyncs == [] for who in people for stream in who.streams), "an orderly end"
    assert all(stream.connections > 1 for who in people for stream in who.streams)


async def _replace(cluster: RunningCluster, *pids: int) -> None:
    said = len(cluster.lines)
    for pid in pids:
        psutil.Process(pid).send_signal(signal.SIGTERM)
    await cluster.until(lambda: len(cluster.lines) >= said + len(pids), 150)


async def _commands_beside_it_find_every_shard(cluster: RunningCluster) -> None:
    settings = load_settings({"ARTEL_DATA_DIR": str(cluster.data)})

    stores = await open_stores(settings, running_endpoints(settings), upgrade=False)
    async with open_accounts(settings, stores) as accounts:
        everyone = await accounts.all()

    assert len(stores.shards) == 2
    assert {account.shard for account in everyone} == {"shard1", "shard2"}


async def _kill_9_leaves_nothing_behind_and_a_new_start_has_everything(cluster: RunningCluster) -> None:
    family = psutil.Process(cluster.process.pid).children(recursive=True)
    assert len(family) > 7

    cluster.process.kill()

    assert (await asyncio.to_thread(psutil.wait_procs, family, 30))[1] == []

    # a smaller one keeps both shards, and ends in order
    async with running_cluster(cluster.data, {"ARTEL_MEMORY_WORKERS": "1"}, apis=1, workers=1, shards=1) as again:
        family = psutil.Process(again.process.pid).children(recursive=True)
        body = {"email": "bob@example.org", "password": PASSWORD}
        async with aiohttp.request("POST", f"{next(iter(again.apis))}/auth/login", json=body) as answer:
            assert answer.status == 200, "who lives on the second shard is still there"
        again.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(again.process.wait(), 60) == 0
    assert [process for process in family if process.is_running()] == []
    drained = [log.read_text().count(" drained ") for log in cluster.data.glob("processes/*-1/server.log")]
    assert drained == [2, 2], cluster.logs()


# One test, since tests of a module may run in two processes at once. On a busy machine processes take long to start.
@pytest.mark.timeout(600)
async def test_a_cluster_from_its_start_to_its_end(
    cluster: RunningCluster, people: tuple[Talker, Talker, Talker]
) -> None:
    await _it_says_a_line_for_each_process(cluster)
    await _its_processes_are_replaced_while_people_talk(cluster, people)
    await _commands_beside_it_find_every_shard(cluster)
    await _kill_9_leaves_nothing_behind_and_a_new_start_has_everything(cluster)
