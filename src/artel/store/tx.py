"""The transaction of one user, and how it is opened on a connection.

SQLAlchemy runs in autocommit here and we speak BEGIN and COMMIT ourselves: so the transaction, the fence against a
shard move and `app.user_id` cost one round trip together, and the ORM and hand-written SQL share one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import QueryContext

from artel.kit.errors import IsolationViolation
from artel.store.tables import Owned

OnViolation = Callable[[str], None]
"""Called with the name of the place where a second check caught foreign data."""

Opened = tuple[AsyncConnection, asyncpg.Connection, str]
"""An open transaction: SQLAlchemy's connection, the driver's below it, and the tag of the opening's last statement."""

_ROLLBACK_SECONDS = 5.0


class UserTx:
    """One transaction in one user's space. Everything it reads and writes is that user's, or does not exist."""

    def __init__(self, user_id: int, connection: AsyncConnection, driver: asyncpg.Connection) -> None:
        self.user_id = user_id
        self._connection = connection
        self._driver = driver
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

    async def close(self) -> None:
        """Sends what the session still holds; called by the door before it commits."""
        if self._session is not None:
            await self._session.flush()
            await self._session.close()


@asynccontextmanager
async def transaction(engine: AsyncEngine, opening: str) -> AsyncGenerator[Opened]:
    """A transaction opened by `opening` (SQL that starts with BEGIN); answers the tag of its last statement too.

    A connection whose transaction cannot be ended for sure is thrown away: it would carry one user's identity on.
    """
    async with engine.connect() as connection:
        driver: asyncpg.Connection = (await connection.get_raw_connection()).driver_connection  # type: ignore[assignment]
        ended = False
        try:
            tag = await driver.execute(opening)
            yield connection, driver, tag
            await driver.execute("commit")
            ended = True
        finally:
            if not ended and not await _rolled_back(driver):
                await connection.invalidate()


async def _rolled_back(driver: asyncpg.Connection) -> bool:
    """Ends the transaction even while the task is being cancelled; False when the connection is past saving."""
    if driver.is_closed():
        return False
    try:
        async with asyncio.timeout(_ROLLBACK_SECONDS):
            await driver.execute("rollback")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, asyncio.CancelledError):
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
