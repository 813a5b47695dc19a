"""The server is killed while a tool call waits for its user, and while one is at work."""

from __future__ import annotations

from pathlib import Path

from tests.support.household import Household
from tests.support.model_server import ModelServer
from tests.support.serve import StartServe
from tests.support.tool_people import chosen, photo
from tests.support.tool_scripts import calling


async def test_a_photo_is_asked_for_and_sent_across_a_kill_9(
    start_serve: StartServe, tmp_path: Path, model_server: ModelServer
) -> None:
    # given an agent that asked for a photo, and beside it for the time, which is allowed
    household = Household(start_serve, tmp_path / "data", model_server)
    await household.begin()
    await household.post("/auth/register", {"email": "ann@example.org", "password": "correct horse battery"})
    tools = [*chosen("camera"), *chosen(current_time="allow")]
    model = {"provider": "openai", "name": "echo"}
    await household.post("/my/agents/", {"name": "Coder", "model": model, "tools": tools})
    chat = (await household.post("/my/chat/sessions/", {}))["id"]
    content = "@coder " + calling(["Let me see.", ("camera", {}), ("current_time", {})])
    run_id = (await household.post(f"/my/chat/{chat}/message/", {"content": content}))["run_id"]
    await household.until(run_id, lambda run: run["status"] == "waiting")

    # when the server is killed while it waits, and the user answers the next one
    await household.kill()
    history = (await household.http.get(f"/my/chat/{chat}/")).json()
    [approval] = (await household.http.get("/my/approvals/?status=pending")).json()["items"]
    await household.post(f"/my/tools/{approval['id']}/confirm/", {"result": {"image": photo()}})

    # then the page sees what there was, and the agent goes on, asking its model once more and not twice
    [_, waiting] = history["items"]
    assert (waiting["status"], waiting["content"]) == ("streaming", "Let me see.")
    assert [call["status"] for call in waiting["tool_calls"]] == ["waiting", "ok"]
    run = await household.until(run_id, lambda run: run["status"] not in ("waiting", "running"))
    assert run["status"] == "completed"
    assert dict(model_server.log.models) == {"echo": 2}
    [_, answer] = (await household.http.get(f"/my/chat/{chat}/")).json()["items"]
    assert [call["status"] for call in answer["tool_calls"]] == ["ok", "ok"]
    assert answer["content"].startswith("Let me see.\n\nTool said: ")
    assert "8 x 6 pixels" in answer["content"]
    await household.http.aclose()
