"""An ordinary day of a user's, through the API."""

from __future__ import annotations

from tests.support.isolation_canaries import Treasure, canary
from tests.support.isolation_http import Caller
from tests.support.isolation_plans import ask, event_of
from tests.support.live_http import open_stream
from tests.support.plans import PLANNER, plan, request, task


async def work_hard(caller: Caller) -> Treasure:
    """Makes agents and has them write; everything that was said and made is in the treasure."""
    treasure, user_id = Treasure(caller.user_id), caller.user_id
    chat = (await caller.ok("POST", "/my/chat/sessions/", {"title": canary(user_id)}))["id"]
    agent = ""
    for _ in range(3):
        body = {"name": canary(user_id), "model": {"provider": "openai", "name": "scripted"}}
        agent = (await caller.ok("POST", "/my/agents/", body))["agent_id"]
        question = {"content": f"Repeat {canary(user_id)}", "target_agent": agent}
        answer = await caller.ok("POST", f"/my/chat/{chat}/message/?wait=20", question)
        await caller.ok("PUT", f"/my/agents/{agent}/", body)
        treasure.ids |= {str(chat), agent, answer["run_id"], answer["message_id"], answer["answer_id"]}
    await plan_hard(caller, agent, treasure)
    return treasure


async def plan_hard(caller: Caller, agent: str, treasure: Treasure) -> None:
    """Has an agent do several tasks, once the plan is agreed to."""
    user_id, handle = caller.user_id, agent.partition("_")[2]
    await caller.ok("PUT", "/my/orchestrators/", {"model": PLANNER, "instructions": canary(user_id)})
    first = task("first", agent=handle, do=f"Say {canary(user_id)}")
    second = task("second", "first", agent=handle, do=f"Then say {canary(user_id)}")
    async with open_stream(caller.wire.port, "/my/events/", dict(caller.headers)) as stream:
        await stream.block()
        run = await ask(caller, request(plan(first, second), text=f"Plan {canary(user_id)}"))
        asked = await event_of(stream.event, "plan_request", run)
        await caller.ok("POST", f"/my/tools/{asked['approval_id']}/confirm/", {})
        await event_of(stream.event, "run_completed", run)
    treasure.ids |= {run, asked["approval_id"], asked["plan_id"]}
