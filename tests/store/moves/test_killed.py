"""A mover that dies at any step: whoever looks next ends the move, and the user has everything, once."""

from __future__ import annotations

import asyncio

import pytest

from artel.store.moves.errors import MoveLost, MoveUnderWay
from artel.store.moves.mover import POINTS
from artel.store.shards import Shards, ShardUnknown, StoreUnavailable
from tests.support.moving import KILLED, a_mover, both, fill, mover_killed_at
from tests.support.stores import Stores

SWITCHED = POINTS[POINTS.index("switched") :]


class Died(BaseException):
    """As if the process were gone: nothing more is done."""


async def _lease_runs_out(stores: Stores) -> None:
    await stores.as_migrator("update moves set lease_until = now() - interval '1 second'")


async def _a_filled_user(stores: Stores) -> int:
    user_id = await stores.new_user(shard="shard1")
    await fill(stores, user_id, messages=5)
    return user_id


async def _dies_at(stores: Stores, user_id: int, point: str) -> None:
    """A mover in this process that does nothing more, and does not even take back what it did."""

    async def at(now: str) -> None:
        if now == point:
            raise Died

    mover = a_mover(stores.shards, at=at)
    mover._take_back = _nothing  # pyright: ignore
    with pytest.raises(Died):
        await mover.move(user_id, "shard2")


async def _nothing(*_: object) -> None:
    """Is done."""


@pytest.mark.parametrize("point", [*POINTS, "SIGKILL copied", "SIGKILL switched"])
async def test_killed_at_any_step_the_move_is_ended_by_who_looks_next(two_shards: Stores, point: str) -> None:
    # given a mover that was killed on its way
    user, neighbour = await _a_filled_user(two_shards), await _a_filled_user(two_shards)
    before = await both(two_shards)
    kill, _, at = point.rpartition(" ")
    if kill:
        assert await mover_killed_at(two_shards, user, "shard2", at) == KILLED
    else:
        await _dies_at(two_shards, user, at)

    # then nobody may begin anew while its lease runs, and it is not taken over
    other = a_mover(two_shards.shards)
    with pytest.raises(MoveUnderWay):
        await other.move(user, "shard2")
    assert await other.recovery.look() == []

    # when it has run out, somebody ends it
    await _lease_runs_out(two_shards)
    assert await other.recovery.look() == [user]

    # then the user is at one place, with everything, and can come in
    first, second = await both(two_shards)
    here, there = (second, first) if at in SWITCHED else (first, second)
    assert (here.of(user), there.of(user)) == (before[0].of(user), {})
    assert first.of(neighbour) == before[0].of(neighbour)
    async with two_shards.shards.user_tx(user) as tx:
        assert await tx.fetchval("select count(*) from messages") == 5
    assert await two_shards.as_migrator("select * from moves") == []

    # and the move can be repeated
    assert (await other.move(user, "shard2") is None) == (at in SWITCHED)
    assert (await both(two_shards))[1].of(user) == before[0].of(user)


