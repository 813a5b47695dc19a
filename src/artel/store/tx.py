"""The transaction of one user, and how it is opened on a connection.

SQLAlchemy runs in autocommit here and we speak BEGIN and COMMIT ourselves: so the transaction, the fence against a
shard move and `app.user_id` cost one round trip together, and the ORM and hand-written SQL share one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import QueryContext

from artel.kit.errors import IsolationViolation
from artel.store.limits import NO_LIMITS, Limits
from artel.store.pool import Line, Pool
from artel.store.tables import Owned

OnViolation = Callable[[str], None]
"""Called with the name of the place where a second check caught foreign data."""

_ROLLBACK_SECONDS = 5.0


class Transaction:
    """An open transaction on a line of its own. Whoever began it ends it, whatever happens in between."""

    __slots__ = ("_is_over", "_pool", "line", "tag")

    def __init__(self, pool: Pool, line: Line, tag: str) -> None:
        self.line = line
        self.tag = tag
        """Of the last statement of the opening."""
        self._pool = pool
        self._is_over = False

    @classmethod
    async def begin(cls, pool: Pool, opening: str) -> Self:
        """Begins one by `opening`, SQL that starts with BEGIN.

        Raises:
            TimeoutError: the server hangs, or somebody else has held for long what the opening waits for.
        """
        transaction = cls(pool, await pool.take(), "")
        try:
            transaction.tag = await transaction.line.driver.execute(opening, timeout=pool.answer_seconds)
        except TimeoutError:
            # Nothing was done yet, and to ask for a rollback would mean to wait once more.
            await pool.discard(transaction.line)
            raise
        except BaseException:
            await transaction.end()
            raise
        return transaction

    async def commit(self) -> None:
        """Makes it last; `end` is still to come."""
        await self.line.driver.execute("commit")
        self._is_over = True

    async def end(self) -> None:
        """Rolls back what was not committed, and gives the line back.

        A line whose transaction cannot be ended for sure is thrown away: it would carry one user's identity on.
        """
        try:
            clean = self._is_over or await _rolled_back(self.line.driver)
        except asyncio.CancelledError:
            await self._pool.discard(self.line)
            raise
        if clean:
            await self._pool.give_back(self.line)
        else:
            await self._pool.discard(self.line)


@dataclass(frozen=True, slots=True)
class UserEntry:
    """What the directory says of a user."""

    user_id: int
    email: str
    role: str
    locale: str
    shard: str
    is_active: bool
    limits: Limits = NO_LIMITS
    """In force for the user."""


class UserTx:
    """One transaction in one user's space. Everything it reads and writes is that user's, or does not exist."""

    def __init__(self, entry: UserEntry, line: Line) -> None:
        self.user_id = entry.user_id
        self.entry = entry
        """What was known of the user when the transaction opened. To ask the directory inside it would take a second
        connection, and when everybody waits for a second one, nobody gets on."""
        self._connection = line.connection
        self._driver = line.driver
        self._session: AsyncSession | None = None

    @property
    def session(self) -> AsyncSession:
        """SQLAlchemy's view of this transaction. Flush what you add; commit and rollback are not yours."""
        if self._session is None:
            self._session = AsyncSession(
                bind=self._connection, expire_on_commit=False, info={"user_id": self.user_id}, autoflush=False
            )
        return self._session

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows of a statement with $1, $2 ... arguments. JSON columns arrive decoded; give JSON as text."""
        return await self._driver.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self._driver.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self._driver.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Runs a statement and answers PostgreSQL's command tag, such as "UPDATE 3"."""
        return await self._driver.execute(sql, *args)

    async def flush(self) -> None:
        """Sends what the session still holds; called by the door before it commits."""
        if self._session is not None:
            await self._session.flush()

    async def close(self) -> None:
        """Parts the session from the connection; called by the door in any case."""
        if self._session is not None:
            await self._session.close()


async def _rolled_back(driver: asyncpg.Connection) -> bool:
    """Ends the transaction, also of a task that is being cancelled; False when the connection is past saving."""
    if driver.is_closed():
        return False
    try:
        async with asyncio.timeout(_ROLLBACK_SECONDS):
            await driver.execute("rollback")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
        return False
    return not driver.is_in_transaction()


def check_owners(on_violation: OnViolation) -> Callable[[], None]:
    """Installs the second check: an ORM row of another user than its session's raises as it loads.

    Row-level security lets no such row through; this is what would tell us if it ever did. Answers a function that
    removes the check.
    """

    def check(row: Owned, context: QueryContext) -> None:
        if context.session.info.get("user_id") != row.user_id:
            on_violation(f"row of {row.__tablename__}")
            raise IsolationViolation

    event.listen(Owned, "load", check, propagate=True)
    return lambda: event.remove(Owned, "load", check)
