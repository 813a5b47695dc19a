"""A shard gets a new index, or is rid of what was deleted, while it is in use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from artel.memory.context import ContextUnavailable, Question, Where
from artel.memory.edge.home import Home
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.store import EdgeContext, EdgeContexts
from artel.memory.vectors import Space, SparseVector, as_vector
from tests.support.memory import (
    SPACE,
    Edge,
    meaning,
    new_user,
    numbered,
    numbers,
    point,
    question,
    until,
    until_it_works,
)

SECRET = "кодовое слово мандрагора"


@pytest.fixture
def own_edge(root: Path) -> Iterator[Edge]:
    """A worker that gives a shard a new index after every 400 changed points."""
    options = EdgeOptions(renew_after=400, index_from_kilobytes=10, flush_seconds=0.1)
    running = Edge.start(options, workers=1, root=root)
    yield running
    running.stop()


@pytest.fixture
async def context(contexts: EdgeContexts) -> EdgeContext:
    """A new user's."""
    made = contexts.of(new_user())
    await made.ensure([SPACE])
    return made


@pytest.fixture
def home(own_edge: Edge, context: EdgeContext) -> Home:
    """Where it is."""
    return Home(own_edge.root, context.user_id)


async def test_an_index_is_built_while_everything_goes_on(context: EdgeContext, home: Home) -> None:
    # Given: so many points that an index is built, again and again
    searched = 0

    async def search() -> None:
        nonlocal searched
        while True:
            hits = await context.search(question("запись 3", by_meaning=False), Where(session_ids=[3]))
            assert hits
            assert hits[0].id.int % 5 == 3
            searched += 1

    await context.upsert([point(number, f"запись {number}", session_id=number % 5) for number in range(100)])
    searching = asyncio.create_task(search())

    # When: points are written, replaced, deleted and given vectors meanwhile
    expected = set(range(100))
    for begin in range(100, 2600, 50):
        batch = range(begin, begin + 50)
        await context.upsert([point(n, f"запись {n}", session_id=n % 5) for n in batch])
        expected |= set(batch)
        gone = [begin, begin - 30]
        await context.delete([numbered(number) for number in gone])
        expected -= set(gone)
        if begin % 1000 == 0:
            await context.delete_session(4)
            expected = {number for number in expected if number % 5 != 4}
        back = point(begin - 90, f"исправлено {begin - 90}", session_id=3)
        await context.upsert([back])
        expected.add(begin - 90)
    await until(lambda: not home.copy.exists())
    searching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await searching

    # Then
    assert searched > 10
    assert {id.int for id in await context.ids(limit=5000)} == expected
    assert await context.count() == len(expected)
    await until(lambda: home.read_about().get("size", 0) >= 400)
    hits = await context.search(Question(sparse=SparseVector(), space=SPACE.name, vector=meaning("исправлено 2460")))
    assert 2460 in numbers(hits)


async def test_purging_leaves_nothing_of_what_was_deleted(context: EdgeContext, home: Home) -> None:
    await context.upsert([point(number, f"запись {number}") for number in range(300)])
    await context.upsert([point(1000, SECRET)])
    await context.delete([numbered(1000)])
    assert SECRET in everything_in(home.path), "a deleted text stays in the files: that is why there is a purge"

    await context.purge()

    found = everything_in(home.path)
    assert "мандрагора" not in found
    assert "запись 299" in found
    assert await context.count() == 300
    assert numbers(await context.search(question("запись 123", by_meaning=False), limit=1)) == [123]


async def test_what_changes_meanwhile_is_in_the_new_shard(context: EdgeContext, home: Home) -> None:
    await context.upsert([point(number, f"запись {number}", session_id=number % 3) for number in range(300)])
    purge = asyncio.create_task(context.purge())
    await until(home.copy.exists)

    await context.delete_session(1)
    await context.upsert([point(1000, "после", session_id=1), point(2, "исправлено", session_id=2)])
    await context.delete([numbered(3)])
    assert not purge.done(), "the shard is still being written"
    await purge

    expected = {number for number in range(300) if number % 3 != 1 and number != 3} | {1000}
    assert {id.int for id in await context.ids()} == expected
    assert numbers(await context.search(question("исправлено", by_meaning=False))) == [2]


