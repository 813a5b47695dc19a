"""What a server sends unasked, kept away from the protocol's library.

That starts a task for each notification and each request it receives, however many there are.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, JSONRPCRequest

from artel.tools.mcp.wire.meter import Meter

Received = SessionMessage | Exception


class Incoming(Protocol):
    """The receiving end of a transport, as far as it is used here."""

    async def receive(self) -> Received:
        """The next message. Raises anyio.EndOfStream after the last."""
        ...

    async def aclose(self) -> None:
        """Wants no more."""
        ...


class Sieve:
    """A receiving end without notifications, and with few requests; the session refuses those."""

    def __init__(self, incoming: Incoming, meter: Meter) -> None:
        self._incoming = incoming
        self._meter = meter

    async def receive(self) -> Received:
        """The next message that means something to us.

        Raises:
            McpFailure: too many came that do not.
            anyio.EndOfStream: there are no more.
        """
        while True:
            received = await self._incoming.receive()
            if isinstance(received, Exception) or isinstance(received.message, JSONRPCNotification):
                self._meter.notice()
                continue
            if isinstance(received.message, JSONRPCRequest):
                self._meter.demand()
            return received

    async def aclose(self) -> None:
        """Wants no more."""
        await self._incoming.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Received:
        try:
            return await self.receive()
        except anyio.EndOfStream as end:
            raise StopAsyncIteration from end

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
