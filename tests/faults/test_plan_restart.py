"""The server is killed in the middle of every stage of a plan, or of a tool call: the next one goes on, and pays for
nothing twice."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest

from tests.support.household import Household
from tests.support.model_server import ModelServer
from tests.support.plans import PLANNER, plan, request, task
from tests.support.serve import StartServe
from tests.support.tool_people import chosen, photo
from tests.support.tool_scripts import calling

GRAPH = plan(
    task("a", do="[[answer text=first]]"),
    task("b", "a", agent="writer", do="[[slow tokens=40]]"),
    task("c", "b", do="[[answer text=last]]"),
)


@pytest.fixture(scope="module")
async def household(
    start_lasting_serve: StartServe, tmp_path_factory: pytest.TempPathFactory, running_model_server: ModelServer
) -> AsyncGenerator[Household]:
    data = tmp_path_factory.mktemp("household") / "data"
    async with Household.lasting(start_lasting_serve, data, running_model_server) as household:
        yield household


def _task(name: str, status: str) -> Callable[[dict[str, Any]], bool]:
    return lambda run: any(each["task_id"] == name and each["status"] == status for each in run["tasks"])


async def _asked(model: ModelServer, _household: Household, _run: str) -> None:
    await model.wait_until("open", 1)


async def _waits(_model: ModelServer, household: Household, run_id: str) -> None:
    await household.until(run_id, lambda run: run["status"] == "waiting")


async def _works(model: ModelServer, household: Household, run_id: str) -> None:
    await household.until(run_id, _task("b", "running"))
    await model.wait_until("open", 1)


async def _sums_up(model: ModelServer, household: Household, run_id: str) -> None:
    await household.until(run_id, _task("synthesis", "running"))
    await model.wait_until("open", 1)


Stage = Callable[[ModelServer, Household, str], Awaitable[None]]


@pytest.mark.parametrize(
    ("stage", "message", "repeated"),
    [
        (_asked, request("hang", GRAPH), "planner"),
        (_waits, request(GRAPH), None),
        (_works, request(GRAPH), "echo"),
        (_sums_up, request(GRAPH, text="[[slowly]] Do it."), "planner"),
    ],
    ids=["planning", "waiting", "working", "summing up"],
)
async def test_a_plan_survives_kill_9(
    household: Household,
    model_server: ModelServer,
    stage: Stage,
    message: str,
    repeated: str | None,
) -> None:
    # given somebody with a team, whose plan has come to this stage
    await household.newcomer()
    for name in ("Coder", "Writer"):
        await household.post("/my/agents/", {"name": name, "model": {"provider": "openai", "name": "echo"}})
    policy = "always" if stage is _waits else "never"
    await household.http.put("/my/orchestrators/", json={"model": PLANNER, "plan_approval": policy})
    chat = (await household.post("/my/chat/sessions/", {}))["id"]
    run_id = (await household.post(f"/my/chat/{chat}/message/", {"content": message}))["run_id"]
    await stage(model_server, household, run_id)

    # when the server is killed and another one starts
    begun = time.monotonic()
    await household.kill()
    if stage is _waits:
        [approval] = (await household.http.get("/my/approvals/?status=pending")).json()["items"]
        await household.post(f"/my/tools/{approval['id']}/confirm/", {})
    run = await household.until(run_id, lambda run: run["status"] not in ("queued", "running", "waiting"))

    # then it comes to its end soon, and only what was in the middle is asked for once more
    assert run["status"] == "completed", run
    assert time.monotonic() - begun < 30
    assert [each["status"] for each in run["tasks"]] == ["done"] * 5
    expected = {"planner": 2, "echo": 3}
    if repeated is not None:
        expected[repeated] += 1
    assert dict(model_server.log.models) == expected
    items = (await household.http.get(f"/my/chat/{chat}/")).json()["items"]
    assert [(item["role"], item["status"]) for item in items] == [("user", "complete"), ("assistant", "complete")]


async def test_a_photo_is_asked_for_and_sent_across_a_kill_9(household: Household, model_server: ModelServer) -> None:
    # given an agent that asked for a photo, and beside it for the time, which is allowed
    await household.newcomer()
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
