"""What the embedded store does when something dies, breaks or fills up."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import psutil
import pytest

from artel.memory.context import ContextFull, ContextLost, ContextUnavailable
from artel.memory.edge.home import Home
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.store import EdgeContexts
from artel.memory.edge.workers import EdgeWorkers
from artel.memory.vectors import Space
from artel.store.embedded import ServerDidNotStart
from tests.support.memory import (
    SPACE,
    Edge,
    Violations,
    meaning,
    new_user,
    numbered,
    numbers,
    point,
    question,
    quick_folder,
    until,
    until_it_works,
)

_OWNER = Path(__file__).with_name("edge_owner.py")


@pytest.fixture
def own_edge(root: Path) -> Iterator[Edge]:
    """One worker of the test's own, to be killed."""
    running = Edge.start(EdgeOptions(flush_seconds=0.2), workers=1, root=root)
    yield running
    running.stop()


@pytest.fixture
async def contexts(own_edge: Edge) -> AsyncGenerator[EdgeContexts]:
    """Its contexts. One of these tests lays a shard in another user's place, which is counted."""
    store = EdgeContexts(own_edge.sockets, Violations())
    yield store
    await store.aclose()


async def test_kill_9_while_indexing_loses_nothing_acknowledged(own_edge: Edge, contexts: EdgeContexts) -> None:
    context = contexts.of(new_user())
    await context.ensure([SPACE])
    acknowledged: set[int] = set()

    async def index(begin: int) -> None:
        for number in range(begin, begin + 400, 20):
            batch = [point(n, f"запись номер {n}") for n in range(number, number + 20)]
            await until_it_works(lambda batch=batch: context.upsert(batch))
            acknowledged.update(range(number, number + 20))

    async def murder() -> None:
        for wave in range(1, 4):
            await until(lambda wave=wave: len(acknowledged) > wave * 200)
            # The last one killed may not have its successor yet.
            await until(lambda: own_edge.workers.pids[0] is not None)
            os.kill(own_edge.pid_of(0), signal.SIGKILL)

    await asyncio.gather(murder(), *(index(begin) for begin in range(0, 1600, 400)))

    assert await until_it_works(context.count) == 1600
    assert {id.int for id in await context.ids(limit=2000)} == acknowledged == set(range(1600))
    assert numbers(await context.search(question("запись 777", by_meaning=False)))[0] == 777


async def test_a_dead_worker_is_told_at_once_and_comes_back(own_edge: Edge, contexts: EdgeContexts) -> None:
    context = contexts.of(new_user())
    await context.ensure([SPACE])
    await context.upsert([point(1, "осталось")])

    os.kill(own_edge.pid_of(0), signal.SIGSTOP)
    asked = asyncio.create_task(context.search(question("осталось")))
    await asyncio.sleep(0.05)
    os.kill(own_edge.pid_of(0), signal.SIGKILL)

    with pytest.raises(ContextUnavailable) as failure:
        await asked
    assert not isinstance(failure.value, ContextLost)
    [hit] = await until_it_works(lambda: context.search(question("осталось")))
    assert hit.text == "осталось"


async def test_a_worker_that_is_away_is_a_trouble(own_edge: Edge, contexts: EdgeContexts) -> None:
    assert await contexts.troubles() == []
    own_edge.workers.stop()

    [trouble] = await contexts.troubles()

    assert (trouble.kind, trouble.detail) == ("unreachable", "memory-1 does not answer")