async def test_a_recovery_that_dies_too_is_ended_by_the_next(
    two_shards: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await _a_filled_user(two_shards)
    before = await both(two_shards)
    await _dies_at(two_shards, user, "copied")
    await _lease_runs_out(two_shards)

    async def dies(*_: object) -> None:
        raise Died

    first = a_mover(two_shards.shards)
    with monkeypatch.context() as patched:
        patched.setattr("artel.store.moves.recovery.clear", dies)
        with pytest.raises(Died):
            await first.recovery.look()

    # The user was let in before anything else was done.
    async with two_shards.shards.user_tx(user) as tx:
        assert await tx.fetchval("select count(*) from messages") == 5
    assert await a_mover(two_shards.shards).recovery.look() == []
    await _lease_runs_out(two_shards)
    assert await a_mover(two_shards.shards).recovery.look() == [user]
    assert await both(two_shards) == before


@pytest.mark.parametrize("point", ["begun", "arrived", "ahead", "fenced", "copied", "noted"])
async def test_a_mover_that_was_frozen_and_replaced_can_do_nothing_more(two_shards: Stores, point: str) -> None:
    user = await _a_filled_user(two_shards)
    before = await both(two_shards)

    async def at(now: str) -> None:
        if now == point:
            # Here it sleeps, and others end the move and even begin one of their own.
            await _lease_runs_out(two_shards)
            assert await a_mover(two_shards.shards).recovery.look() == [user]
            assert await a_mover(two_shards.shards).move(user, "shard2")

    with pytest.raises(MoveLost):
        await a_mover(two_shards.shards, at=at).move(user, "shard2")

    first, second = await both(two_shards)
    assert (first.of(user), second.of(user)) == ({}, before[0].of(user))
    async with two_shards.shards.user_tx(user) as tx:
        assert tx.entry.shard == "shard2"


async def test_a_mover_that_wakes_up_does_not_clear_away_what_another_has_copied(two_shards: Stores) -> None:
    user = await _a_filled_user(two_shards)
    before = await both(two_shards)
    first_is_back, second_waits = asyncio.Event(), asyncio.Event()

    async def first_at(now: str) -> None:
        if now == "begun":
            await _lease_runs_out(two_shards)
            await a_mover(two_shards.shards).recovery.look()
            second = a_mover(two_shards.shards, at=second_at)
            moving.append(asyncio.create_task(second.move(user, "shard2")))
            await second_waits.wait()

    async def second_at(now: str) -> None:
        if now == "copied":
            second_waits.set()
            await first_is_back.wait()

    moving: list[asyncio.Task[object]] = []
    with pytest.raises(MoveLost):
        await a_mover(two_shards.shards, at=first_at).move(user, "shard2")
    first_is_back.set()
    await moving[0]

    first, second = await both(two_shards)
    assert (first.of(user), second.of(user)) == ({}, before[0].of(user))


@pytest.mark.parametrize("point", ["switched", "opened"])
async def test_a_mover_that_was_frozen_after_the_switch_deletes_nothing_that_came_back(
    two_shards: Stores, point: str
) -> None:
    user = await _a_filled_user(two_shards)
    before = await both(two_shards)

    async def at(now: str) -> None:
        if now == point:
            await _lease_runs_out(two_shards)
            assert await a_mover(two_shards.shards).recovery.look() == [user]
            assert await a_mover(two_shards.shards).move(user, "shard1")

    await a_mover(two_shards.shards, at=at).move(user, "shard2")

    assert await both(two_shards) == before


async def test_a_fence_that_no_move_knows_of_is_opened_and_a_copy_of_nobodys_deleted(two_shards: Stores) -> None:
    fenced, copied = await _a_filled_user(two_shards), await _a_filled_user(two_shards)
    before = await both(two_shards)
    await two_shards.as_migrator("update shard_users set state = 'moving', move = $2 where user_id = $1", fenced, 0)
    await _copy_remains(two_shards, copied)

    assert sorted(await a_mover(two_shards.shards).recovery.look_for_strays()) == [fenced, copied]

    assert await both(two_shards) == before
    assert await two_shards.as_migrator("select * from moves") == []
    assert await a_mover(two_shards.shards).recovery.look_for_strays() == []


async def _copy_remains(stores: Stores, user_id: int) -> None:
    async with stores.shards.mover_tx("shard2", user_id) as connection:
        await connection.execute("insert into shard_users values ($1, 'moving', $2)", user_id, 0)
        await connection.execute("insert into chat_sessions (user_id, id, title) values ($1, 7, 'left over')", user_id)


async def test_who_is_moved_right_now_is_no_stray(two_shards: Stores) -> None:
    user = await _a_filled_user(two_shards)
    looked: list[object] = []

    async def at(point: str) -> None:
        looked.append(await a_mover(two_shards.shards).recovery.look_for_strays())

    await a_mover(two_shards.shards, at=at).move(user, "shard2")

    assert looked == [[]] * len(POINTS)


async def test_a_user_who_is_deleted_meanwhile_leaves_nothing_behind(two_shards: Stores) -> None:
    user = await _a_filled_user(two_shards)
    await _dies_at(two_shards, user, "copied")
    await two_shards.as_migrator("delete from users where id = $1", user)
    await _lease_runs_out(two_shards)

    assert await a_mover(two_shards.shards).recovery.look() == [user]

    first, second = await both(two_shards)
    assert (first.of(user), second.of(user)) == ({}, {})


async def test_a_process_that_knows_one_shard_only_leaves_the_move_alone_and_says_what_is_wrong(
    two_shards: Stores,
) -> None:
    user = await _a_filled_user(two_shards)
    await _dies_at(two_shards, user, "opened")
    await _lease_runs_out(two_shards)
    old = Shards([two_shards.databases[0].app])
    await old.start()

    assert await a_mover(old).recovery.look() == []
    with pytest.raises(ShardUnknown) as told:
        async with old.user_tx(user):
            pass
    await old.stop()

    assert isinstance(told.value, StoreUnavailable)
    assert (told.value.status, told.value.retry_after) == (503, 5)
    await _lease_runs_out(two_shards)
    assert await a_mover(two_shards.shards).recovery.look() == [user]


async def test_a_lease_is_renewed_while_the_move_goes_on(two_shards: Stores) -> None:
    user = await _a_filled_user(two_shards)

    async def at(point: str) -> None:
        if point == "copied":
            await asyncio.sleep(0.8)
            assert await a_mover(two_shards.shards).recovery.look() == []

    assert await a_mover(two_shards.shards, at=at, lease_seconds=0.4).move(user, "shard2")
