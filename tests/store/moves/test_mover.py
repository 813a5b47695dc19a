"""A user who moves: everything arrives, nothing stays, and nobody else is touched."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from artel.store.moves.errors import CopyDiffers, MoveUnderWay, UserBusy
from artel.store.moves.ledger import NobodyToMove
from artel.store.moves.mover import POINTS
from artel.store.roles import OWNER
from artel.store.shards import Shards
from tests.support.moving import a_mover, add_chunks, both, fill
from tests.support.stores import Stores


@pytest.fixture
async def people(two_shards: Stores) -> dict[str, int]:
    """One who moves, a neighbour on each shard; all with everything."""
    users = {"mover": await two_shards.new_user(shard="shard1"), "left": await two_shards.new_user(shard="shard1")}
    users["right"] = await two_shards.new_user(shard="shard2")
    for user_id in users.values():
        await fill(two_shards, user_id)
    return users


async def test_there_and_back_nothing_is_lost_and_nobody_else_touched(
    two_shards: Stores, people: dict[str, int]
) -> None:
    user = people["mover"]
    before = await both(two_shards)

    moved = await a_mover(two_shards.shards).move(user, "shard2")
    there = await both(two_shards)
    back = await a_mover(two_shards.shards).move(user, "shard1")
    after = await both(two_shards)

    assert (there[0].of(user), there[1].of(user)) == ({}, before[0].of(user))
    assert (there[0].of(people["left"]), there[1].of(people["right"])) == (
        before[0].of(people["left"]),
        before[1].of(people["right"]),
    )
    assert after == before
    assert len(before[0].of(user)) > 12
    assert moved is not None
    assert back is not None
    assert moved.rows == back.rows == sum(rows.total() for rows in before[0].of(user).values()) - 1
    assert moved.size > 6 * 2_000
    assert await two_shards.as_migrator("select * from moves") == []
    assert (await two_shards.shards.entry(user)).shard == "shard1"


async def test_another_process_that_remembers_the_old_shard_finds_the_user(
    two_shards: Stores, people: dict[str, int]
) -> None:
    other = Shards([urls.app for urls in two_shards.databases])
    await other.start()
    assert (await other.entry(people["mover"])).shard == "shard1"

    await a_mover(two_shards.shards).move(people["mover"], "shard2")

    async with other.user_tx(people["mover"]) as tx:
        assert tx.entry.shard == "shard2"
        assert await tx.fetchval("select count(*) from messages") == 40
    await other.stop()


async def test_who_lives_there_already_is_passed_over(two_shards: Stores, people: dict[str, int]) -> None:
    assert await a_mover(two_shards.shards).move(people["mover"], "shard1") is None


async def test_nobody_is_not_moved(two_shards: Stores) -> None:
    with pytest.raises(NobodyToMove):
        await a_mover(two_shards.shards).move(987_654, "shard2")


async def test_what_changes_between_the_copy_ahead_and_the_fence_arrives_as_it_is(
    two_shards: Stores, people: dict[str, int]
) -> None:
    user = people["mover"]
    before: list[dict[str, Counter[str]]] = []

    async def at(point: str) -> None:
        if point == "ahead":
            async with two_shards.shards.user_tx(user) as tx:
                [old] = await tx.fetch("select id from files where user_id = $1", user)
                new = await tx.fetchval(_ANOTHER_FILE, user)
                await tx.execute("update files set text = 'read' where user_id = $1 and id = $2", user, old["id"])
                await tx.execute("delete from file_chunks where user_id = $1 and number < 3", user)
                await add_chunks(tx, user, old["id"], 70, 2, 500)
                await add_chunks(tx, user, new, 0, 1, 500)
            before.append((await both(two_shards))[0].of(user))

    await a_mover(two_shards.shards, at=at).move(user, "shard2")

    assert [(await both(two_shards))[1].of(user)] == before


async def test_a_file_that_is_deleted_after_the_copy_ahead_does_not_arrive(
    two_shards: Stores, people: dict[str, int]
) -> None:
    user = people["mover"]

    async def at(point: str) -> None:
        if point == "ahead":
            async with two_shards.shards.user_tx(user) as tx:
                await tx.execute("delete from files where user_id = $1", user)

    await a_mover(two_shards.shards, at=at).move(user, "shard2")

    arrived = (await both(two_shards))[1].of(user)
    assert not {"files", "file_chunks", "memories"} & arrived.keys()
    assert arrived["memory_deletions"].total() == 9


async def test_a_copy_that_is_not_the_same_is_taken_back(two_shards: Stores, people: dict[str, int]) -> None:
    before = await both(two_shards)
    await two_shards.as_migrator(_MEDDLE)
    try:
        with pytest.raises(CopyDiffers, match="messages"):
            await a_mover(two_shards.shards).move(people["mover"], "shard2")
    finally:
        await two_shards.as_migrator("drop function meddle() cascade")

    assert await both(two_shards) == before
    assert await two_shards.as_migrator("select * from moves") == []


async def test_servers_that_hash_differently_compare_by_what_all_agree_in(
    two_shards: Stores, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # No two answers of this one are the same.
    monkeypatch.setattr("artel.store.moves.copying._FAST_HASH", "hashtextextended(row({}, random())::text, 0)")
    before = (await both(two_shards))[0].of(people["mover"])

    assert await a_mover(two_shards.shards).move(people["mover"], "shard2")

    assert (await both(two_shards))[1].of(people["mover"]) == before


async def test_two_movers_do_not_move_one_user(two_shards: Stores, people: dict[str, int]) -> None:
    async def at(point: str) -> None:
        if point in POINTS:
            with pytest.raises(MoveUnderWay):
                await a_mover(two_shards.shards).move(people["mover"], "shard1")

    moved = await a_mover(two_shards.shards, at=at).move(people["mover"], "shard2")

    assert moved is not None


async def test_a_long_transaction_of_the_user_is_waited_for_and_then_given_up(
    two_shards: Stores, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artel.store.moves.mover._FENCE_TRIES", 2)
    monkeypatch.setattr("artel.store.moves.mover._FENCE_PAUSE", 0)
    monkeypatch.setattr("artel.store.shards._MOVERS_WAY", "set local lock_timeout = '50ms'")
    before = await both(two_shards)

    async with two_shards.shards.user_tx(people["mover"]):
        with pytest.raises(UserBusy):
            await a_mover(two_shards.shards).move(people["mover"], "shard2")

    assert await both(two_shards) == before


async def test_a_mover_who_is_stopped_takes_back_what_it_did(two_shards: Stores, people: dict[str, int]) -> None:
    before = await both(two_shards)
    fenced = asyncio.Event()

    async def at(point: str) -> None:
        if point == "copied":
            fenced.set()
            await asyncio.Event().wait()

    moving = asyncio.create_task(a_mover(two_shards.shards, at=at).move(people["mover"], "shard2"))
    await fenced.wait()
    moving.cancel()
    await asyncio.wait([moving])

    assert moving.cancelled()
    assert await both(two_shards) == before
    assert await two_shards.as_migrator("select * from moves") == []


_ANOTHER_FILE = """
insert into files (user_id, id, name, media_type, size, sha256, source, text_status)
values ($1, gen_random_uuid(), 'new', 'text/plain', 500, '\\x01', 'upload', 'none') returning id
"""
_MEDDLE = f"""
do $$ begin
    set local role {OWNER};
    create function meddle() returns trigger language plpgsql as
        'begin new.content = new.content || ''!''; return new; end';
    create trigger meddling before insert on messages for each row execute function meddle();
end $$
"""