@pytest.mark.parametrize("damage", ["truncated", "garbage", "missing", "panic"])
async def test_a_corrupt_shard_is_put_away_and_can_be_built_anew(
    own_edge: Edge, contexts: EdgeContexts, damage: str
) -> None:
    # Given: two users in one worker, one of whose shards is damaged while it is closed
    hurt, well = contexts.of(new_user()), contexts.of(new_user())
    for context in (hurt, well):
        await context.ensure([SPACE])
        await context.upsert([point(n, f"текст {n}") for n in range(50)])
    await restart(own_edge, contexts)
    hurt, well = contexts.of(hurt.user_id), contexts.of(well.user_id)
    spoil(own_edge.root / str(hurt.user_id) / "shard", damage)

    # When
    with pytest.raises(ContextLost):
        await until_it_works(hurt.count)

    # Then
    assert await well.count() == 50
    [trouble] = await contexts.troubles()
    assert (trouble.kind, trouble.users) == ("lost", (hurt.user_id,))
    with pytest.raises(ContextLost):
        await hurt.search(question("текст"))
    home = Home(own_edge.root, hurt.user_id)
    assert home.lost.exists()

    assert (await hurt.ensure([SPACE])).created
    await hurt.upsert([point(1, "снова")])
    assert await hurt.count() == 1
    assert await contexts.troubles() == []
    assert not home.lost.exists(), "it held words that may have to be forgotten"


async def test_a_shard_over_which_the_process_dies_again_and_again_is_put_away(
    own_edge: Edge, contexts: EdgeContexts
) -> None:
    # Given: two such deaths within minutes
    context = contexts.of(new_user())
    await context.ensure([SPACE])
    await context.upsert([point(n, f"текст {n}") for n in range(50)])
    await restart(own_edge, contexts)
    context = contexts.of(context.user_id)
    await until_it_works(context.count)
    Home(own_edge.root, context.user_id).note_crash(time.time())
    Home(own_edge.root, context.user_id).note_crash(time.time())

    # When: the process dies over this shard once more
    breath = own_edge.root / "workers" / "1" / "busy"
    pid = own_edge.pid_of(0)
    os.kill(pid, signal.SIGSTOP)
    breath.write_bytes(context.user_id.to_bytes(8, "little"))
    os.kill(pid, signal.SIGKILL)

    # Then
    with pytest.raises(ContextLost):
        await until_it_works(context.count)


async def test_a_full_disk_stops_writing_and_nothing_else(root: Path) -> None:
    user_id = new_user()
    running = Edge.start(workers=1, root=root)
    store = EdgeContexts(running.sockets, Violations())
    await store.of(user_id).ensure([SPACE])
    await store.of(user_id).upsert([point(1, "старое")])
    await store.aclose()
    running.stop()

    # When: less is free than must be kept
    running = Edge.start(EdgeOptions(reserve_bytes=2**60, flush_seconds=0.05), workers=1, root=root)
    store = EdgeContexts(running.sockets, Violations())
    context = store.of(user_id)

    with pytest.raises(ContextFull):
        await context.upsert([point(2, "новое")])
    with pytest.raises(ContextFull):
        await context.set_vectors(SPACE.name, {numbered(1): meaning("новое")})
    with pytest.raises(ContextFull):
        await context.purge()
    with pytest.raises(ContextFull):
        await context.ensure([SPACE, Space("more", 4)])
    with pytest.raises(ContextFull):
        await store.of(new_user()).ensure([SPACE])
    assert [trouble.kind for trouble in await store.troubles()] == ["full"]
    assert (await context.ensure([SPACE])).points == 1
    assert numbers(await context.search(question("старое"))) == [1]
    await context.delete([numbered(1)])
    assert await context.count() == 0
    await store.aclose()
    running.stop()


async def test_a_shard_in_another_users_place_answers_nothing(own_edge: Edge, contexts: EdgeContexts) -> None:
    theirs, mine = contexts.of(new_user()), contexts.of(new_user())
    for context in (theirs, mine):
        await context.ensure([SPACE])
    await theirs.upsert([point(1, "чужой секрет")])
    await contexts.aclose()
    own_edge.workers.stop()
    swap(own_edge.root / str(theirs.user_id) / "shard", own_edge.root / str(mine.user_id) / "shard")
    own_edge.workers.start()

    assert await mine.search(question("чужой секрет")) == []
    assert await mine.count() == 0


def test_nothing_outlives_a_killed_owner(root: Path) -> None:
    sockets = quick_folder()
    command = [sys.executable, _OWNER, root, sockets]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        line = next(line for line in owner.stdout if line.startswith("pids"))
        workers = [psutil.Process(int(pid)) for pid in line.split()[1:]]
        assert len(workers) == 2

        owner.kill()

        assert psutil.wait_procs(workers, timeout=15)[1] == []
    shutil.rmtree(sockets)


