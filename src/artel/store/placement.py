"""Where a new user goes, and which shards the directory knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from artel.kit.errors import Unavailable
from artel.store.shard_tables import ShardState
from artel.store.tables import User


class NoOpenShard(Unavailable):
    """No database of this server takes new accounts now. Its administrator can open one: 'artel shards open NAME'."""

    slug = "no-open-shard"


async def choose_shard(session: AsyncSession, known: Collection[str]) -> str:
    """The open shard with the fewest users; of several the first.

    session: a system transaction. known: the shards that this process can reach, in their order. While the directory
    lists none at all (which only happens before the first `artel migrate` of this version) all are open.

    Raises:
        NoOpenShard: the directory lists none of them as open.
    """
    listed = {state.name: state.is_open for state in await session.scalars(select(ShardState))}
    candidates = [name for name in known if listed.get(name, False) or not listed]
    if not candidates:
        raise NoOpenShard
    counts = await population(session)
    return min(candidates, key=lambda name: counts.get(name, 0))


async def population(session: AsyncSession) -> Mapping[str, int]:
    """How many users live on each shard where any do; in a system transaction."""
    rows = await session.execute(select(User.shard, func.count()).group_by(User.shard))
    return dict(rows.all())


async def register_shards(directory: URL, names: Sequence[str], *, opened: bool) -> Sequence[str]:
    """Lists shards in the directory that it does not know yet: open if `opened`, or if it knew none at all.

    directory: as the migrator. Answers those that were listed as closed.
    """
    engine = create_async_engine(directory, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(_ALONE)
            first = not (await connection.execute(_ANY)).scalar_one()
            is_open = opened or first
            added = [
                (await connection.execute(_REGISTER, {"name": name, "is_open": is_open})).scalar_one_or_none()
                for name in names
            ]
    finally:
        await engine.dispose()
    return [] if is_open else [name for name in added if name is not None]


async def has_users(url: URL) -> bool:
    """Whether a database holds users' data; as the migrator."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return bool((await connection.execute(_HAS_USERS)).scalar_one())
    finally:
        await engine.dispose()


_HAS_USERS = text("select exists (select from shard_users)")
_ALONE = text("select pg_advisory_xact_lock(7233, 4)")
_ANY = text("select exists (select from shards)")
_REGISTER = text("insert into shards (name, is_open) values (:name, :is_open) on conflict do nothing returning name")
