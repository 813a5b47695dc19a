"""What is done to a user's space on one shard: fenced, opened, cleared.

Everything carries the number of its move and yields to a higher one: a mover that slept, was replaced and wakes up must
not touch what others do, or did, since.
"""

from __future__ import annotations

import asyncpg

from artel.store.moves.copying import LONG_SECONDS
from artel.store.moves.errors import MoveLost
from artel.store.moves.owned import ROOT, owned_tables
from artel.store.shards import Shards


async def arrive(shards: Shards, shard: str, user_id: int, move: int) -> None:
    """Makes the space that is filled; what an earlier move left there is deleted.

    Raises:
        MoveLost: the user is served there, or a later move has arrived.
    """
    async with shards.mover_tx(shard, user_id) as connection:
        if await connection.fetchval(_IS_ANOTHERS, user_id, move):
            raise MoveLost
        await _delete(connection, user_id)
        await connection.execute(
            "insert into shard_users (user_id, state, move) values ($1, 'moving', $2)", user_id, move
        )


async def own(connection: asyncpg.Connection, user_id: int, move: int) -> None:
    """Makes sure that the space is this move's, to the end of the transaction.

    Raises:
        MoveLost: it is not.
    """
    if not await connection.fetchval(_IS_OURS, user_id, move):
        raise MoveLost


async def fence(shards: Shards, shard: str, user_id: int, move: int) -> None:
    """Waits for the user's transactions to end and lets no more begin.

    Raises:
        MoveLost: the user is not at home there, or a later move has the fence.
        asyncpg.LockNotAvailableError: a transaction did not end.
    """
    async with shards.mover_tx(shard, user_id) as connection:
        await connection.execute("select pg_advisory_xact_lock($1)", user_id)
        tag = await connection.execute(_FENCE, user_id, move)
        if tag != "UPDATE 1":
            raise MoveLost


async def open_again(shards: Shards, shard: str, user_id: int, move: int) -> None:
    """The user may come in, if this move, or an earlier one, shut the door."""
    async with shards.mover_tx(shard, user_id) as connection:
        await connection.execute(_OPEN, user_id, move)


async def clear(shards: Shards, shard: str, user_id: int, move: int) -> None:
    """Deletes what this move, or an earlier one, holds of the user on a shard."""
    async with shards.mover_tx(shard, user_id) as connection:
        if await connection.fetchval(_IS_DEAD, user_id, move):
            await _delete(connection, user_id)


async def _delete(connection: asyncpg.Connection, user_id: int) -> None:
    """Children first: a cascade would look for them row by row."""
    for table in reversed(await owned_tables(connection)):
        if table.name != ROOT:
            await connection.execute(f"delete from {table.name} where user_id = $1", user_id, timeout=LONG_SECONDS)
    await connection.execute("delete from shard_users where user_id = $1", user_id, timeout=LONG_SECONDS)


_IS_ANOTHERS = """
select true from shard_users where user_id = $1 and (state = 'active' or move > $2) for update
"""
_IS_OURS = "select true from shard_users where user_id = $1 and state = 'moving' and move = $2 for update"
_IS_DEAD = """
select true from shard_users where user_id = $1 and state = 'moving' and coalesce(move, 0) <= $2 for update
"""
_FENCE = """
update shard_users set state = 'moving', move = $2
where user_id = $1 and (state = 'active' or coalesce(move, 0) < $2)
"""
_OPEN = """
update shard_users set state = 'active', move = null
where user_id = $1 and state = 'moving' and coalesce(move, 0) <= $2
"""
