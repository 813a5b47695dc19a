"""Streams of events that end because their right does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import pytest

from tests.support.isolation_http import Wire
from tests.support.live_http import StreamClient, open_stream

_AT_ONCE_SECONDS: Final = 8.0
"""Far below the guard's interval of 30 s, far above what a busy machine needs."""

at_both_processes = pytest.mark.parametrize("wire", [0, 1], ids=["same-process", "another-process"])
"""`wire` is the process that what ends a stream is said to."""


@asynccontextmanager
async def listening(wire: Wire, headers: Mapping[str, str]) -> AsyncGenerator[StreamClient]:
    """A stream that was granted, and has begun."""
    async with open_stream(wire.port, "/my/events/", dict(headers)) as stream:
        assert stream.status == 200
        await stream.block()
        yield stream


async def ended(stream: StreamClient) -> None:
    """It is at its end, or is soon."""
    async with asyncio.timeout(_AT_ONCE_SECONDS):
        await stream.rest()
