"""Where users live, and the doors to them: `user_tx` for a user's data, `system_tx` for what belongs to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType

import asyncpg
import structlog
from cachetools import TTLCache
from sqlalchemy import bindparam, select, true
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from artel.kit.errors import ArtelError, Unauthenticated, Unavailable
from artel.store.engine import PoolSizes, make_engine
from artel.store.limits import NO_LIMITS, Limits
from artel.store.limits_tables import ServerSettings
from artel.store.phases import check_schema, known_history
from artel.store.pool import Pool, PoolExhausted
from artel.store.restoring import RestoreUnfinished, is_mark
from artel.store.tables import ShardInfo, User
from artel.store.tx import Transaction, UserEntry, UserTx

_log = structlog.get_logger("artel.store")

_DIRECTORY_SECONDS = 30.0
_MOVE_SECONDS = 20.0
"""So long a call waits for its user's move; as long as a dead mover's lease."""
_MOVE_PAUSE = 0.02
_LONGEST_MOVE_PAUSE = 0.25


class StoreUnavailable(Unavailable):
    """The database does not answer right now. Nothing was lost; try again in a moment."""


class ShardUnknown(StoreUnavailable):
    """This account lives in a database that this server was not told of yet. Try again in a moment."""


class DirectoryMissing(ArtelError):
    """The first URL of DATABASE_URL must lead to the directory shard, and each shard may be named once."""

    slug = "directory-missing"


@dataclass(frozen=True, slots=True)
class Shard:
    """One database with the users that live there."""

    name: str
    pool: Pool


class Shards:
    """All shards of an installation and the directory of users, which stands on the first."""

    def __init__(
        self,
        urls: Sequence[URL],
        sizes: PoolSizes | None = None,
        other_passwords: Sequence[str] = (),
        limits: Limits = NO_LIMITS,
    ) -> None:
        """urls: as the app role; the first is the directory. other_passwords: of that role, see `make_engine`.
        limits: of users for whom nothing else is stored."""
        self._limits = limits
        self._pools = [Pool(make_engine(url, other_passwords), sizes or PoolSizes()) for url in urls]
        self._shards: dict[str, Shard] = {}
        self._entries = TTLCache[int, UserEntry](maxsize=100_000, ttl=_DIRECTORY_SECONDS)

    async def start(self) -> None:
        """Asks every database for its own name.

        Raises:
            DirectoryMissing: the first is not the directory, or two have one name.
            SchemaTooOld, SchemaTooNew: the schema of one does not fit this code.
            RestoreUnfinished: one is being restored.
            StoreUnavailable: one does not answer.
        """
        self._shards.clear()
        history = known_history()
        for position, pool in enumerate(self._pools):
            async with _system(pool) as session:
                await check_schema(session, history)
                info = (await session.scalars(select(ShardInfo))).one()
            if is_mark(info.name):
                raise RestoreUnfinished
            if info.is_directory != (position == 0) or info.name in self._shards:
                raise DirectoryMissing
            self._shards[info.name] = Shard(info.name, pool)

    async def stop(self) -> None:
        """Closes every connection."""
        for pool in self._pools:
            await pool.aclose()

    @property
    def by_name(self) -> Mapping[str, Shard]:
        """The shards; the directory's is first."""
        return self._shards

    def user_tx(self, user_id: int) -> AbstractAsyncContextManager[UserTx]:
        """The only door to a user's data: commits at the end, rolls back on an error, waits while the user moves.

        Raises:
            Unauthenticated: there is no such user.
            StoreUnavailable: the shard does not answer, is not known here, or the user's move takes too long.
        """
        return _UserDoor(self, user_id)

    def snapshot_tx(self, user_id: int) -> AbstractAsyncContextManager[UserTx]:
        """The same for reading alone: everything as it stood when the transaction began. Keep it short.

        Raises:
            Unauthenticated, StoreUnavailable: as `user_tx`.
        """
        return _UserDoor(self, user_id, "begin isolation level repeatable read, read only")

    @asynccontextmanager
    async def leaving_tx(self, user_id: int, shard: str) -> AsyncGenerator[UserTx]:
        """What is left on a shard of a user whom the directory no longer knows, to remove it. Waits for all other
        transactions of that user, and they for it.

        Raises:
            StoreUnavailable: the shard does not answer.
        """
        opening = f"begin; select pg_advisory_xact_lock({int(user_id)}); set local app.user_id = '{int(user_id)}'"
        async with _raw(self._shards[shard].pool, opening) as transaction:
            yield UserTx(UserEntry(user_id, "", "user", "en", shard, is_active=False), transaction.line)

    def home(self, entry: UserEntry) -> Shard:
        """The shard that the directory names.

        Raises:
            ShardUnknown: it is not in this process's DATABASE_URL, which is older than the directory.
        """
        shard = self._shards.get(entry.shard)
        if shard is None:
            # It may have been moved back, or this process been restarted, when the caller comes again.
            self.forget(entry.user_id)
            _log.warning("shard_unknown", shard=entry.shard, user_id=entry.user_id)
            raise ShardUnknown(retry_after=5)
        return shard

    @asynccontextmanager
    async def system_tx(self) -> AsyncGenerator[AsyncSession]:
        """A transaction in the directory that sees every user's row of `users`, and no user's data."""
        async with _system(self._pools[0]) as session:
            yield session

    @asynccontextmanager
    async def shard_system_tx(self, shard: str) -> AsyncGenerator[AsyncSession]:
        """A transaction on one shard without a user: the workers' leases and the sweeper's questions."""
        async with _system(self._shards[shard].pool) as session:
            yield session

    @asynccontextmanager
    async def mover_tx(self, shard: str, user_id: int, *, snapshot: bool = False) -> AsyncGenerator[asyncpg.Connection]:
        """A transaction in one user's space on a shard, past the fence: only `store.moves` may use it.

        snapshot: every statement sees the same moment. Values are written as texts alike on every server. A migration
        waits for its end.

        Raises:
            asyncpg.LockNotAvailableError: somebody has held for seconds what was asked for.
        """
        isolation = " isolation level repeatable read" if snapshot else ""
        opening = f"begin{isolation}; set local app.user_id = '{int(user_id)}'; {_MOVERS_WAY}"
        async with _raw(self._shards[shard].pool, opening) as transaction:
            yield transaction.line.driver

    async def entry(self, user_id: int) -> UserEntry:
        """What the directory says of a user; up to 30 s old unless forgotten.

        Raises:
            Unauthenticated: there is no such user.
        """
        known = self._entries.get(user_id)
        if known is not None:
            return known
        async with self.system_tx() as session:
            row = (await session.execute(_ENTRY, {"user_id": user_id})).one_or_none()
        if row is None:
            raise Unauthenticated
        limits = self._limits.over(row.everybodys or {}, row.limits)
        found = UserEntry(user_id, row.email, row.role, row.locale, row.shard, row.is_active, limits)
        self._entries[user_id] = found
        return found

    def forget(self, user_id: int) -> None:
        """Drops the cached entry: the user was disabled, moved or changed."""
        self._entries.pop(user_id, None)

    def forget_all(self) -> None:
        """Drops every cached entry: what holds for everybody was changed."""
        self._entries.clear()

    @property
    def usual_limits(self) -> Limits:
        """Of users for whom nothing else is stored."""
        return self._limits

    async def open_space(self, user_id: int, shard: str) -> None:
        """Makes the row on the shard that every other row of the user hangs on; harmless when repeated."""
        opening = f"begin; select set_config('app.user_id', '{int(user_id)}', true)"
        async with _raw(self._shards[shard].pool, opening) as transaction:
            await transaction.line.driver.execute(
                "insert into shard_users (user_id) values ($1) on conflict do nothing", user_id
            )


