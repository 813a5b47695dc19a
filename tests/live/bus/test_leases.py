"""Processes that die, leave, fall silent or lose sight of their stores."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from artel.bus.claim import MAX_INTERRUPTIONS
from artel.store.embedded import PostgresEndpoint
from tests.support.bus import TEMPO, Fleet, Team, eventually, new_team
from tests.support.bus_script import answer, ask, script, tool
from tests.support.pg_proxy import postgres_proxy, shards_of, shards_through
from tests.support.stores import Stores

QUICK: dict[str, Any] = {"lease_seconds": 0.4, "beat_seconds": 0.1, "sweep_seconds": 0.05}


async def test_another_process_goes_on_from_the_last_checkpoint(fleet: Fleet, team: Team) -> None:
    first, second = await fleet.add(), await fleet.add()
    work = script(ask("paid, "), tool("clock", pause="here"), answer("done"))
    sent = await first.bus.submit(team.user_id, team.call(work))
    await fleet.traces.until(sent.run_id, "paused here")

    first.kill()
    await team.until(sent.run_id, "completed")

    task, message = await team.task(sent.run_id), await team.answer(sent.run_id)
    assert (task["attempt"], task["epoch"], task["worker"]) == (0, 2, "worker2")
    assert (message["content"], message["attempt"]) == ("paid, done", 2)
    assert (await fleet.traces.whats(sent.run_id)).count("asked paid, ") == 1
    assert len(await team.spent(sent.run_id)) == 2
    assert second.seen.all("interrupted") == [[team.user_id]]


async def test_users_who_were_just_served_by_the_dead_are_told_too(fleet: Fleet, team: Team) -> None:
    first, second = await fleet.add(), await fleet.add()
    sent = await first.bus.submit(team.user_id, team.call("answered"))
    await team.until(sent.run_id, "completed")

    first.kill()

    await second.seen.until(lambda: second.seen.all("interrupted") == [[team.user_id]])


async def test_who_leaves_in_order_hands_over_at_once_and_it_counts_as_nothing(fleet: Fleet, team: Team) -> None:
    # given lease and sweeper so slow that they cannot be what helps
    leaving = await fleet.add(lease_seconds=60)
    staying = await fleet.add(lease_seconds=60, sweep_seconds=60)
    sent = await leaving.bus.submit(team.user_id, team.call(script(ask("paid, "), answer("done", pause="here"))))
    await fleet.traces.until(sent.run_id, "paused here")

    leaving.dead = True
    begun = time.monotonic()
    await leaving.bus.stop()
    await team.until(sent.run_id, "completed")

    assert time.monotonic() - begun < 1
    task = await team.task(sent.run_id)
    assert (task["attempt"], task["interruptions"], task["epoch"], task["worker"]) == (0, 0, 2, "worker2")
    assert (await team.answer(sent.run_id))["content"] == "paid, done"
    assert staying.seen.all("interrupted") == []


async def test_an_answer_that_is_just_being_written_is_not_torn_apart_by_leaving(
    fleet: Fleet, team: Team, postgres: PostgresEndpoint
) -> None:
    # given an answer that is committed, which its process does not know yet
    async with (
        postgres_proxy(postgres) as proxy,
        shards_through(proxy, team.stores.databases[0].app) as shards,
    ):
        process = await fleet.add(shards=shards)
        sent = await process.bus.submit(team.user_id, team.call(script(answer("marked answer", pause="here"))))
        await fleet.traces.until(sent.run_id, "paused here")
        trap = proxy.trap("marked answer", "hold")
        await fleet.traces.release(sent.run_id, "here")
        await trap.sprung.wait()

        # when the process is told to leave
        process.dead = True
        leaving = asyncio.create_task(process.bus.stop())
        await asyncio.sleep(0.05)
        trap.released.set()
        await leaving

    # then the end is told
    assert [what for what, _ in process.seen.heard] == ["started", "finished"]


async def test_calls_that_arrive_while_a_process_leaves_are_answered_by_another(fleet: Fleet, team: Team) -> None:
    leaving, _staying = await fleet.add(), await fleet.add()
    await team.rows("update user_agents set concurrency_limit = 4")

    leaving.dead = True
    calls = [asyncio.create_task(leaving.bus.submit(team.user_id, team.call(f"call {n}"))) for n in range(12)]
    await asyncio.sleep(0)
    await leaving.bus.stop()
    calls += [asyncio.create_task(leaving.bus.submit(team.user_id, team.call("late")))]
    sent = await asyncio.gather(*calls)
    await team.until_all_end()

    for one in sent:
        assert (await team.answer(one.run_id))["status"] == "complete"
        assert (await team.task(one.run_id))["attempt"] == 0
    assert not leaving.bus.worker.held


async def test_a_task_that_kills_its_process_again_and_again_is_given_up(fleet: Fleet, team: Team) -> None:
    process = await fleet.add(**QUICK)
    sent = await process.bus.submit(team.user_id, team.call(script(answer("never", pause="here", times=99))))

    for deaths in range(MAX_INTERRUPTIONS + 1):
        await fleet.traces.until(sent.run_id, "paused here", epoch=deaths + 1)
        process.kill()
        process = await fleet.add(**QUICK)
    await team.until(sent.run_id, "failed")

    task, message = await team.task(sent.run_id), await team.answer(sent.run_id)
    assert (task["status"], message["status"], message["error"]["code"]) == ("failed", "failed", "interrupted")
    assert (await team.agent())["last_error"]["code"] == "interrupted"
    await process.seen.until(lambda: [team.user_id] in process.seen.all("interrupted"))


async def test_a_task_that_gets_on_between_deaths_is_not_given_up(fleet: Fleet, team: Team) -> None:
    process = await fleet.add(**QUICK)
    steps = [ask(f"{n} ", pause=f"at {n}", times=n) for n in range(1, MAX_INTERRUPTIONS + 3)]
    sent = await process.bus.submit(team.user_id, team.call(script(*steps, answer("done"))))

    for number in range(1, MAX_INTERRUPTIONS + 3):
        await fleet.traces.until(sent.run_id, f"paused at {number}", epoch=number)
        process.kill()
        process = await fleet.add(**QUICK)
    await team.until(sent.run_id, "completed")

    assert (await team.answer(sent.run_id))["content"] == "1 2 3 4 5 6 7 done"
    assert (await team.task(sent.run_id))["attempt"] == 0


async def test_many_starts_are_not_held_against_a_task(fleet: Fleet, team: Team) -> None:
    # given a task that was started often, for approvals and by its user
    first = await fleet.add(**QUICK)
    sent = await first.bus.submit(team.user_id, team.call(script(tool("x", pause="here"), answer("done"))))
    await fleet.traces.until(sent.run_id, "paused here")
    await team.rows("update tasks set epoch = 500")

    first.kill()
    await fleet.add(**QUICK)

    await team.until(sent.run_id, "completed")


async def test_an_outage_of_the_store_is_not_taken_for_the_death_of_those_who_waited_it_out(
    fleet: Fleet, team: Team, postgres: PostgresEndpoint
) -> None:
    # given an answer that is paid for while the store is away, for longer than any lease
    async with (
        postgres_proxy(postgres) as proxy,
        shards_through(proxy, team.stores.databases[0].app) as shards,
        shards_through(proxy, team.stores.databases[0].app) as others_shards,
    ):
        process = await fleet.add(shards=shards)
        await fleet.add(shards=others_shards)
        sent = await process.bus.submit(team.user_id, team.call(script(answer("paid", pause="here"))))
        await fleet.traces.until(sent.run_id, "paused here")
        proxy.go_down()
        await fleet.traces.release(sent.run_id, "here")

        async def expired() -> bool:
            return not await team.stores.as_migrator("select from workers where lease_until > now()")

        await eventually(expired)
        proxy.come_up()

        # then it is the one who paid that writes it down
        await team.until(sent.run_id, "completed")
        assert (await team.task(sent.run_id))["epoch"] == 1
        assert (await fleet.traces.whats(sent.run_id)) == ["asked paid", "paused here"]
        await process.seen.until(lambda: bool(process.seen.finished_of(sent.run_id)))
        await fleet.stop()


async def test_a_deleted_user_costs_nobody_else_the_lease(fleet: Fleet, stores: Stores, team: Team) -> None:
    first, second = await fleet.add(), await fleet.add()
    gone = await new_team(stores)
    doomed = await first.bus.submit(gone.user_id, gone.call(script(answer("never", pause="here"))))
    sent = await first.bus.submit(team.user_id, team.call(script(answer("done", pause="here", times=9))))
    await fleet.traces.until(doomed.run_id, "paused here")

    await stores.as_migrator("delete from users where id = $1", gone.user_id)
    await stores.as_migrator("delete from shard_users where user_id = $1", gone.user_id)
    stores.shards.forget(gone.user_id)
    await first.seen.until(lambda: first.seen.all("lost") == [doomed.run_id])
    await fleet.traces.release(sent.run_id, "here")
    await team.until(sent.run_id, "completed")

    assert (await team.task(sent.run_id))["epoch"] == 1
    assert second.seen.all("interrupted") == []


async def test_orphans_of_a_user_who_cannot_be_reached_do_not_hold_up_the_others(
    fleet: Fleet, stores: Stores, team: Team
) -> None:
    # given a dead process that held work of a user whose directory entry is gone, and of another
    first = await fleet.add()
    gone = await new_team(stores)
    doomed = await first.bus.submit(gone.user_id, gone.call(script(answer("never", pause="here"))))
    sent = await first.bus.submit(team.user_id, team.call(script(answer("done", pause="here"))))
    for one in (doomed, sent):
        await fleet.traces.until(one.run_id, "paused here")
    await stores.as_migrator("delete from users where id = $1", gone.user_id)
    stores.shards.forget(gone.user_id)

    first.kill()
    await fleet.add()

    await team.until(sent.run_id, "completed")


async def test_a_silent_shard_does_not_cost_the_leases_on_the_others(
    wide_fleet: Fleet, postgres: PostgresEndpoint
) -> None:
    stores = wide_fleet.stores
    team = await new_team(stores, shard="shard1")
    await wide_fleet.add()
    first, second = (urls.app for urls in stores.databases)
    async with postgres_proxy(postgres) as proxy, shards_of(first, proxy.url(second)) as shards:
        process = await wide_fleet.add(shards=shards)
        sent = await process.bus.submit(team.user_id, team.call(script(answer("done", pause="here", times=9))))
        await wide_fleet.traces.until(sent.run_id, "paused here")

        # when its second shard falls silent for longer than a lease
        proxy.flows.clear()
        ran_out = "select from workers where id = 'worker2' and lease_until > now()"

        async def seems_dead_there() -> bool:
            return len(await stores.as_migrator(ran_out)) < 2

        await eventually(seems_dead_there)
        await asyncio.sleep(2 * TEMPO["lease_seconds"])

        # then the first still knows it alive
        await wide_fleet.traces.release(sent.run_id, "here")
        await team.until(sent.run_id, "completed")
        assert (await team.task(sent.run_id))["epoch"] == 1
        proxy.flows.set()
        await wide_fleet.stop()
