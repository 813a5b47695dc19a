"""Nobody may see what is somebody else's, whatever happens: people who try all the time, and what processes count."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import aiohttp

from tests.support.clusters import RunningCluster
from tests.support.talking import Talker
from tests.support.visitors import Upload, Visitor, no_answer, refusal_of

_INTRUDERS = 2
_PAUSE_SECONDS = 0.1
_LISTEN_SECONDS = 0.5
_VIOLATIONS = "user_isolation_violations"
_SECRET = "The key is under the third stone"
_MODEL = {"provider": "openai", "name": "echo"}

Attempt = tuple[str, str, Any]
"""Method, path, body."""


@dataclass(frozen=True)
class Prey:
    """Somebody's things, those that come with talking and two that stay."""

    talker: Talker
    file_id: str
    memory_id: str

    @classmethod
    async def of(cls, talker: Talker) -> Prey:
        """Gives them a file and a memory."""
        file = await talker.visitor.expect(201, "POST", "/my/files/", Upload("secret.txt", _SECRET))
        memory = await talker.visitor.expect(201, "POST", "/my/memory/", {"text": _SECRET})
        return cls(talker, file["id"], memory["id"])

    async def faults(self) -> list[str]:
        """What somebody else has done to what stays."""
        status, content = await self.talker.visitor.ask("GET", f"/my/files/{self.file_id}/content/")
        found = [] if (status, content) == (200, _SECRET.encode()) else [f"the file is {status} {content}"]
        memories = await self.talker.visitor.expect(200, "GET", "/my/memory/?kind=note")
        texts = [each["text"] for each in memories["items"] if each["id"] == self.memory_id]
        return found if texts == [_SECRET] else [*found, f"the memory is {texts}"]

    async def finds_its_memory(self) -> bool:
        """Whether a search finds what stays."""
        found = await self.talker.visitor.expect(200, "GET", "/my/memory/?q=key")
        return any(each["id"] == self.memory_id for each in found["items"])

    async def until_found(self) -> None:
        """Waits until what was noted is indexed."""
        while not await self.finds_its_memory():  # noqa: ASYNC110  it is another process that does it
            await asyncio.sleep(_PAUSE_SECONDS)

    def words(self) -> list[str]:
        """What stands in no answer to anybody else."""
        ids = [value for each in self.talker.asked for value in (each.run_id, each.answer_id) if value]
        return [_SECRET, self.file_id, self.memory_id, self.talker.visitor.email, *map(str, self.talker.chats), *ids]

    def attempts(self) -> list[Attempt]:
        """Good requests that name one of these things; each must be answered as if there was no such thing."""
        agent, file, memory = self.talker.agents[0], f"/my/files/{self.file_id}/", f"/my/memory/{self.memory_id}/"
        tried: list[Attempt] = [
            ("PUT", f"/my/agents/{agent}/", {"name": "Mine", "model": _MODEL}),
            ("DELETE", f"/my/agents/{agent}/", None),
            ("GET", file, None),
            ("GET", f"{file}content/", None),
            ("DELETE", file, None),
            ("PATCH", memory, {"text": "Mine"}),
            ("DELETE", memory, None),
        ]
        for chat in self.talker.chats:
            tried += [
                ("GET", f"/my/chat/{chat}/", None),
                ("GET", f"/my/chat/{chat}/events/?last_event_id=1", None),
                ("GET", f"/my/agents/available/{chat}/", None),
                ("GET", f"/my/memory/?session_id={chat}", None),
                ("POST", f"/my/chat/{chat}/message/", {"content": "@coder What was said here?"}),
                ("PATCH", f"/my/chat/{chat}/", {"title": "Mine"}),
                ("DELETE", f"/my/chat/{chat}/", None),
            ]
        for asked in self.talker.asked[-3:]:
            tried += [
                ("GET", f"/my/runs/{asked.run_id}/", None),
                ("POST", f"/my/runs/{asked.run_id}/cancel/", {}),
                ("POST", f"/my/runs/{asked.run_id}/retry/", {}),
                *(("POST", f"/my/tools/{approval}/confirm/", {}) for approval in asked.approvals),
                *(("POST", f"/my/tools/{approval}/reject/", {"reason": "No."}) for approval in asked.approvals),
            ]
        return tried