_ENTRY = (
    select(User.email, User.role, User.locale, User.shard, User.is_active, User.limits)
    .add_columns(ServerSettings.limits.label("everybodys"))
    .outerjoin(ServerSettings, true())
    .where(User.id == bindparam("user_id"))
)


class _UserDoor(AbstractAsyncContextManager[UserTx]):
    """What `user_tx` answers. A class, because every request and every task goes through it several times."""

    __slots__ = ("_begin", "_pool", "_shards", "_transaction", "_tx", "_user_id")

    def __init__(self, shards: Shards, user_id: int, begin: str = "begin") -> None:
        self._shards = shards
        self._user_id = user_id
        self._begin = begin

    async def __aenter__(self) -> UserTx:
        shards, user_id = self._shards, self._user_id
        until = asyncio.get_running_loop().time() + _MOVE_SECONDS
        pause = 0.0
        while True:
            entry = await shards.entry(user_id)
            shard = shards.home(entry)
            self._pool = shard.pool
            self._transaction = transaction = await _begin(shard.pool, _opening(user_id, self._begin))
            if transaction.tag == "SELECT 1":
                self._tx = UserTx(entry, transaction.line)
                return self._tx
            await transaction.end()
            shards.forget(user_id)
            if asyncio.get_running_loop().time() > until:
                raise StoreUnavailable(
                    "This account is being moved to another database. Try again in a moment.",
                    reason="being-moved",
                    retry_after=2,
                )
            # The first time only the remembered directory may have been wrong.
            await asyncio.sleep(pause)
            pause = min(_LONGEST_MOVE_PAUSE, max(_MOVE_PAUSE, 2 * pause))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lost = _LOST
        try:
            try:
                if error is None:
                    await self._tx.flush()
                    await self._transaction.commit()
            finally:
                if self._transaction.line.driver.is_closed():
                    lost = _CLOSED
                await self._tx.close()
                await self._transaction.end()
        except Exception as late:
            _raise_if_outage(late, lost, self._pool)
            raise
        if error is not None:
            _raise_if_outage(error, lost, self._pool)


