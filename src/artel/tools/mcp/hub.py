"""The one way from a process to its users' servers: who may go, and how many at once."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakValueDictionary

from artel.tools.mcp.model import McpFailure, Transport

if TYPE_CHECKING:
    from artel.tools.mcp.wire.wire import Wire

PER_USER: Final = 4
"""Conversations of one user at once."""
PER_PROCESS: Final = 64
WAIT_SECONDS: Final = 15.0

_WIRE_MODULE: Final = "artel.tools.mcp.wire.wire"


class McpHub:
    """One process's. allow_programs: administrators may have servers that are programs on this machine."""

    def __init__(
        self, *, allow_programs: bool = False, per_user: int = PER_USER, per_process: int = PER_PROCESS
    ) -> None:
        self.allow_programs = allow_programs
        self._per_user = per_user
        self._seats = asyncio.Semaphore(per_process)
        self._users: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._opening = asyncio.Lock()
        self._wire: Wire | None = None

    def may_use(self, transport: Transport, role: str) -> bool:
        """Whether a user of this role may have such a server."""
        return transport == "http" or (self.allow_programs and role == "admin")

    @asynccontextmanager
    async def wire(self, user_id: int) -> AsyncGenerator[Wire]:
        """A way to the user's servers, for one conversation.

        Raises:
            McpFailure: too many are under way.
        """
        own = self._users.get(user_id)
        if own is None:
            own = self._users[user_id] = asyncio.Semaphore(self._per_user)
        # The user's own first: who has many under way waits for these, and not in everybody's way.
        async with _seat(own), _seat(self._seats):
            yield await self._open()

    async def _open(self) -> Wire:
        async with self._opening:
            if self._wire is None:
                # The protocol's library takes half a second to import: not at the start, which few need it for.
                module = await asyncio.to_thread(importlib.import_module, _WIRE_MODULE)
                self._wire = cast("Wire", await asyncio.to_thread(module.Wire))
        return self._wire


@asynccontextmanager
async def _seat(seats: asyncio.Semaphore) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await seats.acquire()
    except TimeoutError as error:
        raise McpFailure("busy", "Too many calls to MCP servers are under way. Try again in a moment.") from error
    try:
        yield
    finally:
        seats.release()
