"""The caller's side: many requests at once over one connection, which is made anew when the child was restarted."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count
from pathlib import Path
from typing import Any, Final

from artel.memory.engine.wire import Frame, pack, read_frame

_STREAM_LIMIT: Final = 4 * 1024 * 1024


class EngineGone(ConnectionError):
    """The child cannot be reached, died over the request, or does not answer in time."""


class EngineSlow(EngineGone):
    """It does not answer in time; it may be at it still."""


class EngineRefused(Exception):
    """The child refused the request."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


class EngineClient:
    """A child process at the other end of a socket. Belongs to one event loop."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    @property
    def is_idle(self) -> bool:
        """Whether there is no connection; the next call makes one."""
        return self._writer is None

    async def call(self, op: str, block: bytes = b"", *, timeout: float, **arguments: Any) -> Frame:
        """The answer; its header's `value` is what came of it. timeout: seconds, for all of it.

        A request that was given up may still be carried out.

        Raises:
            EngineGone: no answer. EngineSlow: none in time.
            EngineRefused: it says why not.
            ValueError: the request is too large.
        """
        number = next(self._numbers)
        frame = pack({"n": number, "op": op, **arguments}, block)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                writer = await self._connected()
                self._asked[number] = answer
                writer.write(frame)
                await writer.drain()
                found = await answer
        except TimeoutError as error:
            raise EngineSlow("no answer in time") from error
        except OSError as error:
            raise EngineGone(str(error)) from error
        finally:
            self._asked.pop(number, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # looked at, or asyncio would complain when the request was given up before
        if not found.header.get("ok"):
            raise EngineRefused(str(found.header.get("kind")), str(found.header.get("detail") or ""))
        return found

    async def aclose(self) -> None:
        """Hangs up; calls that wait fail."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                reader, writer = await asyncio.open_unix_connection(self.socket, limit=_STREAM_LIMIT)
                self._writer = writer
                self._listening = asyncio.create_task(self._listen(reader, writer), name="engine-client")
            return self._writer

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reason = "the child has ended"
        try:
            while (frame := await read_frame(reader)) is not None:
                answer = self._asked.get(frame.header.get("n", 0))
                if answer is not None and not answer.done():
                    answer.set_result(frame)
        except ConnectionError as error:
            reason = str(error)
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(EngineGone(reason))