async def test_a_purge_waits_for_an_index_that_is_being_built(context: EdgeContext) -> None:
    for begin in range(0, 800, 100):
        await context.upsert([point(n, f"запись {n}") for n in range(begin, begin + 100)])

    purges = await asyncio.gather(context.purge(), context.purge())

    assert purges == [None, None]
    assert await context.count() == 800


async def test_spaces_come_and_go(context: EdgeContext) -> None:
    other = Space("other", 4)
    await context.upsert([point(number, f"запись {number}") for number in range(10)])

    state = await context.ensure([SPACE, other])
    await context.set_vectors("other", {numbered(n): as_vector([n + 1, 1, 0, 0]) for n in range(10)})
    await context.purge()

    assert state.spaces == (other, SPACE)
    assert await context.ids_without("other") == []
    await context.drop_space(SPACE.name)
    await context.drop_space(SPACE.name)
    assert (await context.ensure([])).spaces == (other,)
    asked = Question(sparse=SparseVector(), space="other", vector=as_vector([10, 1, 0, 0]))
    assert numbers(await context.search(asked, limit=1)) == [9]


async def test_a_killed_copy_leaves_the_shard_as_it_was(own_edge: Edge, context: EdgeContext, home: Home) -> None:
    await context.upsert([point(number, f"запись {number}") for number in range(300)])

    purge = asyncio.create_task(context.purge())
    await until(lambda: bool(children(own_edge)))
    for child in children(own_edge):
        child.kill()

    with pytest.raises(ContextUnavailable):
        await purge
    assert await context.count() == 300
    assert not home.copy.exists()
    await context.purge()
    assert await context.count() == 300


@pytest.mark.parametrize("stage", ["copy", "new"])
async def test_kill_9_while_a_shard_is_renewed_loses_nothing(
    own_edge: Edge, context: EdgeContext, home: Home, stage: str
) -> None:
    await context.upsert([point(number, f"запись {number}") for number in range(300)])
    purge = asyncio.create_task(context.purge())
    watched = home.copy if stage == "copy" else home.new
    await until(watched.exists)
    helpers = children(own_edge)

    os.kill(own_edge.pid_of(0), signal.SIGKILL)

    with pytest.raises(ContextUnavailable):
        await purge
    assert psutil.wait_procs(helpers, timeout=10)[1] == [], "its helpers die with it"
    assert await until_it_works(context.count) == 300
    assert not home.copy.exists()
    assert not home.new.exists()


async def test_a_crash_between_two_renames_loses_nothing(
    own_edge: Edge, contexts: EdgeContexts, context: EdgeContext, home: Home
) -> None:
    await context.upsert([point(1, "осталось")])
    await contexts.aclose()
    own_edge.workers.stop()
    home.shard.rename(home.old)
    home.copy.mkdir()
    own_edge.workers.start()

    assert await context.count() == 1
    assert not home.copy.exists()
    assert not home.old.exists()


async def test_erasing_stops_a_renewal(own_edge: Edge, context: EdgeContext, home: Home) -> None:
    await context.upsert([point(number, f"запись {number}") for number in range(300)])
    purge = asyncio.create_task(context.purge())
    await until(home.copy.exists)

    await context.erase()

    await purge
    assert not home.shard.exists()
    assert not home.copy.exists()


def children(edge: Edge) -> list[psutil.Process]:
    """The processes that work on copies."""
    return psutil.Process(edge.pid_of(0)).children(recursive=True)


def everything_in(folder: Path) -> str:
    """All bytes of all files, as text."""
    return "".join(path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file())
