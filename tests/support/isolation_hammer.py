"""People who use everything at once and hang up whenever they like. Each writes words that nobody else can write."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from tests.support.isolation_canaries import canary
from tests.support.isolation_http import Caller, Reply
from tests.support.live_http import open_stream
from tests.support.plans import PLANNER, plan, request, task

_HANDS = 3
"""Requests that one person has under way at once."""
_HANGS_UP = 0.25
_LEAVES_STREAM = 0.1
_EXPECTED = frozenset({200, 201, 202, 204, 404, 409, 422})
_SHARED_KEYS = ("first", "second", "third")
"""Idempotency-Keys that everybody uses."""


@dataclass
class Person:
    """One user. What they were told is in `heard`, whatever the way."""

    caller: Caller
    random: Random
    heard: list[bytes] = field(default_factory=list[bytes])
    unexpected: list[str] = field(default_factory=list[str])
    done: Counter[str] = field(default_factory=Counter[str])
    agents: list[str] = field(default_factory=list[str])
    chats: list[int] = field(default_factory=list[int])
    runs: list[str] = field(default_factory=list[str])

    @property
    def has_done_enough(self) -> bool:
        """So much was going on that the test means something."""
        return all(self.done[what] >= 3 for what in ("ask", "events", "hung up", "look_around", "plan", "decide"))

    async def hammer(self, stop: asyncio.Event) -> None:
        """Does one thing after the other with several hands, and listens, until `stop` and until it was enough."""
        await self._new_agent()
        await self._new_chat()
        await self._instruct()
        listening = [asyncio.create_task(self._listen()) for _ in range(2)]
        await asyncio.gather(*(self._work(stop) for _ in range(_HANDS)))
        await self._leave_a_plan()
        for each in listening:
            each.cancel()
        for error in await asyncio.gather(*listening, return_exceptions=True):
            if not isinstance(error, asyncio.CancelledError):
                self.unexpected.append(f"a stream: {error!r}")

    async def _work(self, stop: asyncio.Event) -> None:
        actions: list[Callable[[], Awaitable[None]]] = [
            self._new_agent, self._new_chat, self._ask, self._ask, self._ask, self._ask_and_stop, self._look_around,
            self._look_around, self._change_agent, self._delete_agent, self._delete_chat, self._once, self._instruct,
            self._plan, self._plan, self._decide, self._decide, self._rehearse, self._one_task,
        ]  # fmt: skip
        while not (stop.is_set() and self.has_done_enough):
            action = self.random.choice(actions)
            task = asyncio.ensure_future(action())
            if self.random.random() < _HANGS_UP:
                await asyncio.wait({task}, timeout=self.random.random() * 0.05)
                task.cancel()
                self.done["hung up"] += 1
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientConnectionError):
                await task
                self.done[action.__name__.strip("_")] += 1

    async def _leave_a_plan(self) -> None:
        """The others may have gone with their chats."""
        await self._new_chat()
        chat = self.chats[-1]
        await self._send("POST", f"/my/chat/{chat}/message/", {"content": self._request()})
        async with asyncio.timeout(60):
            while not (await self._send("GET", f"/my/chat/{chat}/")).json()["plans"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _send(
        self, method: str, target: str, json: Any = None, key: str = "", expected: Collection[int] = ()
    ) -> Reply:
        reply = await self.caller.send(method, target, json, {"Idempotency-Key": key} if key else None)
        self.heard.append(reply.whole)
        if reply.status not in _EXPECTED and reply.status not in expected:
            self.unexpected.append(f"{method} {target}: {reply.status} {reply.body.decode()}")
        return reply

    async def _new_agent(self) -> None:
        reply = await self._send("POST", "/my/agents/", self._agent())
        if reply.status == 201:
            self.agents.append(reply.json()["agent_id"])

    async def _change_agent(self) -> None:
        await self._send("PUT", f"/my/agents/{self._any(self.agents)}/", self._agent())

    async def _delete_agent(self) -> None:
        if len(self.agents) > 2:
            await self._send("DELETE", f"/my/agents/{self.agents.pop(0)}/")

    async def _new_chat(self) -> None:
        reply = await self._send("POST", "/my/chat/sessions/", {"title": self._word()})
        if reply.status == 201:
            self.chats.append(reply.json()["id"])

    async def _delete_chat(self) -> None:
        if len(self.chats) > 2:
            await self._send("DELETE", f"/my/chat/{self.chats.pop(0)}/")

    async def _ask(self, content: str = "Say", wait: int = 2) -> None:
        body = {"content": f"{content} {self._word()}", "target_agent": self._any(self.agents)}
        reply = await self._send("POST", f"/my/chat/{self._any(self.chats)}/message/?wait={wait}", body)
        if reply.status in (200, 202):
            self.runs.append(reply.json()["run_id"])

    async def _ask_and_stop(self) -> None:
        await self._ask("[[slow tokens=10]]", wait=0)
        if self.runs:
            run = self.runs[-1]
            await self._send("POST", f"/my/runs/{run}/cancel/")
            await self._send("POST", f"/my/runs/{run}/retry/")
            await self._send("POST", f"/my/runs/{run}/cancel/")

    async def _look_around(self) -> None:
        for target in ("/my/agents/", "/my/chat/sessions/", "/auth/me", "/my/orchestrators/", "/my/approvals/"):
            await self._send("GET", target)
        await self._send("GET", f"/my/chat/{self._any(self.chats)}/")
        if self.runs:
            await self._send("GET", f"/my/runs/{self._any(self.runs)}/")

    async def _once(self) -> None:
        # The same key with another body is refused, so the words are always the same.
        body = {"title": f"Once zq{self.caller.user_id}x0123456789"}
        await self._send("POST", "/my/chat/sessions/", body, self._any(_SHARED_KEYS))

    async def _instruct(self) -> None:
        approval = self.random.choice(("always", "never"))
        body = {"instructions": self._word(), "model": PLANNER, "plan_approval": approval}
        await self._send("PUT", "/my/orchestrators/", body)

    async def _plan(self) -> None:
        body = {"content": self._request()}
        reply = await self._send("POST", f"/my/chat/{self._any(self.chats)}/message/", body)
        if reply.status == 202:
            self.runs.append(reply.json()["run_id"])

    async def _decide(self) -> None:
        waiting = (await self._send("GET", "/my/approvals/?status=pending")).json()["items"]
        if waiting and self.random.random() < 0.7:
            edited = plan(*self._tasks()) if self.random.random() < 0.5 else None
            await self._send("POST", f"/my/tools/{self._any(waiting)['id']}/confirm/", {"edited": edited})
        elif waiting:
            await self._send("POST", f"/my/tools/{self._any(waiting)['id']}/reject/", {"reason": self._word()})

    async def _rehearse(self) -> None:
        # 502: the agents of the plan are gone by now.
        await self._send("POST", "/my/orchestrators/test/", {"content": self._request()}, expected=(502,))

    async def _one_task(self) -> None:
        if self.runs:
            run, name = self._any(self.runs), self._any(("one", "two", "plan", "synthesis"))
            await self._send("GET", f"/my/runs/{run}/tasks/{name}/")
            await self._send("POST", f"/my/runs/{run}/tasks/{name}/{self._any(('cancel', 'retry'))}/")

    def _request(self) -> str:
        return request(plan(*self._tasks()), text=f"Plan {self._word()}")

    def _tasks(self) -> list[dict[str, Any]]:
        agents = [self._any(self.agents).partition("_")[2] for _ in range(2)]
        one = task("one", agent=agents[0], do=f"Do {self._word()}")
        return [one, task("two", *self._any(((), ("one",))), agent=agents[1], do=f"Do {self._word()}")]

    async def _listen(self) -> None:
        last: str | None = None
        while True:
            headers = {**self.caller.headers, **({"Last-Event-ID": last} if last else {})}
            async with open_stream(self.caller.wire.port, "/my/events/", headers) as stream:
                try:
                    while self.random.random() > _LEAVES_STREAM and await stream.block():
                        self.done["events"] += 1
                finally:
                    last = stream.last_event_id
                    self.heard += stream.chunks

    def _agent(self) -> dict[str, Any]:
        return {
            "name": self._word(),
            "system_prompt": f"You serve {self._word()}.",
            "model": {"provider": "openai", "name": "scripted"},
            "concurrency_limit": self.random.randint(1, 3),
        }

    def _any(self, things: Any) -> Any:
        return self.random.choice(things)

    def _word(self) -> str:
        return canary(self.caller.user_id)
