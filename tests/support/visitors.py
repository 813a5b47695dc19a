"""People who use a cluster as the page does: they try again elsewhere, and their streams come back where they broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

import aiohttp
import orjson

PASSWORD: Final = "correct horse battery staple"
_PASSING: Final = (408, 425, 429, 502, 503, 504)
_ANSWER_SECONDS: Final = 8.0
_SILENCE_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 0.3


class GaveUp(Exception):
    """Nobody answered for a long time."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A try that had no answer, or one that says to come back later."""

    at: float
    """Of the monotonic clock."""
    what: str
    is_clear: bool
    """Somebody who reads it knows what to do: a problem that says when to come again, or a connection that broke."""


def refusal_of(status: int, headers: Mapping[str, str], content: bytes) -> Refusal:
    """What an answer that asks to come back later says."""
    is_problem = headers.get("Content-Type", "").startswith("application/problem+json")
    slug = orjson.loads(content)["type"].rpartition("/")[2] if is_problem else "no problem"
    says_when = headers.get("Retry-After", "").isdecimal()
    what = f"{status} {slug}{'' if says_when else ' without Retry-After'}"
    return Refusal(time.monotonic(), what, status in (429, 503) and is_problem and says_when)


def no_answer(error: Exception) -> Refusal:
    """A connection that broke, or one on which nothing came for as long as somebody waits."""
    if isinstance(error, TimeoutError):
        return Refusal(time.monotonic(), f"silent for {_ANSWER_SECONDS:.0f} s", is_clear=False)
    return Refusal(time.monotonic(), "connection broke", is_clear=True)


@dataclass(frozen=True, slots=True)
class Upload:
    """A text file, as the body of a request."""

    name: str
    text: str


class Visitor:
    """Somebody who is signed in, with one cookie for every process."""

    def __init__(self, addresses: Sequence[str], email: str) -> None:
        self.addresses = addresses
        self.email = email
        self.refusals: list[Refusal] = []
        """Requests that had to be sent again."""
        self._turn = count()
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self.headers: dict[str, str] = {}

    async def register(self) -> None:
        """Makes the account, at one of the processes."""
        body = {"email": self.email, "password": PASSWORD}
        async with self._http.post(f"{self.addresses[0]}/auth/register", json=body) as answer:
            assert answer.status == 201, await answer.text()
            self.headers = {"Cookie": f"artel_session={answer.cookies['artel_session'].value}"}

    async def aclose(self) -> None:
        """Hangs up."""
        await self._http.close()

    async def ask(self, method: str, path: str, body: Any = None, *, seconds: float = 90.0) -> tuple[int, Any]:
        """The status and JSON of an answer; each try goes to the next process, always under the same key.

        Raises:
            GaveUp: nobody answered in `seconds`.
        """
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            address = self.addresses[next(self._turn) % len(self.addresses)]
            try:
                status, told, content = await self.once(method, address + path, body, headers)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self.refusals.append(no_answer(error))
            else:
                if status not in _PASSING:
                    is_json = "json" in told.get("Content-Type", "")
                    return status, orjson.loads(content) if content and is_json else content
                self.refusals.append(refusal_of(status, told, content))
            await asyncio.sleep(_PAUSE_SECONDS)
        raise GaveUp(f"{method} {path}: {self.refusals[-1].what}")

    async def once(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, Mapping[str, str], bytes]:
        """A single try: status, headers and bytes of the answer.

        Raises:
            aiohttp.ClientError, TimeoutError, OSError: there is none.
        """
        sent: dict[str, Any] = {"json": body}
        if isinstance(body, Upload):
            form = aiohttp.FormData()
            form.add_field("file", body.text.encode(), filename=body.name, content_type="text/plain")
            sent = {"data": form}
        timeout = aiohttp.ClientTimeout(_ANSWER_SECONDS)
        async with self._http.request(
            method, url, headers={**self.headers, **headers}, timeout=timeout, **sent
        ) as answer:
            return answer.status, answer.headers, await answer.read()

    async def expect(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that must have this status."""
        got, content = await self.ask(method, path, body)
        assert got == status, f"{method} {path}: {got} {content}"
        return content


@dataclass
class Heard:
    """What a stream told of one event."""

    id: int
    event: dict[str, Any]
    connection: int


@dataclass
class Stream:
    """An event stream as a browser keeps it: connected again for ever, from the last id on, at the next process."""

    visitor: Visitor
    first: int
    """Number of the process that is asked first."""
    heard: list[Heard] = field(default_factory=list[Heard])
    connections: int = 0
    refused: int = 0
    last_id: str | None = None
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when it is open for the first time."""
        self._task = asyncio.create_task(self._run())
        await self._open.wait()

    async def stop(self) -> None:
        """Closes it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def completed(self) -> dict[str, list[Heard]]:
        """The ends of answers, by message."""
        found: dict[str, list[Heard]] = {}
        for each in self.heard:
            if each.event["type"] == "message_completed":
                found.setdefault(each.event["message_id"], []).append(each)
        return found

    @property
    def resyncs(self) -> list[Heard]:
        """Where it was told to load the history again."""
        return [each for each in self.heard if each.event["type"] == "resync"]

    async def _run(self) -> None:
        addresses = self.visitor.addresses
        # Without a limit of connections: a session's own would make requests wait for streams.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), read_bufsize=2**20) as http:
            for turn in count(self.first):
                with suppress(aiohttp.ClientError, TimeoutError, OSError):
                    await self._connection(http, addresses[turn % len(addresses)])
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _connection(self, http: aiohttp.ClientSession, address: str) -> None:
        headers = {**self.visitor.headers, **({"Last-Event-ID": self.last_id} if self.last_id else {})}
        timeout = aiohttp.ClientTimeout(None, sock_connect=3, sock_read=_SILENCE_SECONDS)
        async with http.get(f"{address}/my/events/", headers=headers, timeout=timeout) as answer:
            if answer.status != 200:
                self.refused += 1
                return
            self.connections += 1
            block: list[str] = []
            async for raw in answer.content:
                if line := raw.decode().rstrip("\n"):
                    block.append(line)
                else:
                    self._take(block)
                    block = []

    def _take(self, block: list[str]) -> None:
        data = "\n".join(line[6:] for line in block if line.startswith("data: "))
        for line in block:
            if line.startswith("id: "):
                self.last_id = line[4:]
                self._open.set()
        if data and self.last_id:
            self.heard.append(Heard(int(self.last_id), orjson.loads(data), self.connections))


def disorder(stream: Stream) -> list[str]:
    """Events that came twice or in the wrong order; a `resync` stands at the position it leads to."""
    wrong: list[str] = []
    before = 0
    for each in stream.heard:
        if each.event["type"] == "resync":
            before = each.id
        elif each.id <= before:
            wrong.append(f"{each.event['type']} {each.id} after {before}")
        else:
            before = each.id
    return wrong
