"""The user whom everybody attacks: something of everything, and a canary in every text."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from artel.bus.model import PLANNING
from artel.events.types import Event, MessageDelta, PlanRequest, RunCancelled, RunCompleted
from tests.support.isolation_canaries import Treasure, canary
from tests.support.isolation_http import Caller, Form
from tests.support.isolation_mcp import victims_servers
from tests.support.isolation_people import People
from tests.support.isolation_snapshot import Ledger, Snapshot
from tests.support.isolation_tools import ToolUse, ToolUser
from tests.support.plans import PLANNER, plan, request, task

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG_NUMBER = 10**12


@dataclass(frozen=True)
class Victim:
    """A user with a space full of work."""

    caller: Caller
    treasure: Treasure
    named: dict[str, dict[str, str]]
    """Ids by the name of the parameter that takes them, each with what it is the id of."""
    said: dict[str, dict[str, str]]
    """Further things that the victim's client knows: cursors, event ids, an Idempotency-Key, handles."""
    paths: Sequence[Mapping[str, str]]
    """Ids that belong together, for addresses with several."""

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
    plans = await maker.plans()
    agents["a member of a team"] = plans.agent
    sessions["a chat with plans"] = plans.chat
    runs |= plans.runs
    await maker.settings()
    used = await maker.tools()
    files = await maker.files(sessions["a chat"], agents["an agent"])
    agents["an agent with tools of the page"] = used.agent
    sessions["a chat with tool calls"] = used.chat
    runs |= used.runs
    memories = await maker.memories(sessions["a chat"])
    mcp = await victims_servers(people.house, caller)
    treasure.secrets.add(mcp.secret)
    proofs = await maker.proofs()
    said = await maker.what_a_client_knows(sessions["a chat"], agents)
    tasks = {f"the task {number}": name for number, name in enumerate(name for name in plans.tasks if name != PLANNING)}
    treasure.ids |= _ids(await ledger.of(caller.user_id), caller.user_id) | {*agents.values(), *tasks.values()}
    said |= {"state": mcp.states, "tool_id": mcp.tools}
    named = {
        "agent_id": agents, "session_id": sessions, "run_id": runs, "task_id": tasks,
        "approval_id": plans.approvals | used.approvals, "file_id": files, "memory_id": memories,
        "server_id": mcp.servers, **proofs,
    }  # fmt: skip
    paths = [{"run_id": run, "task_id": name} for name, run in plans.tasks.items()]
    return Victim(caller, treasure, named, said, paths)


