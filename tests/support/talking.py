"""Conversations of which is known what every message must be answered with, however many processes died meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.support.model_scripts import numbered_text
from tests.support.plans import PLANNER, plan, request, task
from tests.support.tool_scripts import calling
from tests.support.visitors import Stream, Visitor, disorder

KINDS: Final = ("short", "long", "tool", "plan")
_OVER: Final = ("completed", "failed", "cancelled")
_LOOK_SECONDS: Final = 0.15


@dataclass
class Asked:
    """A message that was accepted."""

    kind: str
    chat: int
    content: str
    expected: str | None
    """The whole answer; None where only its beginning is known."""
    run_id: str
    answer_id: str | None
    """None of a plan, whose answer is found in the history."""
    approvals: list[str] = field(default_factory=list[str])
    status: str = "unfinished"


@dataclass
class Talker:
    """Somebody with two agents, an orchestrator that asks before it acts, and a stream at each process."""

    visitor: Visitor
    streams: list[Stream]
    agents: list[str]
    chats: list[int] = field(default_factory=list[int])
    asked: list[Asked] = field(default_factory=list[Asked])
    agrees: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, whatever asks for a yes waits."""

    @classmethod
    async def begin(cls, addresses: Sequence[str], email: str, chats: int) -> Talker:
        """A new account with everything."""
        visitor = Visitor(addresses, email)
        await visitor.register()
        model = {"provider": "openai", "name": "echo"}
        agents: list[str] = []
        asks = [{"tool_id": "current_time", "enabled": True, "policy": "ask"}]
        for name, tools in (("Coder", []), ("Writer", []), ("Asker", asks)):
            body = {"name": name, "model": model, "tools": tools, "concurrency_limit": 4}
            agents.append((await visitor.expect(201, "POST", "/my/agents/", body))["agent_id"])
        await visitor.expect(200, "PUT", "/my/orchestrators/", {"model": PLANNER, "plan_approval": "always"})
        talker = cls(visitor, [Stream(visitor, first) for first in range(len(addresses))], agents)
        for _ in range(chats):
            talker.chats.append((await visitor.expect(201, "POST", "/my/chat/sessions/", {}))["id"])
        talker.agrees.set()
        for stream in talker.streams:
            await stream.start()
        return talker

    async def end(self) -> None:
        """Closes everything."""
        for stream in self.streams:
            await stream.stop()
        await self.visitor.aclose()

    async def talk(self, chat: int, random: Random, may_begin: Callable[[], bool], pause: float = 0.0) -> None:
        """One message after the other in a chat, as long as another may begin. pause: seconds between them."""
        while may_begin():
            await self.say(chat, random.choice(KINDS), len(self.asked), random)
            await asyncio.sleep(pause)

    async def say(self, chat: int, kind: str, number: int, random: Random) -> Asked:
        """One message, to the end of its run; what asks for a yes gets it."""
        content, expected = _message(kind, f"{chat}-{number}", random)
        sent = await self.visitor.expect(202, "POST", f"/my/chat/{chat}/message/", {"content": content})
        asked = Asked(kind, chat, content, expected, sent["run_id"], None if kind == "plan" else sent["answer_id"])
        self.asked.append(asked)
        async with asyncio.timeout(150):
            while True:
                run = await self.visitor.expect(200, "GET", f"/my/runs/{asked.run_id}/")
                asked.status = run["status"]
                if run["status"] in _OVER:
                    return asked
                if run["status"] == "waiting" and self.agrees.is_set():
                    await self._agree(asked)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _agree(self, asked: Asked) -> None:
        pending = await self.visitor.expect(200, "GET", "/my/approvals/?status=pending")
        for approval in pending["items"]:
            if approval["run_id"] == asked.run_id:
                if approval["id"] not in asked.approvals:
                    asked.approvals.append(approval["id"])
                # A yes whose acknowledgement was lost is found as it was given.
                status, content = await self.visitor.ask("POST", f"/my/tools/{approval['id']}/confirm/", {})
                assert status in (200, 409), content

    async def faults(self) -> list[str]:
        """What is not as it must be, now that everything is over."""
        found = [f"{each.kind} {each.run_id} is {each.status}" for each in self.asked if each.status != "completed"]
        for chat in self.chats:
            found += await self.faults_of(chat)
        pending = await self.visitor.expect(200, "GET", "/my/approvals/?status=pending")
        found += [f"approval {each['id']} still waits" for each in pending["items"]]
        for place, stream in enumerate(self.streams):
            found += [f"stream {place}: {wrong}" for wrong in (*disorder(stream), *self._unheard(stream))]
        return [f"{self.visitor.email}: {fault}" for fault in found]

    async def faults_of(self, chat: int) -> list[str]:
        """What is not as it must be in the history of a chat."""
        messages = await self._history(chat)
        asked = [each for each in self.asked if each.chat == chat]
        questions = Counter(each["content"] for each in messages if each["role"] == "user")
        found = [f"asked {times} times: {content[:60]}" for content, times in questions.items() if times != 1]
        for each in asked:
            answers = [m for m in messages if m["run_id"] == each.run_id and m["role"] == "assistant"]
            if len(answers) != 1 or answers[0]["status"] != "complete":
                found.append(f"{each.kind} {each.run_id}: answers {[(a['id'], a['status']) for a in answers]}")
                continue
            each.answer_id = answers[0]["id"]
            if each.expected is not None and answers[0]["content"] != each.expected:
                found.append(f"{each.kind} {each.run_id}: answered {answers[0]['content'][:200]!r}")
        return found

    def _unheard(self, stream: Stream) -> list[str]:
        ends, found = stream.completed(), list[str]()
        for each in self.asked:
            heard = ends.get(each.answer_id or "", [])
            # Who was told to load the history again has the answer from there.
            if len(heard) > 1 or (not heard and not stream.resyncs):
                found.append(f"{each.kind} {each.run_id}: told {len(heard)} times of its end")
        return found

    async def _history(self, chat: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        path = f"/my/chat/{chat}/?limit=100"
        page = await self.visitor.expect(200, "GET", path)
        while True:
            messages = [*page["items"], *messages]
            if page["next_cursor"] is None:
                return messages
            page = await self.visitor.expect(200, "GET", f"{path}&cursor={page['next_cursor']}")


def _message(kind: str, name: str, random: Random) -> tuple[str, str | None]:
    """A message, and the whole answer if it is known."""
    if kind == "short":
        tokens = random.randint(5, 30)
        return f"@coder {name} [[answer tokens={tokens} first_ms=50 delay_ms=30]]", numbered_text(tokens)
    if kind == "long":
        tokens = random.randint(60, 120)
        return f"@writer {name} [[answer tokens={tokens} first_ms=200 delay_ms=50]]", numbered_text(tokens)
    if kind == "tool":
        return f"@asker {calling([('current_time', {})], 'It is time.', text=name)}", "It is time."
    slow = "[[answer tokens=20 first_ms=100 delay_ms=50]]"
    tasks = task("t1", do=f"First. {slow}"), task("t2", agent="writer", do=f"Second. {slow}"), task("t3", "t1", "t2")
    return request(plan(*tasks), text=name), None
