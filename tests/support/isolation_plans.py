"""Plans of the isolation suite's people: a team that can be planned for, and plans at every stage."""

from __future__ import annotations

from typing import Any, Final

from tests.support.isolation_http import Caller
from tests.support.live_http import open_stream
from tests.support.plans import PLANNER, plan, request, task

HELPER: Final = "helper"
"""The handle of the agent that everybody has whom `equip` was given."""


async def equip(caller: Caller) -> None:
    """Gives the caller an agent, and an orchestrator that plans by script and asks before several tasks."""
    await caller.ok("POST", "/my/agents/", {"name": "Helper", "model": {"provider": "openai", "name": "scripted"}})
    await caller.ok("PUT", "/my/orchestrators/", {"model": PLANNER})


async def ask(caller: Caller, content: str, wait: int = 0) -> str:
    """Says something to the orchestrator in a new chat; answers the run."""
    chat = (await caller.ok("POST", "/my/chat/sessions/", {"title": "Mine"}))["id"]
    return (await caller.ok("POST", f"/my/chat/{chat}/message/?wait={wait}", {"content": content}))["run_id"]


async def propose(caller: Caller, content: str) -> str:
    """Says something whose plan waits for the caller; answers the approval."""
    async with open_stream(caller.wire.port, "/my/events/", dict(caller.headers)) as stream:
        await stream.block()
        run = await ask(caller, content)
        return (await event_of(stream.event, "plan_request", run))["approval_id"]


async def event_of(next_event: Any, kind: str, run: str) -> dict[str, Any]:
    """The next event of this kind that belongs to the run."""
    while True:
        event: dict[str, Any] = await next_event()
        if (event["type"], event.get("run_id")) == (kind, run):
            return event


async def new_approval(caller: Caller) -> str:
    """A plan of the caller's that waits."""
    return await propose(caller, request(plan(task("one", agent=HELPER), task("two", agent=HELPER))))


async def new_failed_run(caller: Caller) -> str:
    """A planned run of the caller's, whose task `mine` failed."""
    return await ask(caller, request(plan(task(MINE, agent=HELPER, do="[[status code=400]]"))), wait=20)


MINE: Final = "mine"
"""The name of the task in `new_failed_run`."""
