"""A user with something of everything is moved to the other shard and back, with whatever tables there are by now."""

from __future__ import annotations

from artel.store.moves.mover import Mover
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds


async def _tell(user_id: int) -> None:
    """The processes of the world find out by themselves."""


@in_worlds(ALL_LAYERS)
async def test_everything_of_a_user_moves_and_comes_back(world: World) -> None:
    shards, user = world.stores.shards, world.victim.id
    home = (await shards.entry(user)).shard
    other = next(name for name in shards.by_name if name != home)
    before = await world.ledger.of(user)

    assert await Mover(shards, _tell).move(user, other)
    away = await world.ledger.of(user)
    reply = await world.victim.caller.send("GET", "/my/agents/")
    assert await Mover(shards, _tell).move(user, home)

    assert reply.status == 200
    # Only the directory's row says another shard.
    assert [change.split(":")[0] for change in away.changes_since(before)] == ["users"]
    assert (await world.ledger.of(user)).changes_since(before) == []