@dataclass
class Intruder:
    """A user of the same house who tries everybody's ids, at every process in turn."""

    visitor: Visitor
    prey: list[Prey]
    random: Random
    answers: Counter[str] = field(default_factory=Counter[str])
    leaks: list[str] = field(default_factory=list[str])

    @classmethod
    async def begin(cls, addresses: Sequence[str], prey: list[Prey], number: int) -> Intruder:
        """A new account. prey: may change while it goes on."""
        visitor = Visitor(addresses, f"intruder{number}-{uuid4().hex[:8]}@example.org")
        await visitor.register()
        # One of their own, so that nothing but the foreign id is wrong with what they ask.
        await visitor.expect(201, "POST", "/my/agents/", {"name": "Coder", "model": _MODEL})
        return cls(visitor, prey, Random(number))

    async def lurk(self) -> None:
        """Tries for ever."""
        turn = 0
        while True:
            turn += 1
            address = self.visitor.addresses[turn % len(self.visitor.addresses)]
            if self.prey:
                victim = self.random.choice(self.prey)
                try:
                    await (self._listen if turn % 10 == 0 else self._try)(address, victim)
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    self.answers[no_answer(error).what] += 1
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _try(self, address: str, victim: Prey) -> None:
        method, path, body = self.random.choice(victim.attempts())
        status, headers, content = await self.visitor.once(method, address + path, body)
        away = refusal_of(status, headers, content) if status in (429, 503) else None
        self.answers[away.what if away else str(status)] += 1
        if status != 404 and not (away and away.is_clear):
            self.leaks.append(f"{method} {path}: {status} {content[:300]!r}")
        self._look(victim, f"{method} {path}", content, but=path)

    async def _listen(self, address: str, victim: Prey) -> None:
        """Their own stream, from where the other's has come."""
        last = self.random.choice(victim.talker.streams).last_id or "1"
        heard = bytearray()
        timeout = aiohttp.ClientTimeout(None, sock_connect=3)
        async with aiohttp.ClientSession(headers=self.visitor.headers, timeout=timeout) as http:
            with suppress(TimeoutError):
                async with (
                    asyncio.timeout(_LISTEN_SECONDS),
                    http.get(f"{address}/my/events/?last_event_id={last}") as answer,
                ):
                    self.answers[f"stream {answer.status}"] += 1
                    if answer.status not in (200, 429, 503):
                        self.leaks.append(f"events after {last}: {answer.status}")
                    async for piece in answer.content.iter_any():
                        heard += piece
        self._look(victim, f"events after {last}", bytes(heard))

    def _look(self, victim: Prey, where: str, content: bytes, but: str = "") -> None:
        text = content.decode(errors="replace")
        self.leaks += [f"{where}: {word!r}" for word in victim.words() if word in text and word not in but]


class Intruders:
    """Several of them, at work."""

    def __init__(self, intruders: Sequence[Intruder]) -> None:
        self._intruders = intruders
        self._lurking = [asyncio.create_task(each.lurk()) for each in intruders]

    @classmethod
    async def begin(cls, addresses: Sequence[str], prey: list[Prey]) -> Intruders:
        """Two of them, who have begun."""
        return cls([await Intruder.begin(addresses, prey, number) for number in range(_INTRUDERS)])

    def answers(self) -> dict[str, int]:
        """What they were told, and how often."""
        return dict(sum((each.answers for each in self._intruders), Counter[str]()))

    async def end(self) -> list[str]:
        """Stops them; what they should not have been told."""
        for each in self._lurking:
            each.cancel()
        ends = await asyncio.gather(*self._lurking, return_exceptions=True)
        for each in self._intruders:
            await each.visitor.aclose()
        broken = [repr(end) for end in ends if not isinstance(end, asyncio.CancelledError)]
        return [*broken, *(leak for each in self._intruders for leak in each.leaks)]


class Watch:
    """What the processes of a cluster count of their own accord."""

    def __init__(self, cluster: RunningCluster) -> None:
        self.violations = 0.0
        """The most that one of them has ever told."""
        self.processes = 0
        """How many told, when they were asked last."""
        self._cluster = cluster

    async def look(self) -> None:
        """Asks each of them."""
        counts: list[float] = []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(1)) as http:
            for address in self._cluster.watched():
                with suppress(aiohttp.ClientError, TimeoutError, OSError):
                    async with http.get(f"{address}/metrics") as answer:
                        lines = (await answer.text()).splitlines()
                    counts += [float(line.split()[-1]) for line in lines if line.startswith(f"{_VIOLATIONS} ")]
        self.processes = len(counts)
        self.violations = max([self.violations, *counts])

    def faults(self) -> list[str]:
        """Nothing may have been counted."""
        return [f"{_VIOLATIONS}: {self.violations}"] if self.violations else []