async def test_shards_are_found_by_another_number_of_workers(root: Path) -> None:
    users = [new_user() for _ in range(3)]
    for count in (1, 3, 2):
        running = Edge.start(workers=count, root=root)
        store = EdgeContexts(running.sockets, Violations())
        for user_id in users:
            await store.of(user_id).ensure([SPACE])
            await store.of(user_id).upsert([point(count, f"из {count}")])
        await store.aclose()
        running.stop()

    running = Edge.start(workers=1, root=root)
    store = EdgeContexts(running.sockets, Violations())
    assert [await store.of(user_id).count() for user_id in users] == [3, 3, 3]
    await store.aclose()
    running.stop()


async def test_many_users_and_few_open_shards(root: Path) -> None:
    running = Edge.start(EdgeOptions(max_open=2), workers=1, root=root)
    store = EdgeContexts(running.sockets, Violations())
    users = [new_user() for _ in range(5)]
    for user_id in users:
        await store.of(user_id).ensure([SPACE])
    for number in range(3):
        for user_id in random.Random(number).sample(users, 5):
            await store.of(user_id).upsert([point(number, f"текст пользователя {user_id}")])

    assert [await store.of(user_id).count() for user_id in users] == [3] * 5
    files = psutil.Process(running.pid_of(0)).open_files()
    assert len({path.path.split("/shard/")[0] for path in files if "/shard/" in path.path}) <= 2
    await store.aclose()
    running.stop()


async def restart(edge: Edge, contexts: EdgeContexts) -> None:
    """Stops the workers in order and starts them again on the same files."""
    await contexts.aclose()
    edge.workers.stop()
    edge.workers.start()


def spoil(shard: Path, damage: str) -> None:
    """Damages one file that the engine cannot do without."""
    if damage == "panic":
        # The engine does not notice this one, and panics when it uses it.
        [path, *_] = sorted(shard.glob("segments/*/vector_storage-words/deleted/status.dat"))
        os.truncate(path, 0)
        return
    [path, *_] = sorted(shard.glob("segments/*/segment.json"))
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.write_bytes(os.urandom(path.stat().st_size))


def swap(one: Path, other: Path) -> None:
    """Puts each in the other's place."""
    spare = one.with_name("spare")
    one.rename(spare)
    if other.exists():
        other.rename(one)
    spare.rename(other)


async def test_a_shard_that_panics_in_use_is_given_up_after_the_third_time(root: Path) -> None:
    # Given: an index whose numbers are gone, which the engine notices when it searches
    options = EdgeOptions(renew_after=400, index_from_kilobytes=10)
    running = Edge.start(options, workers=1, root=root)
    store = EdgeContexts(running.sockets, Violations())
    context = store.of(new_user())
    home = Home(root, context.user_id)
    await context.ensure([SPACE])
    await context.upsert([point(n, f"текст {n}") for n in range(500)])
    await until(lambda: home.read_about().get("size") == 500)
    await restart(running, store)
    [numbers_of_index, *_] = home.shard.glob("segments/*/vector_storage-toy/quantized.data")
    os.truncate(numbers_of_index, 10)

    # When
    seen: list[type[Exception]] = []
    while ContextLost not in seen:
        with pytest.raises(ContextUnavailable) as failure:
            await context.search(question("текст"))
        seen.append(failure.type)

    # Then
    assert seen[-1] is ContextLost
    assert len(seen) <= 3
    assert home.is_lost
    await store.aclose()
    running.stop()


def test_workers_that_cannot_start_say_why(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artel.memory.edge.workers._MODULE", "artel.memory.edge.nobody")
    folder = quick_folder()
    workers = EdgeWorkers(root, folder, 1)

    with pytest.raises(ServerDidNotStart, match=r"No module named artel\.memory\.edge\.nobody"):
        workers.start()

    assert workers.pids == []
    shutil.rmtree(folder)
