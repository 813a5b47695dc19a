"""What of a server's messages reaches the protocol's library.

That starts a task for each notification and each request it receives, and makes objects of every part of an answer,
twice: a list of ten thousand tools would hold up the whole process for a second.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Protocol, Self, cast

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from artel.tools.mcp.model import MAX_TOOLS
from artel.tools.mcp.wire.meter import Meter

MAX_LISTED: Final = MAX_TOOLS * 2
"""Tools of one page that are looked at."""
MAX_BLOCKS: Final = 200
"""Texts, pictures and other pieces of one tool's answer."""
_UNUSED: Final = ("icons", "annotations", "_meta", "outputSchema", "execution")

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
            elif isinstance(received.message, JSONRPCResponse):
                _make_lean(received.message.result)
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


def _make_lean(result: dict[str, Any]) -> None:
    """Takes out what is not used of an answer, and what is too much of it."""
    for name, most in (("tools", MAX_LISTED), ("content", MAX_BLOCKS)):
        if isinstance(result.get(name), list):
            result[name] = [_lean(each) for each in cast(list[object], result[name])[:most]]
    if "serverInfo" in result:
        result["serverInfo"] = _lean(result["serverInfo"])


def _lean(part: object) -> object:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in cast(dict[str, object], part).items() if name not in _UNUSED}
