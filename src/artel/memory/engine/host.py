"""The child's side: takes requests from a unix socket and carries them out one at a time, the urgent ones first."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from artel.memory.engine.wire import Frame, pack, read_frame

_WAITING_A_CONNECTION: Final = 256
"""Requests of one caller that may wait here; the rest waits in the socket."""
_STREAM_LIMIT: Final = 4 * 1024 * 1024


class Refused(Exception):
    """The request is refused for a reason that the caller knows by its kind."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind
        self.detail = detail


class NotNow(Exception):
    """The request must wait until `Host.resume`, while others go on."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with."""

    value: Any = None
    block: bytes = b""


class Handler(Protocol):
    """What the child is there for."""

    def is_urgent(self, op: str) -> bool:
        """Whether somebody waits for this, so that it goes before what does not matter by the second."""
        ...

    def handle(self, op: str, arguments: Mapping[str, Any], block: bytes) -> Reply:
        """Carries out one request. Nothing else happens meanwhile, so it should be short.

        Raises:
            Refused: with what the caller is told.
            NotNow: it is to be asked again later.
        """
        ...


@dataclass(slots=True)
class _Job:
    frame: Frame
    writer: asyncio.StreamWriter
    room: asyncio.Semaphore


@dataclass(slots=True)
class _Lanes:
    urgent: deque[_Job] = field(default_factory=deque[_Job])
    patient: deque[_Job] = field(default_factory=deque[_Job])
    waiting: list[_Job] = field(default_factory=list[_Job])

    def take(self) -> _Job | None:
        lane = self.urgent or self.patient
        return lane.popleft() if lane else None


class Host:
    """Serves one handler on one socket."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._lanes = _Lanes()
        self._wake = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    def resume(self) -> None:
        """Lets those go on that were told to wait, in their order and before the others of their lane."""
        self._lanes.patient.extendleft(reversed(self._lanes.waiting))
        self._lanes.waiting.clear()
        self._wake.set()

    async def serve(self, socket: Path) -> None:
        """Returns when the process is asked to end (SIGTERM); what was being carried out then is finished."""
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        server = await asyncio.start_unix_server(self._converse, socket, limit=_STREAM_LIMIT)
        work = asyncio.create_task(self._work())
        ending = asyncio.create_task(ended.wait())
        try:
            await asyncio.wait((work, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.close()
            for task in (work, ending):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        room = asyncio.Semaphore(_WAITING_A_CONNECTION)
        # Cancelled only when the process ends; asyncio would log a cancelled conversation as a fault.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while (frame := await read_frame(reader)) is not None:
                await room.acquire()
                op = str(frame.header.get("op"))
                lane = self._lanes.urgent if self._handler.is_urgent(op) else self._lanes.patient
                lane.append(_Job(frame, writer, room))
                self._wake.set()
        writer.close()

    async def _work(self) -> None:
        while True:
            if (job := self._lanes.take()) is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            self._do(job)
            # Lets in what arrived meanwhile, so that a search does not wait behind a queue of writes.
            await asyncio.sleep(0)

    def _do(self, job: _Job) -> None:
        try:
            answer = self._answer(job.frame)
        except NotNow:
            self._lanes.waiting.append(job)
            return
        job.room.release()
        if not job.writer.is_closing():
            job.writer.write(answer)

    def _answer(self, frame: Frame) -> bytes:
        header = dict(frame.header)
        number, op = header.pop("n", None), str(header.pop("op", ""))
        try:
            reply = self._handler.handle(op, header, frame.block)
            return pack({"n": number, "ok": True, "value": reply.value}, reply.block)
        except Refused as refusal:
            return pack({"n": number, "ok": False, "kind": refusal.kind, "detail": refusal.detail})
        except NotNow:
            raise
        except Exception as error:  # a request's top: one that fails must not end the others
            self._log.error("engine.request_failed", op=op, error=f"{type(error).__name__}: {error}"[:500])
            return pack({"n": number, "ok": False, "kind": "failed", "detail": type(error).__name__})