@dataclass
class _Plans:
    """What became of the victim's plans. tasks: the run of each, by name."""

    agent: str
    chat: str
    runs: dict[str, str] = field(default_factory=dict[str, str])
    approvals: dict[str, str] = field(default_factory=dict[str, str])
    tasks: dict[str, str] = field(default_factory=dict[str, str])


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
        return await self._until_said(word, self._say(chat, f"[[linger text={word}]]", agent_id, wait=0))

    async def _until_said(self, word: str, sent: Coroutine[Any, Any, str]) -> str:
        """The run, once the word is in an answer."""

        def has_begun(event: Event) -> bool:
            return isinstance(event, MessageDelta) and word in event.text

        async with self._house.hub.waiter(self._user_id, has_begun) as waiter:
            run = await sent
            assert await waiter.result(20) is not None
        return run

    async def settings(self) -> None:
        await self._caller.ok(
            "PUT",
            "/my/orchestrators/",
            {"instructions": f"Remember {self._word()}", "model": {"provider": "openai", "name": f"m-{self._word()}"}},
        )
        await self._caller.ok("PUT", "/my/budget/", {"monthly_usd": 1000})
        await self._caller.ok("PUT", "/my/retention/", {"chats_days": 300, "usage_days": 300})
        keys = self._house.provider_keys
        for provider in ("anthropic", "openrouter"):
            secret = f"sk-{self._word()}"
            await keys.put(self._user_id, provider, api_key=secret, base_url=f"https://{self._word()}.example.org/v1")

    async def plans(self) -> _Plans:
        """One that waits for its user, and others that were refused, are done, failed, and go on."""
        agent = await self._agent("member", concurrency_limit=3)
        handle = agent.partition("_")[2]
        chat = str((await self._caller.ok("POST", "/my/chat/sessions/", {"title": f"Plans {self._word()}"}))["id"])
        await self._orchestrator(plan_approval="always")
        made = _Plans(agent, chat)
        for what, answer in (
            ("that waits", None), ("that was refused", ("reject", {"reason": f"Because of {self._word()}"})),
            ("that was agreed to", ("confirm", None)),
        ):  # fmt: skip
            await self._decided(made, what, handle, answer)
        await self._orchestrator(plan_approval="never")
        fails = self._task(handle, f"[[status code=400 text={self._word()}]]")
        made.runs["a plan that failed"] = await self._say(chat, request(plan(self._task(handle), fails), "None."), None)
        made.tasks[fails["id"]] = made.runs["a plan that failed"]
        word = self._word()
        goes_on = self._task(handle, f"[[linger text={word}]]")
        waits = self._task(handle, "", goes_on["id"])
        content = request(plan(goes_on, waits), text=f"Work on {self._word()}")
        run = await self._until_said(word, self._say(chat, content, None, wait=0))
        made.runs["a plan that goes on"] = run
        made.tasks |= {goes_on["id"]: run, waits["id"]: run}
        return made

    async def _decided(
        self, made: _Plans, what: str, handle: str, answer: tuple[str, dict[str, Any] | None] | None
    ) -> None:
        tasks = [self._task(handle), self._task(handle)]
        content = request(plan(*tasks), text=f"Plan with {self._word()}")
        async with self._house.hub.waiter(self._user_id, lambda event: isinstance(event, PlanRequest)) as waiter:
            run = await self._say(made.chat, content, None, wait=0)
            asked = await waiter.result(20)
        assert isinstance(asked, PlanRequest)
        approval = str(asked.approval_id)
        made.approvals[f"a plan {what}"] = approval
        made.runs[f"a plan {what}"] = run
        made.tasks[PLANNING] = run
        if answer is None:
            return
        path, body = answer
        if body is None:
            body = {"edited": plan(*({**each, "instruction": f"Better: {self._word()}"} for each in tasks))}
            made.tasks |= {each["id"]: run for each in tasks}

        def is_over(event: Event) -> bool:
            return isinstance(event, RunCompleted | RunCancelled) and str(event.run_id) == run

        async with self._house.hub.waiter(self._user_id, is_over) as waiter:
            await self._caller.ok("POST", f"/my/tools/{approval}/{path}/", body)
            assert await waiter.result(20) is not None

    async def _orchestrator(self, **more: Any) -> None:
        await self._caller.ok("PUT", "/my/orchestrators/", {"model": PLANNER, "instructions": self._word(), **more})

    def _task(self, handle: str, do: str = "", *after: str) -> dict[str, Any]:
        """A task with a name that nobody else's has. It is no canary, since names stand in paths, and these in logs."""
        name = f"step{self._user_id}of{self._word()[-10:]}"
        return task(name, *after, agent=handle, do=f"Do not tell {self._word()}. {do}")

    async def files(self, chat: str, agent: str) -> dict[str, str]:
        """A text that was sent along with a message, and one that was not."""
        made: dict[str, str] = {}
        for what in ("a file", "a file in a chat"):
            form = Form(f"{self._word()}.txt", f"The secret is {self._word()}".encode())
            made[what] = (await self._caller.ok("POST", "/my/files/", form))["id"]
        body = {"content": f"Read {self._word()}", "target_agent": agent, "attachments": [made["a file in a chat"]]}
        await self._caller.ok("POST", f"/my/chat/{chat}/message/?wait=20", body)
        return made

    async def memories(self, chat: str) -> dict[str, str]:
        """Notes, one of them edited, one forgotten; a profile, and a summary of a chat."""
        made: dict[str, str] = {}
        for what, more in (("a note", {}), ("a note in a chat", {"session_id": int(chat)}), ("a forgotten note", {})):
            note = {"text": f"Remember {self._word()}", **more}
            made[what] = (await self._caller.ok("POST", "/my/memory/", note))["id"]
        await self._caller.ok("PATCH", f"/my/memory/{made['a note']}/", {"text": f"Rather {self._word()}"})
        await self._caller.ok("DELETE", f"/my/memory/{made.pop('a forgotten note')}/")
        await self._caller.ok("PUT", "/my/memory/profile/", {"text": f"I am {self._word()}"})
        async with self._house.shards.user_tx(self._user_id) as tx:
            await tx.execute(_SUMMARY, tx.user_id, self._house.ids.uuid(), int(chat), f"They spoke of {self._word()}")
        return made

    async def tools(self) -> ToolUse:
        """Calls at every stage."""
        tools = [{"tool_id": "current_time", "policy": "ask"}, {"tool_id": "clipboard"}]
        agent = await self._agent("handy", tools=tools, model={"provider": "openai", "name": "scripted"})
        program = await self._people.program(self._user_id, f"Decides {self._word()}")
        self._treasure.secrets.add(program.token)
        decider = replace(self._caller, headers=program.headers)
        return await ToolUser(self._house, decider, self._word).use(agent)

    async def proofs(self) -> dict[str, dict[str, str]]:
        browser = await self._people.browser(self._user_id, f"Mozilla/5.0 {self._word()}")
        made = await self._caller.ok("POST", "/my/api-keys/", {"name": f"For {self._word()}"})
        self._treasure.secrets |= {browser.token, made["key"]}
        return {"sign_in_id": {"a sign-in": str(browser.id)}, "key_id": {"an API key": made["id"]}}

    async def what_a_client_knows(self, chat: str, agents: dict[str, str]) -> dict[str, dict[str, str]]:
        chats = await self._caller.ok("GET", "/my/chat/sessions/?limit=1")
        page = await self._caller.ok("GET", f"/my/chat/{chat}/?limit=1")
        inbox = await self._caller.ok("GET", "/my/approvals/?limit=1")
        record = await self._caller.ok("GET", "/my/audit/?limit=1")
        files = await self._caller.ok("GET", "/my/files/?limit=1")
        memories = await self._caller.ok("GET", "/my/memory/?limit=1")
        last: int = page["last_event_id"]
        return {
            "cursor": {
                "of the chats": chats["next_cursor"],
                "of a history": page["next_cursor"],
                "of the inbox": inbox["next_cursor"],
                "of the decisions": record["next_cursor"],
                "of the files": files["next_cursor"],
                "of the memories": memories["next_cursor"],
            },
            "event": {"the last": str(last), "an early one": await self._early_event(), "none": str(last - 1)},
            "idempotency_key": await self._idempotency_keys(),
            "handle": {name: agent_id.partition("_")[2] for name, agent_id in agents.items()},
        }

    async def _early_event(self) -> str:
        stream = self._house.log.channel(self._user_id)
        [(first, _)] = await cast(Any, self._house.redis).xrange(stream, count=1)
        return first.decode().partition("-")[0]

    async def _idempotency_keys(self) -> dict[str, str]:
        bodies: dict[str, Any] = {
            "/my/files/": Form("twice.txt", self._word().encode()),
            "/my/agents/": {"name": self._word(), "handle": "twice", "model": {"provider": "openai", "name": "m"}},
            "/my/chat/sessions/": {"title": self._word()},
            "/my/api-keys/": {"name": self._word()},
            "/my/memory/": {"text": self._word()},
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


_SUMMARY = """
insert into chat_summaries (user_id, id, session_id, level, first_message, last_message, text, tokens)
values ($1, $2, $3, 0, $2, $2, $4, 9)
"""
