"""Thousands of clients of an event stream in one process: raw sockets that note when each event came."""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from artel.events.types import TasksProgress

_STEP = re.compile(rb'"completed":(\d+),"total":(\d+)')
_AT_ONCE = 100
"""Connections that are being opened at a time."""
_RETRY_S = 0.5
_LONGEST_STEP = 64


def stamped(number: int) -> TasksProgress:
    """An event that tells its number and the moment it was made (nanoseconds of the machine's monotonic clock)."""
    return TasksProgress(completed=number, total=time.perf_counter_ns())


@dataclass
class Record:
    """What all listeners saw together."""

    listening: int = 0
    refused: int = 0
    """Answers other than a stream; the client tries again, as a browser does."""
    lost: int = 0
    """Connections that the server ended."""
    disorder: int = 0
    """Events that came out of turn, twice, or after a gap."""
    delays_ns: array[int] = field(default_factory=lambda: array("q"))
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Listener(asyncio.Protocol):
    """One open event stream."""

    __slots__ = ("_next", "_record", "_request", "_rest", "_transport", "answered")

    def __init__(self, request: bytes, record: Record) -> None:
        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether the answer is an event stream."""
        self._request = request
        self._record = record
        self._next = -1
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        # uvloop's transports do not derive from asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Notes the events in it; the first bytes are the answer's head."""
        now = time.perf_counter_ns()
        record = self._record
        if self._next < 0:
            if not self._begin(data):
                return
            self._next = 0
        text = self._rest + data
        end = 0
        for step in _STEP.finditer(text):
            end = step.end()
            if int(step[1]) != self._next:
                record.disorder += 1
            self._next = int(step[1]) + 1
            record.delays_ns.append(now - int(step[2]))
        self._rest = text[max(end, len(text) - _LONGEST_STEP) :]
        record.changed.set()

    def _begin(self, head: bytes) -> bool:
        is_stream = b"text/event-stream" in head.lower()
        if is_stream:
            self._record.listening += 1
        else:
            self._record.refused += 1
        if not self.answered.done():
            self.answered.set_result(is_stream)
        return is_stream

    def connection_lost(self, exc: Exception | None) -> None:
        """Counts it, unless we left ourselves."""
        if not self._transport.is_closing():
            self._record.lost += 1
        self._record.changed.set()

    def close(self) -> None:
        """Leaves."""
        self._transport.close()


@dataclass
class Audience:
    """Listeners of some users, and what they saw."""

    record: Record = field(default_factory=Record)
    listeners: list[Listener] = field(default_factory=list[Listener])

    async def gather(self, address: str, tokens: list[str]) -> None:
        """Opens one more stream for each token; returns when all are open."""
        host, _, port = address.removeprefix("http://").partition(":")
        loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)

        async def open_one(token: str) -> None:
            request = f"GET /my/events/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            async with gate:
                while True:
                    _, listener = await loop.create_connection(lambda: Listener(request, self.record), host, int(port))
                    if await listener.answered:
                        break
                    listener.close()
                    await asyncio.sleep(_RETRY_S)
            self.listeners.append(listener)

        await asyncio.gather(*(open_one(token) for token in tokens))

    async def until(self, enough: Callable[[Record], bool], seconds: float = 60.0) -> bool:
        """Waits until the record shows something; answers whether it did in time."""
        deadline = time.monotonic() + seconds
        while not enough(self.record):
            self.record.changed.clear()
            try:
                async with asyncio.timeout(max(0.01, deadline - time.monotonic())):
                    await self.record.changed.wait()
            except TimeoutError:
                return False
        return True

    def leave(self) -> None:
        """Closes every stream."""
        for listener in self.listeners:
            listener.close()
