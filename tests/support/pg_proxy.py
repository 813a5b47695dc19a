"""A wire between a process and its PostgreSQL that a test can cut, or make slow, at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.engine import URL

from artel.store.embedded import PostgresEndpoint
from artel.store.engine import PoolSizes
from artel.store.shards import Shards

_COMMITTED = b"COMMIT\x00"
"""In the message by which PostgreSQL says that a transaction was committed."""


@dataclass
class Trap:
    """Waits for a transaction that carries `marker`, and acts when PostgreSQL says that it is committed."""

    marker: bytes
    action: Literal["hold", "cut"]
    sprung: asyncio.Event = field(default_factory=asyncio.Event)
    """The transaction is committed; its client does not know."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to let a held word of the commit go on."""


@dataclass
class PostgresProxy:
    """Passes bytes on between clients and one PostgreSQL."""

    port: int
    traps: list[Trap] = field(default_factory=list[Trap])
    is_down: bool = False
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared, nothing gets through and nobody is told: a cable was pulled."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def trap(self, marker: str | bytes, action: Literal["hold", "cut"]) -> Trap:
        """For the next transaction whose statements carry the marker among their values."""
        trap = Trap(marker.encode() if isinstance(marker, str) else marker, action)
        self.traps.append(trap)
        return trap

    def go_down(self) -> None:
        """Cuts every connection and takes no new one."""
        self.is_down = True
        for writer in self._writers:
            writer.transport.abort()

    def come_up(self) -> None:
        """Takes connections again."""
        self.is_down = False

    def url(self, direct: URL) -> URL:
        """The same database as `direct`, through here."""
        return direct.set(host="127.0.0.1", port=self.port, query={})

    async def serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter, target: int) -> None:
        """One connection, until either side ends it."""
        if self.is_down:
            to_client.transport.abort()
            return
        server, to_server = await asyncio.open_connection("127.0.0.1", target)
        self._writers |= {to_client, to_server}
        caught: list[Trap] = []
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._up(client, to_server, caught))
                pumps.create_task(self._down(server, to_client, caught))
        except* (OSError, EOFError):
            pass
        finally:
            self._writers -= {to_client, to_server}
            for writer in (to_client, to_server):
                writer.transport.abort()

    async def _up(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, caught: list[Trap]) -> None:
        while chunk := await client.read(65536):
            await self.flows.wait()
            for trap in [trap for trap in self.traps if trap.marker in chunk]:
                self.traps.remove(trap)
                caught.append(trap)
            to_server.write(chunk)
            await to_server.drain()
        raise EOFError

    async def _down(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, caught: list[Trap]) -> None:
        while chunk := await server.read(65536):
            if caught and _COMMITTED in chunk:
                trap = caught.pop()
                trap.sprung.set()
                if trap.action == "cut":
                    raise EOFError
                await trap.released.wait()
            to_client.write(chunk)
            await to_client.drain()
        raise EOFError


@asynccontextmanager
async def postgres_proxy(postgres: PostgresEndpoint) -> AsyncGenerator[PostgresProxy]:
    """A proxy before a running PostgreSQL."""
    server = await asyncio.start_server(lambda r, w: proxy.serve(r, w, postgres.port), "127.0.0.1")
    proxy = PostgresProxy(server.sockets[0].getsockname()[1])
    proxy.flows.set()
    try:
        yield proxy
    finally:
        proxy.go_down()
        server.close()
        with suppress(OSError):
            await server.wait_closed()


@asynccontextmanager
async def shards_of(*urls: URL, answer_seconds: float = 5.0) -> AsyncGenerator[Shards]:
    """The stores of one more process, with few connections."""
    shards = Shards(urls, PoolSizes(kept=4, extra=4, wait_seconds=5, answer_seconds=answer_seconds))
    await shards.start()
    try:
        yield shards
    finally:
        await shards.stop()


@asynccontextmanager
async def shards_through(proxy: PostgresProxy, direct: URL) -> AsyncGenerator[Shards]:
    """The stores of a process that reaches its only shard through the proxy."""
    async with shards_of(proxy.url(direct)) as shards:
        yield shards
