"""The open connections of one process to one shard.

SQLAlchemy's own pool runs in a greenlet, and taking a connection from it and giving it back costs as much as a whole
short transaction. Here both are a look into a list; SQLAlchemy makes and closes the connections.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from artel.store.engine import PoolSizes


@dataclass(slots=True)
class PoolFigures:
    """What a pool counted since it was made; times in seconds."""

    waits: int = 0
    """Borrowers for whom no line was free at once."""
    waited_seconds: float = 0.0
    exhausted: int = 0
    """Those of them who gave up."""
    failures: int = 0
    """Transactions that the database did not answer, or did not bring to an end."""


class PoolExhausted(Exception):
    """Every connection is in use, and none came back in time."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One connection: SQLAlchemy's view of it, and the driver's below."""

    connection: AsyncConnection
    driver: asyncpg.Connection


class Pool:
    """Lends each line to one borrower at a time, the one used last first. Belongs to one event loop."""

    def __init__(self, engine: AsyncEngine, sizes: PoolSizes) -> None:
        """engine: without a pool of its own."""
        self._engine = engine
        self._sizes = sizes
        self._idle: list[Line] = []
        self._open = 0
        """Lines that are idle, lent or being made."""
        self._waiting: deque[asyncio.Future[Line | None]] = deque()
        self._closed = False
        self.figures = PoolFigures()

    @property
    def lent(self) -> int:
        """Lines in use, or being made."""
        return self._open - len(self._idle)

    @property
    def most(self) -> int:
        """So many lines at once, and no more."""
        return self._sizes.kept + self._sizes.extra

    @property
    def answer_seconds(self) -> float:
        """How long a server may take to open a transaction."""
        return self._sizes.answer_seconds

    async def take(self) -> Line:
        """A line; it must be given back or discarded.

        Raises:
            PoolExhausted: none was free in time.
            OSError, asyncpg.PostgresError, sqlalchemy.exc.DBAPIError: a new one could not be made.
        """
        while True:
            if self._idle:
                line = self._idle.pop()
                if not line.driver.is_closed():
                    return line
                await self.discard(line)
            elif self._open < self.most:
                return await self._connect()
            elif (line := await self._turn()) is not None:
                return line

    async def give_back(self, line: Line) -> None:
        """The borrower left the line as it found it: no transaction, no session."""
        if not self._pass_on(line):
            if self._closed or len(self._idle) >= self._sizes.kept:
                await self._hang_up(line)
            else:
                self._idle.append(line)

    async def discard(self, line: Line) -> None:
        """Throws a line away that may be in any state."""
        line.driver.terminate()
        await line.connection.invalidate()
        await self._hang_up(line)

    async def aclose(self) -> None:
        """Closes what is idle now, and what is lent when it comes back."""
        self._closed = True
        while self._idle:
            await self._hang_up(self._idle.pop())
        await self._engine.dispose()

    async def _connect(self) -> Line:
        self._open += 1
        try:
            connection = await self._engine.connect()
        except BaseException:
            self._gone()
            raise
        assert connection.sync_connection is not None
        return Line(connection, cast("asyncpg.Connection", connection.sync_connection.connection.driver_connection))

    async def _turn(self) -> Line | None:
        """Waits in line for a line; None means that there may be room for a new one."""
        turn: asyncio.Future[Line | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self.figures.waits += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._sizes.wait_seconds):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # It came in the very moment in which its borrower gave up.
                await self._return(turn.result())
            if isinstance(error, TimeoutError):
                self.figures.exhausted += 1
                raise PoolExhausted from error
            raise
        finally:
            self.figures.waited_seconds += time.monotonic() - began

    async def _return(self, line: Line | None) -> None:
        if line is not None:
            await self.give_back(line)
        else:
            self._pass_on(None)

    def _pass_on(self, line: Line | None) -> bool:
        """Gives a line, or the room for one, to who waits longest; False when nobody does."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(line)
                return True
        return False

    async def _hang_up(self, line: Line) -> None:
        try:
            await line.connection.close()
        finally:
            self._gone()

    def _gone(self) -> None:
        self._open -= 1
        self._pass_on(None)