_MOVERS_WAY = (
    "set local lock_timeout = '3s'; set local timezone = 'UTC'; set local datestyle = 'ISO, YMD';"
    " set local intervalstyle = 'postgres'; set local bytea_output = 'hex'; set local extra_float_digits = 1;"
    " select pg_advisory_xact_lock_shared(7233, 2)"
)
"""The lock is the one of `store.migrate`."""


def _opening(user_id: int, begin: str) -> str:
    """BEGIN, the fence and the user in one round trip; its tag is "SELECT 1" if the user lives here and is not moving.

    The lock comes in a statement of its own, so the state is read in a snapshot taken after a move has let go.
    """
    user = int(user_id)
    return (
        f"{begin}; select pg_advisory_xact_lock_shared({user}); set local app.user_id = '{user}';"
        f" select 1 from shard_users where user_id = {user} and state = 'active'"
    )


@asynccontextmanager
async def _system(pool: Pool) -> AsyncGenerator[AsyncSession]:
    async with _raw(pool, "begin; set local app.system = 'on'") as transaction:
        session = AsyncSession(bind=transaction.line.connection, expire_on_commit=False)
        try:
            yield session
            await session.flush()
        finally:
            await session.close()


@asynccontextmanager
async def _raw(pool: Pool, opening: str) -> AsyncGenerator[Transaction]:
    transaction = await _begin(pool, opening)
    try:
        try:
            yield transaction
            await transaction.commit()
        finally:
            await transaction.end()
    except Exception as error:
        _raise_if_outage(error, _LOST, pool)
        raise


async def _begin(pool: Pool, opening: str) -> Transaction:
    """An open transaction. Only while it opens does any OSError mean the database: inside, it may be the caller's."""
    try:
        return await Transaction.begin(pool, opening)
    except Exception as error:
        _raise_if_outage(error, _UNREACHABLE, pool)
        raise


def _raise_if_outage(error: BaseException, kinds: tuple[type[Exception], ...], pool: Pool) -> None:
    """Turns "the database is not there" into an error that says so, and counts it; other errors pass."""
    cause = error
    if isinstance(error, DBAPIError):
        # SQLAlchemy's adapter wraps what the driver says in an error of its own.
        cause = error.orig.__cause__ if error.orig is not None else None
    if isinstance(cause, kinds) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        pool.figures.failures += 1
        raise StoreUnavailable(retry_after=2) from error


_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    # On a connection that heard the server's last word, but not yet the end of the line.
    asyncpg.InternalClientError,
)
_CLOSED = (*_LOST, asyncpg.InterfaceError)
"""On a connection that broke between two statements the driver speaks of a wrong use of it."""
_UNREACHABLE = (*_CLOSED, PoolExhausted, OSError, TimeoutError)
