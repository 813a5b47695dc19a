"""What a holder may still write once its lease is lost: nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from artel.bus.claim import claim, take_back
from artel.bus.finish import checkpoint, finish, hand_back, keep_stopped, retry_later
from artel.bus.model import Answer, Fault, Held, LeaseLost, ModelUse
from artel.bus.submit import submit
from artel.kit.ids import IdMaker
from tests.support.bus import Team

IDS = IdMaker()
USE = ModelUse("scripted", "model", 10, 5, Decimal("0.5"))
ANSWER = Answer("of the dead", USE)
FAULT = Fault("model_overloaded", "busy")


@dataclass
class Taken:
    """A task of which a process believes that it holds it, while another one does."""

    team: Team
    zombie: Held
    holder: Held


@pytest.fixture
async def taken(team: Team) -> Taken:
    """A task whose first holder's lease ran out (it has none), and which was claimed by another."""
    shards = team.stores.shards
    await team.stores.as_migrator("insert into workers (id, lease_until) values ('alive', 'infinity')")
    async with shards.user_tx(team.user_id) as tx:
        placed = await submit(tx, IDS, team.call("hello"), "dead")
    async with shards.user_tx(team.user_id) as tx:
        assert await take_back(tx, IDS.uuid) == 1
    async with shards.user_tx(team.user_id) as tx:
        [holder] = await claim(tx, "alive", 10)
    assert placed.held is not None
    return Taken(team, placed.held, holder)


async def _state(taken: Taken) -> list[object]:
    team = taken.team
    return [
        await team.task(taken.holder.run_id),
        await team.run(taken.holder.run_id),
        await team.answers(taken.holder.run_id),
        await team.spent(taken.holder.run_id),
    ]


async def test_a_second_start_has_the_next_epoch_and_counts_as_no_failure(taken: Taken) -> None:
    assert (taken.zombie.epoch, taken.holder.epoch, taken.holder.attempt) == (1, 2, 0)
    assert (taken.zombie.id, taken.zombie.message_id) == (taken.holder.id, taken.holder.message_id)


@pytest.mark.parametrize("what", ["checkpoint", "finish", "fail", "retry_later", "keep_stopped", "hand_back"])
async def test_every_write_of_the_former_holder_is_refused(taken: Taken, what: str) -> None:
    before = await _state(taken)
    zombie, shards = taken.zombie, taken.team.stores.shards

    async with shards.user_tx(taken.team.user_id) as tx:
        match what:
            case "checkpoint":
                with pytest.raises(LeaseLost):
                    await checkpoint(tx, zombie, [1], USE, IDS.uuid())
            case "finish":
                with pytest.raises(LeaseLost):
                    await finish(tx, zombie, ANSWER, None, IDS.uuid())
            case "fail":
                with pytest.raises(LeaseLost):
                    await finish(tx, zombie, ANSWER, FAULT, IDS.uuid())
            case "retry_later":
                assert await retry_later(tx, zombie, FAULT, 0.0, USE, IDS.uuid()) is False
            case "keep_stopped":
                assert await keep_stopped(tx, zombie, ANSWER, IDS.uuid()) is None
            case _:
                await hand_back(tx, zombie)

    assert await _state(taken) == before


async def test_between_two_holders_the_former_is_refused_too(taken: Taken) -> None:
    shards = taken.team.stores.shards
    async with shards.user_tx(taken.team.user_id) as tx:
        await hand_back(tx, taken.holder)
    before = await _state(taken)

    for held in (taken.zombie, taken.holder):
        async with shards.user_tx(taken.team.user_id) as tx:
            with pytest.raises(LeaseLost):
                await finish(tx, held, ANSWER, None, IDS.uuid())

    assert await _state(taken) == before


async def test_the_holder_writes_each_model_call_once_even_when_told_twice(taken: Taken) -> None:
    shards, use_id, user_id = taken.team.stores.shards, IDS.uuid(), taken.team.user_id

    for _ in range(2):
        async with shards.user_tx(user_id) as tx:
            await checkpoint(tx, taken.holder, [1], USE, use_id)
    last = IDS.uuid()
    for _ in range(2):
        async with shards.user_tx(user_id) as tx:
            finished, _waits = await finish(tx, taken.holder, ANSWER, None, last)
            assert finished.status == "complete"

    assert await taken.team.spent(taken.holder.run_id) == [Decimal("0.5"), Decimal("0.5")]
    assert (await taken.team.run(taken.holder.run_id))["cost"] == Decimal("1.0")


async def test_one_unknown_price_makes_the_cost_of_the_run_unknown(taken: Taken) -> None:
    free = ModelUse("own", "model", 1, 1, None)
    async with taken.team.stores.shards.user_tx(taken.team.user_id) as tx:
        await checkpoint(tx, taken.holder, [1], free, IDS.uuid())
        await finish(tx, taken.holder, ANSWER, None, IDS.uuid())

    assert (await taken.team.run(taken.holder.run_id))["cost"] is None
