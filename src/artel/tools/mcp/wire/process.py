"""A server that is a program on this machine: started for one conversation, and gone with all it started.

The protocol's own way to run one reads lines of any length. Here a line has a limit, the program sees nothing of our
environment, and its whole process group is killed at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from artel.tools.mcp.model import McpFailure
from artel.tools.mcp.wire.meter import MAX_BYTES, Meter
from artel.tools.mcp.wire.sieve import Received

_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
"""What programs need to run at all. Nothing of ours is among it: our keys stand in our environment."""
_END_SECONDS: Final = 1.0
"""For a program to end by itself once its input is closed."""
_POLL_SECONDS: Final = 0.02
_TAIL: Final = 500
"""Characters of its complaints that are shown."""

Streams = tuple[MemoryObjectReceiveStream[Received], MemoryObjectSendStream[SessionMessage]]


@asynccontextmanager
async def run_program(command: Sequence[str], environment: Mapping[str, str], meter: Meter) -> AsyncGenerator[Streams]:
    """The program's messages, and a way to send it some.

    Raises:
        McpFailure: it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(environment),
            cwd=tempfile.gettempdir(),
            start_new_session=True,
            limit=MAX_BYTES,
        )
    except (OSError, ValueError) as error:
        raise meter.end(McpFailure("not_started", f"The program could not be started: {error}.")) from error
    arrived, incoming = anyio.create_memory_object_stream[Received](0)
    outgoing, to_send = anyio.create_memory_object_stream[SessionMessage](0)
    talk = _Talk(process, meter)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(talk.hear, arrived)
            tasks.start_soon(talk.speak, to_send)
            tasks.start_soon(talk.overhear)
            yield incoming, outgoing
            tasks.cancel_scope.cancel()
    finally:
        for stream in (arrived, incoming, outgoing, to_send):
            stream.close()
        await _end(process)


class _Talk:
    """Between a program and the two streams."""

    def __init__(self, process: asyncio.subprocess.Process, meter: Meter) -> None:
        self._process = process
        self._meter = meter
        self._complaints = ""
        self._complained = anyio.Event()

    async def hear(self, arrived: MemoryObjectSendStream[Received]) -> None:
        """Passes on what it says, a message a line, until it stops."""
        assert self._process.stdout is not None
        async with arrived:
            while line := await self._line(self._process.stdout):
                self._meter.take(line)
                if line.strip():
                    await arrived.send(_message(line))
            with anyio.move_on_after(_END_SECONDS):
                # What it complained of at its end may come a moment later.
                await self._complained.wait()
            tail = f" It last wrote: {self._complaints}" if self._complaints else ""
            self._meter.hint = McpFailure("ended", f"The program ended before it had answered.{tail}")

    async def _line(self, stdout: asyncio.StreamReader) -> bytes:
        try:
            return await stdout.readline()
        except ValueError as error:
            failure = McpFailure("too_large", "The server answered with more than is allowed.")
            raise self._meter.end(failure) from error

    async def speak(self, to_send: MemoryObjectReceiveStream[SessionMessage]) -> None:
        """Tells it what is to be told, until it listens no more."""
        stdin = self._process.stdin
        assert stdin is not None
        async with to_send:
            async for sent in to_send:
                text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                try:
                    stdin.write(f"{text}\n".encode())
                    await stdin.drain()
                except OSError:
                    return

    async def overhear(self) -> None:
        """Keeps the end of what it complains of, and so its pipe from filling up."""
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            heard = self._complaints + chunk.decode(errors="replace")
            self._complaints = heard[-_TAIL:]
        self._complained.set()


def _message(line: bytes) -> Received:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | dict(own)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the program and everything in its group, a second after it was asked to end by itself."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await _until_ended(process)
    finally:
        # Also when we are being cancelled.
        _kill_group(process.pid)
    await _until_ended(process)
    # Else a survivor that left the group and holds a pipe would keep ours open.
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


async def _until_ended(process: asyncio.subprocess.Process) -> None:
    with anyio.move_on_after(_END_SECONDS, shield=True):
        # Not `wait`: that also waits for whoever else holds its pipes.
        while process.returncode is None:  # noqa: ASYNC110 (it tells nobody)
            await anyio.sleep(_POLL_SECONDS)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
