"""Where users live, and the doors to them: `user_tx` for a user's data, `system_tx` for what belongs to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import asyncpg
from cachetools import TTLCache
from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from artel.kit.errors import ArtelError, Unauthenticated, Unavailable
from artel.store.engine import PoolSizes, make_engine
from artel.store.tables import ShardInfo, User
from artel.store.tx import Opened, UserTx, transaction

_DIRECTORY_SECONDS = 30.0
_MOVE_TRIES = 100
_MOVE_PAUSE = 0.05


class StoreUnavailable(Unavailable):
    """The database does not answer right now. Nothing was lost; try again in a moment."""


class DirectoryMissing(ArtelError):
    """The first URL of DATABASE_URL must lead to the directory shard, and each shard may be named once."""

    slug = "directory-missing"


@dataclass(frozen=True, slots=True)
class UserEntry:
    """What the directory says of a user."""

    user_id: int
    email: str
    role: str
    locale: str
    shard: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Shard:
    """One database with the users that live there."""

    name: str
    engine: AsyncEngine


class Shards:
    """All shards of an installation and the directory of users, which stands on the first."""

    def __init__(self, urls: Sequence[URL], sizes: PoolSizes | None = None) -> None:
        """urls: as the app role; the first is the directory."""
        self._engines = [make_engine(url, sizes or PoolSizes()) for url in urls]
        self._shards: dict[str, Shard] = {}
        self._entries = TTLCache[int, UserEntry](maxsize=100_000, ttl=_DIRECTORY_SECONDS)

    async def start(self) -> None:
        """Asks every database for its own name.

        Raises:
            DirectoryMissing: the first is not the directory, or two have one name.
            StoreUnavailable: one does not answer.
        """
        for position, engine in enumerate(self._engines):
            async with _system(engine) as session:
                info = (await session.scalars(select(ShardInfo))).one()
            if info.is_directory != (position == 0) or info.name in self._shards:
                raise DirectoryMissing
            self._shards[info.name] = Shard(info.name, engine)

    async def stop(self) -> None:
        """Closes every connection."""
        for engine in self._engines:
            await engine.dispose()

    @property
    def by_name(self) -> Mapping[str, Shard]:
        """The shards; the directory's is first."""
        return self._shards

    @asynccontextmanager
    async def user_tx(self, user_id: int) -> AsyncGenerator[UserTx]:
        """The only door to a user's data: commits at the end, rolls back on an error, waits while the user moves.

        Raises:
            Unauthenticated: there is no such user.
            StoreUnavailable: the shard does not answer.
        """
        for attempt in range(_MOVE_TRIES):
            shard = self._shards[(await self.entry(user_id)).shard]
            with _outages(_LOST):
                async with _reached(shard.engine, _opening(user_id)) as (connection, driver, tag):
                    if tag == "SELECT 1":
                        tx = UserTx(user_id, connection, driver)
                        yield tx
                        await tx.close()
                        return
            self.forget(user_id)
            if attempt:
                await asyncio.sleep(_MOVE_PAUSE)
        raise StoreUnavailable("This account is being moved to another database. Try again in a moment.", retry_after=2)

    @asynccontextmanager
    async def system_tx(self) -> AsyncGenerator[AsyncSession]:
        """A transaction in the directory that sees every user's row of `users`, and no user's data."""
        async with _system(self._engines[0]) as session:
            yield session

    @asynccontextmanager
    async def shard_system_tx(self, shard: str) -> AsyncGenerator[AsyncSession]:
        """A transaction on one shard without a user: the workers' leases and the sweeper's questions."""
        async with _system(self._shards[shard].engine) as session:
            yield session

    async def entry(self, user_id: int) -> UserEntry:
        """What the directory says of a user; up to 30 s old unless forgotten.

        Raises:
            Unauthenticated: there is no such user.
        """
        known = self._entries.get(user_id)
        if known is not None:
            return known
        async with self.system_tx() as session:
            user = await session.get(User, user_id)
        if user is None:
            raise Unauthenticated
        found = UserEntry(user.id, user.email, user.role, user.locale, user.shard, user.is_active)
        self._entries[user_id] = found
        return found

    def forget(self, user_id: int) -> None:
        """Drops the cached entry: the user was disabled, moved or changed."""
        self._entries.pop(user_id, None)

    async def open_space(self, user_id: int, shard: str) -> None:
        """Makes the row on the shard that every other row of the user hangs on; harmless when repeated."""
        opening = f"begin; select set_config('app.user_id', '{int(user_id)}', true)"
        with _outages(_LOST):
            async with _reached(self._shards[shard].engine, opening) as (_connection, driver, _tag):
                await driver.execute("insert into shard_users (user_id) values ($1) on conflict do nothing", user_id)


def _opening(user_id: int) -> str:
    """BEGIN, the fence and the user in one round trip; its tag is "SELECT 1" if the user lives here and is not moving.

    The lock comes in a statement of its own, so the state is read in a snapshot taken after a move has let go.
    """
    user = int(user_id)
    return (
        f"begin; select pg_advisory_xact_lock_shared({user}); set local app.user_id = '{user}';"
        f" select 1 from shard_users where user_id = {user} and state = 'active'"
    )


@asynccontextmanager
async def _system(engine: AsyncEngine) -> AsyncGenerator[AsyncSession]:
    with _outages(_LOST):
        async with _reached(engine, "begin; set local app.system = 'on'") as (connection, _driver, _tag):
            session = AsyncSession(bind=connection, expire_on_commit=False)
            yield session
            await session.flush()
            await session.close()


@asynccontextmanager
async def _reached(engine: AsyncEngine, opening: str) -> AsyncGenerator[Opened]:
    """An open transaction. Only while it opens does any OSError mean the database: inside, it may be the caller's."""
    async with AsyncExitStack() as stack:
        with _outages(_UNREACHABLE):
            opened = await stack.enter_async_context(transaction(engine, opening))
        yield opened


@contextmanager
def _outages(kinds: tuple[type[BaseException], ...]) -> Generator[None]:
    """Turns "the database is not there" into an error that says so; other errors pass."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, kinds):
            raise StoreUnavailable(retry_after=2) from error
        raise
    except kinds as error:
        raise StoreUnavailable(retry_after=2) from error


_LOST = (
    PoolTimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
_UNREACHABLE = (*_LOST, OSError, TimeoutError, asyncpg.InterfaceError)
