"""An ordinary day of a user's, through the API."""

from __future__ import annotations

from tests.support.isolation_canaries import Treasure, canary
from tests.support.isolation_http import Caller


async def work_hard(caller: Caller) -> Treasure:
    """Makes agents and has them write; everything that was said and made is in the treasure."""
    treasure, user_id = Treasure(caller.user_id), caller.user_id
    chat = (await caller.ok("POST", "/my/chat/sessions/", {"title": canary(user_id)}))["id"]
    for _ in range(3):
        body = {"name": canary(user_id), "model": {"provider": "openai", "name": "scripted"}}
        agent = (await caller.ok("POST", "/my/agents/", body))["agent_id"]
        question = {"content": f"Repeat {canary(user_id)}", "target_agent": agent}
        answer = await caller.ok("POST", f"/my/chat/{chat}/message/?wait=20", question)
        await caller.ok("PUT", f"/my/agents/{agent}/", body)
        treasure.ids |= {str(chat), agent, answer["run_id"], answer["message_id"], answer["answer_id"]}
    return treasure
