"""Starts confined processes, one for each payload, and brings their answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from artel.kit.confined.child import OUT_OF_MEMORY
from artel.kit.confined.limits import Limits

CHILD: Final = ("-m", "artel.kit.confined.child")
_PIECE: Final = 1 << 16
_AT_ONCE: Final = max(2, os.cpu_count() or 2)
_OUT_OF_MEMORY: Final = (OUT_OF_MEMORY, -signal.SIGABRT)
_OUT_OF_TIME: Final = (-signal.SIGXCPU, -signal.SIGALRM)

Reason = Literal["time", "memory", "size", "failed"]


class Ended(Exception):
    """A confined process ended without an answer: it took too long, wanted too much memory, answered too much, or
    failed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(slots=True)
class Confined:
    """Runs a program (a module, see `child`) on payloads; more than `at_once` wait for each other."""

    program: str
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    at_once: int = _AT_ONCE
    child: Sequence[str] = CHILD
    """What Python is told to begin with."""
    _room: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.at_once)

    async def run(self, payload: bytes) -> bytes:
        """The program's answer, from a process of its own. When this is cancelled the process is killed.

        Raises:
            Ended: there is none.
        """
        async with self._room:
            process = await self._start()
            giving = asyncio.create_task(_give(process, payload))
            try:
                async with asyncio.timeout(self.limits.seconds):
                    answer = await self._take(process)
                    status = await process.wait()
            except TimeoutError:
                raise Ended("time") from None
            finally:
                giving.cancel()
                await _kill(process)
                await asyncio.wait([giving])
        if status == 0:
            return answer
        raise Ended("memory" if status in _OUT_OF_MEMORY else "time" if status in _OUT_OF_TIME else "failed")

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", *self.child, self.program, str(os.getpid()), self.limits.dump()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may hold what somebody's page or program says
            env=dict(self.environment),
            cwd="/",
            start_new_session=True,
        )

    async def _take(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None
        answer = bytearray()
        while piece := await process.stdout.read(_PIECE):
            answer += piece
            if len(answer) > self.limits.answer:
                raise Ended("size")
        return bytes(answer)


async def _give(process: asyncio.subprocess.Process, payload: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):  # it ended before it had read all
        process.stdin.write(payload)
        await process.stdin.drain()
    with contextlib.suppress(ConnectionError):
        process.stdin.close()
        await process.stdin.wait_closed()


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Ends the process and what it has started, however the run went."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # A reader that is full reads no further: it would never come to the end of its pipe, and `wait` not to its own.
    assert process.stdout is not None
    while await process.stdout.read(_PIECE):
        pass
    await process.wait()
