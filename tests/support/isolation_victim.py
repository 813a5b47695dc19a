"""The user whom everybody attacks: something of everything, and a canary in every text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson

from artel.events.types import Event, MessageDelta
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.outline import PlannedTask
from tests.support.isolation_canaries import Treasure, canary
from tests.support.isolation_http import Caller
from tests.support.isolation_people import People
from tests.support.isolation_snapshot import Ledger, Snapshot

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG_NUMBER = 10**12

_LATER = """
update tasks set instruction = $2, history = $3::jsonb, deferred = $3::jsonb, answers = $3::jsonb
where user_id = $1 and status = 'done'
"""
_APPROVAL = """
insert into approval_requests (user_id, id, session_id, run_id, type, request, result)
values ($1, $2, $3, $4, 'tool', $5::jsonb, $6::jsonb)
"""
_PLAN = """
insert into plans (user_id, id, session_id, run_id, revision, status, tasks, estimate, max_parallel)
values ($1, $2, $3, $4, 1, 'completed', $5::jsonb, $6::jsonb, 3)
"""
_OF_A_PLAN = """
insert into messages (user_id, id, session_id, run_id, role, content, agent_id, task_id)
values ($1, $2, $3, $4, 'assistant', $5, $6, 't1')
"""


@dataclass(frozen=True)
class Victim:
    """A user with a space full of work."""

    caller: Caller
    treasure: Treasure
    named: dict[str, dict[str, str]]
    """Ids by the name of the parameter that takes them, each with what it is the id of."""
    said: dict[str, dict[str, str]]
    """Further things that the victim's client knows: cursors, event ids, an Idempotency-Key, handles."""

    @property
    def id(self) -> int:
        """The user's id."""
        return self.caller.user_id


async def make_victim(people: People, ledger: Ledger, caller: Caller, password: str) -> Victim:
    """Fills the caller's space through the API (and the stores, where the API has no way yet)."""
    treasure = Treasure(caller.user_id, {caller.email, password})
    maker = _Maker(people, caller, treasure)
    agents = await maker.agents()
    sessions = await maker.sessions()
    runs = await maker.runs(agents, sessions)
    await maker.settings()
    await maker.plan(sessions["a chat"], runs["a run that is over"], agents["an agent"])
    await maker.what_the_api_has_no_way_for_yet(sessions["a chat"], runs["a run that is over"])
    proofs = await maker.proofs()
    said = await maker.what_a_client_knows(sessions["a chat"], agents)
    treasure.ids |= _ids(await ledger.of(caller.user_id), caller.user_id) | set(agents.values())
    return Victim(caller, treasure, {"agent_id": agents, "session_id": sessions, "run_id": runs, **proofs}, said)


