"""People who talk to their agent: each asks, listens to the events until the answer is stored, and asks again."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from bench.client import Connection, EventStream, RequestFailed

ANSWER_SECONDS = 120.0


@dataclass(frozen=True)
class Pace:
    """How the scripted model answers: `tokens` words, the first after `first_ms`, one more every `delay_ms`."""

    tokens: int = 60
    first_ms: int = 0
    delay_ms: int = 0

    @property
    def question(self) -> str:
        """What makes the model do so."""
        return f"Count, please. [[answer tokens={self.tokens} first_ms={self.first_ms} delay_ms={self.delay_ms}]]"

    @property
    def first(self) -> float:
        """Seconds from the model's being asked to its first token."""
        return self.first_ms / 1000

    @property
    def last(self) -> float:
        """Seconds from the model's being asked to its last token."""
        return (self.first_ms + self.delay_ms * (self.tokens - 1)) / 1000


@dataclass(frozen=True)
class Sample:
    """One answer: when it was asked for, and seconds from then to its first text, its last, and to its being stored."""

    asked_at: float
    first: float
    last: float
    stored: float


@dataclass
class Person:
    """Somebody with a token, their chats, a connection and an open event stream."""

    token: str
    chats: Sequence[int]
    samples: list[Sample] = field(default_factory=list[Sample])
    deltas: int = 0

    async def connect(self, address: str) -> None:
        """Opens both connections."""
        host, _, port = address.removeprefix("http://").partition(":")
        self._requests = await Connection.connect(host, int(port))
        self._events = await EventStream.connect(host, int(port))
        self._turn = itertools.count()
        self._over: asyncio.Future[None] | None = None
        await self._events.listen("/my/events/", f"Authorization: Bearer {self.token}", self._hear)

    def hang_up(self) -> None:
        """Closes both."""
        self._requests.close()
        self._events.close()

    async def talk(self, pace: Pace, until: float, turns_a_chat: int) -> None:
        """Asks again and again until the clock (perf_counter) says `until`."""
        body = orjson.dumps({"content": f"@coder {pace.question}"})
        while time.perf_counter() < until:
            chat = self.chats[next(self._turn) // turns_a_chat % len(self.chats)]
            await self._ask(chat, body, pace)

    async def _ask(self, chat: int, body: bytes, pace: Pace) -> None:
        self._over = asyncio.get_running_loop().create_future()
        self._first = self._last = 0.0
        self._last_word = b"w%d " % (pace.tokens - 1)
        head = (
            f"POST /my/chat/{chat}/message/ HTTP/1.1\r\nAuthorization: Bearer {self.token}\r\n"
            "Content-Type: application/json"
        )
        asked_at = time.perf_counter()
        await self._requests.expect(202, head, body)
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._over
        stored = time.perf_counter()
        self.samples.append(Sample(asked_at, self._first - asked_at, self._last - asked_at, stored - asked_at))

    def _hear(self, block: bytes) -> None:
        if b'"message_delta"' in block:
            self._last = time.perf_counter()
            self._first = self._first or self._last
            self.deltas += 1
        elif b'"message_completed"' in block and self._over is not None and not self._over.done():
            if self._last_word in block:
                self._over.set_result(None)
            else:
                self._over.set_exception(RequestFailed(block[:400].decode(errors="replace")))
