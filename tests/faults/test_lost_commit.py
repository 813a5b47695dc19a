"""The word of a commit is lost on the way: it happened, and its process does not know."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from artel.store.embedded import PostgresEndpoint
from artel.store.shards import Shards, StoreUnavailable
from tests.support.bus import Fleet, Process, Team, eventually
from tests.support.bus_script import answer, ask, fail, script
from tests.support.pg_proxy import PostgresProxy, postgres_proxy, shards_through


@pytest.fixture
async def proxy(postgres: PostgresEndpoint) -> AsyncGenerator[PostgresProxy]:
    """The wire on which words are lost."""
    async with postgres_proxy(postgres) as proxy:
        yield proxy


@pytest.fixture
async def shards(proxy: PostgresProxy, team: Team) -> AsyncGenerator[Shards]:
    """The stores of the process at the end of that wire."""
    async with shards_through(proxy, team.stores.databases[0].app) as shards:
        yield shards


@pytest.fixture
async def process(fleet: Fleet, shards: Shards) -> AsyncGenerator[Process]:
    """That process; nobody else can help."""
    yield await fleet.add(shards=shards)
    await fleet.stop()


async def test_of_a_call_that_was_stored_and_seated(
    fleet: Fleet, team: Team, proxy: PostgresProxy, process: Process
) -> None:
    # when its user is told that the store is away, though the call was stored
    trap = proxy.trap("marked call", "cut")
    with pytest.raises(StoreUnavailable):
        await process.bus.submit(team.user_id, team.call(script(answer("marked call"))))
    assert trap.sprung.is_set()

    # then the task that nobody knows is found, and answered once
    await team.until_all_end()
    [run] = await team.rows("select id, status from runs")
    task = await team.task(run["id"])
    assert (run["status"], task["attempt"], task["epoch"]) == ("completed", 0, 2)
    assert len(await team.answers(run["id"])) == 1
    assert await fleet.traces.whats(run["id"]) == ["asked marked call"]


async def test_of_a_claim(fleet: Fleet, team: Team, proxy: PostgresProxy, process: Process) -> None:
    api = await fleet.add(takes_queue=False, slots=0)
    trap = proxy.trap(team.agent_id("coder"), "cut")

    sent = await api.bus.submit(team.user_id, team.call("hello"))
    await team.until_all_end()

    assert trap.sprung.is_set()
    assert ((await team.answer(sent.run_id))["content"], (await team.task(sent.run_id))["epoch"]) == ("hello", 2)
    assert await fleet.traces.whats(sent.run_id) == ["asked hello"]


async def test_of_an_answer(fleet: Fleet, team: Team, proxy: PostgresProxy, process: Process) -> None:
    sent = await process.bus.submit(team.user_id, team.call(script(answer("marked answer", pause="here"))))
    await fleet.traces.until(sent.run_id, "paused here")
    trap = proxy.trap("marked answer", "cut")
    await fleet.traces.release(sent.run_id, "here")
    await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))

    assert trap.sprung.is_set()
    assert [end.status for end in process.seen.finished_of(sent.run_id)] == ["complete"]
    assert ((await team.task(sent.run_id))["epoch"], len(await team.spent(sent.run_id))) == (1, 1)
    assert str((await team.run(sent.run_id))["cost"]) == "0.01"


async def test_of_the_last_words_of_a_stopped_task(
    fleet: Fleet, team: Team, proxy: PostgresProxy, process: Process
) -> None:
    sent = await process.bus.submit(team.user_id, team.call(script(answer("marked answer", pause="here"))))
    await fleet.traces.until(sent.run_id, "paused here")
    trap = proxy.trap("marked", "cut")
    await process.bus.cancel_run(team.user_id, sent.run_id)
    await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))

    assert trap.sprung.is_set()
    assert (await team.answer(sent.run_id))["content"] == "marked"
    assert [str(cost) for cost in await team.spent(sent.run_id)] == ["0.001"]
    assert str((await team.run(sent.run_id))["cost"]) == "0.001"


async def test_of_a_failure_that_is_to_be_tried_again(
    fleet: Fleet, team: Team, proxy: PostgresProxy, process: Process
) -> None:
    work = script(fail("marked_failure", pause="here"), answer("done"))
    sent = await process.bus.submit(team.user_id, team.call(work))
    await fleet.traces.until(sent.run_id, "paused here")
    trap = proxy.trap("marked_failure", "cut")
    await fleet.traces.release(sent.run_id, "here")
    await team.until(sent.run_id, "completed")

    assert trap.sprung.is_set()
    assert (await team.task(sent.run_id))["attempt"] == 1


async def test_of_a_stop(fleet: Fleet, team: Team, proxy: PostgresProxy, process: Process) -> None:
    # given a stop of whose commit the process that ordered it never hears
    sent = await process.bus.submit(team.user_id, team.call(script(ask("said "), answer("more", pause="here"))))
    await fleet.traces.until(sent.run_id, "paused here")
    trap = proxy.trap(sent.run_id.bytes, "cut")
    with pytest.raises(StoreUnavailable):
        await process.bus.cancel_run(team.user_id, sent.run_id)
    assert trap.sprung.is_set()

    # then the heartbeat stops the task, and its words are kept
    await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))
    assert (await team.answer(sent.run_id))["content"] == "said mo"

    async def nothing_held() -> bool:
        return not process.bus.worker.held

    await eventually(nothing_held)