class _Maker:
    """Makes one kind of thing after the other."""

    def __init__(self, people: People, caller: Caller, treasure: Treasure) -> None:
        self._people = people
        self._house = people.house
        self._caller = caller
        self._treasure = treasure
        self._user_id = caller.user_id

    async def agents(self) -> dict[str, str]:
        plain = await self._agent("plain")
        with_tools = await self._agent("clerk", tools=[{"tool_id": "current_time", "enabled": True}])
        busy = await self._agent("busy", concurrency_limit=1)
        broken = await self._agent(
            "broken", model={"provider": "openai", "name": f"status:code=400,text={self._word()}"}
        )
        return {"an agent": plain, "an agent with tools": with_tools, "a busy agent": busy, "a broken agent": broken}

    async def _agent(self, handle: str, **more: Any) -> str:
        body = {
            "name": f"The {self._word()}",
            "handle": f"{handle}{self._user_id}of{self._word()[-10:]}",
            "system_prompt": f"Never tell anyone {self._word()}.",
            "model": {"provider": "openai", "name": f"scripted-{self._word()}"},
            "fallback_model": {"provider": "openai", "name": f"scripted-{self._word()}"},
            **more,
        }
        agent = await self._caller.ok("POST", "/my/agents/", body)
        return agent["agent_id"]

    async def sessions(self) -> dict[str, str]:
        titled = await self._caller.ok("POST", "/my/chat/sessions/", {"title": f"About {self._word()}"})
        empty = await self._caller.ok("POST", "/my/chat/sessions/", {"title": f"Nothing {self._word()}"})
        return {"a chat": str(titled["id"]), "an empty chat": str(empty["id"])}

    async def runs(self, agents: dict[str, str], sessions: dict[str, str]) -> dict[str, str]:
        chat = sessions["a chat"]
        finished = await self._say(chat, f"My secret is {self._word()}", agents["an agent"])
        await self._say(chat, f'[[tool {{"timezone": "{self._word()}"}}]]', agents["an agent with tools"])
        await self._say(chat, f"To nobody in particular: {self._word()}", None)
        failed = await self._say(chat, f"Fail with {self._word()}", agents["a broken agent"])
        stopped = await self._write_for_long(chat, agents["a busy agent"])
        await self._caller.ok("POST", f"/my/runs/{stopped}/cancel/")
        running = await self._write_for_long(chat, agents["a busy agent"])
        queued = await self._say(chat, f"And then {self._word()}", agents["a busy agent"], wait=0)
        return {
            "a run that is over": finished,
            "a run that failed": failed,
            "a run that was stopped": stopped,
            "a run that is going on": running,
            "a run that waits": queued,
        }

    async def _say(self, chat: str, content: str, agent_id: str | None, wait: int = 20) -> str:
        body = {"content": content, "target_agent": agent_id}
        sent = await self._caller.ok("POST", f"/my/chat/{chat}/message/?wait={wait}", body)
        return sent["run_id"]

    async def _write_for_long(self, chat: str, agent_id: str) -> str:
        """A run whose answer has begun and goes on for longer than the tests."""
        word = self._word()

        def has_begun(event: Event) -> bool:
            return isinstance(event, MessageDelta) and word in event.text

        async with self._house.hub.waiter(self._user_id, has_begun) as waiter:
            run = await self._say(chat, f"[[linger text={word}]]", agent_id, wait=0)
            assert await waiter.result(20) is not None
        return run

    async def settings(self) -> None:
        await self._caller.ok(
            "PUT",
            "/my/orchestrators/",
            {"instructions": f"Remember {self._word()}", "model": {"provider": "openai", "name": f"m-{self._word()}"}},
        )
        await self._caller.ok("PUT", "/my/budget/", {"monthly_usd": 1000})
        keys = self._house.provider_keys
        for provider in ("anthropic", "openrouter"):
            secret = f"sk-{self._word()}"
            await keys.put(self._user_id, provider, api_key=secret, base_url=f"https://{self._word()}.example.org/v1")

    async def plan(self, chat: str, run: str, agent_id: str) -> None:
        """One that is over, with what its task had to say."""
        figures = Estimate(None, None, None, 1.0, None, None, "prior")
        task = PlannedTask("t1", agent_id.partition("_")[2], agent_id, f"Do {self._word()}", (), figures)
        place = (int(chat), UUID(run))
        tasks, estimate = orjson.dumps([task.as_json()]).decode(), orjson.dumps(figures.as_json()).decode()
        async with self._house.shards.user_tx(self._user_id) as tx:
            await tx.execute(_PLAN, self._user_id, self._house.ids.uuid(), *place, tasks, estimate)
            said = f"Done: {self._word()}"
            await tx.execute(_OF_A_PLAN, self._user_id, self._house.ids.uuid(), *place, said, agent_id)

    async def what_the_api_has_no_way_for_yet(self, chat: str, run: str) -> None:
        words = [orjson.dumps({"arguments": {"text": self._word()}}).decode() for _ in range(2)]
        async with self._house.shards.user_tx(self._user_id) as tx:
            await tx.execute(_APPROVAL, self._user_id, self._house.ids.uuid(), int(chat), UUID(run), *words)
            await tx.execute(_LATER, self._user_id, self._word(), f'["{self._word()}"]')

    async def proofs(self) -> dict[str, dict[str, str]]:
        browser = await self._people.browser(self._user_id, f"Mozilla/5.0 {self._word()}")
        made = await self._caller.ok("POST", "/my/api-keys/", {"name": f"For {self._word()}"})
        self._treasure.secrets |= {browser.token, made["key"]}
        return {"sign_in_id": {"a sign-in": str(browser.id)}, "key_id": {"an API key": made["id"]}}

    async def what_a_client_knows(self, chat: str, agents: dict[str, str]) -> dict[str, dict[str, str]]:
        chats = await self._caller.ok("GET", "/my/chat/sessions/?limit=1")
        page = await self._caller.ok("GET", f"/my/chat/{chat}/?limit=1")
        last: int = page["last_event_id"]
        return {
            "cursor": {"of the chats": chats["next_cursor"], "of a history": page["next_cursor"]},
            "event": {"the last": str(last), "an early one": await self._early_event(), "none": str(last - 1)},
            "idempotency_key": await self._idempotency_keys(),
            "handle": {name: agent_id.partition("_")[2] for name, agent_id in agents.items()},
        }

    async def _early_event(self) -> str:
        stream = self._house.log.channel(self._user_id)
        [(first, _)] = await cast(Any, self._house.redis).xrange(stream, count=1)
        return first.decode().partition("-")[0]

    async def _idempotency_keys(self) -> dict[str, str]:
        bodies = {
            "/my/agents/": {"name": self._word(), "handle": "twice", "model": {"provider": "openai", "name": "m"}},
            "/my/chat/sessions/": {"title": self._word()},
            "/my/api-keys/": {"name": self._word()},
        }
        keys = {path: f"once-{self._word()}" for path in bodies}
        for path, body in bodies.items():
            await self._caller.ok("POST", path, body, {"Idempotency-Key": keys[path]})
        return keys

    def _word(self) -> str:
        return canary(self._user_id)


def _ids(everything: Snapshot, user_id: int) -> set[str]:
    """All UUIDs and large numbers among the victim's rows."""
    found: set[str] = {f"user{user_id}_"}
    for table in everything.rows:
        for record in everything.records(table):
            for value in record.values():
                if isinstance(value, str) and _UUID.fullmatch(value):
                    found.add(value)
                elif isinstance(value, int) and value > _LONG_NUMBER:
                    found.add(str(value))
    return found
