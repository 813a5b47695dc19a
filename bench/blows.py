"""What can be done to a process from outside: kill it, freeze it, make it slow."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

_SLOW_ROUND_SECONDS = 0.1
_SLOW_SHARE = 0.8
_LOOK_EVERY = 5


def send(pid: int, number: signal.Signals) -> None:
    """A signal, if there is still somebody to take it."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def family(pid: int) -> list[int]:
    """A process and those it started: PostgreSQL answers in a child for each connection."""
    with suppress(psutil.NoSuchProcess):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return []


async def freeze(pids: Sequence[int], seconds: float) -> None:
    """Stops processes and their families for a while."""
    everyone = [each for pid in pids for each in family(pid)]
    try:
        for each in everyone:
            send(each, signal.SIGSTOP)
        await asyncio.sleep(seconds)
    finally:
        for each in everyone:
            send(each, signal.SIGCONT)


async def slow(pids: Sequence[int], seconds: float) -> None:
    """Lets processes and their families run for a fifth of the time only, 20 of every 100 ms."""
    end = time.monotonic() + seconds
    everyone: list[int] = []
    turn = 0
    while time.monotonic() < end:
        if turn % _LOOK_EVERY == 0:  # connections come and go; looking for them each time would slow everybody
            everyone = [each for pid in pids for each in family(pid)]
        turn += 1
        try:
            for each in everyone:
                send(each, signal.SIGSTOP)
            await asyncio.sleep(_SLOW_ROUND_SECONDS * _SLOW_SHARE)
        finally:
            for each in everyone:
                send(each, signal.SIGCONT)
        await asyncio.sleep(_SLOW_ROUND_SECONDS * (1 - _SLOW_SHARE))
