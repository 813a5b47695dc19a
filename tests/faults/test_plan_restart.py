"""The server is killed in the middle of every stage of a plan: the next one goes on, and pays for nothing twice."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.household import Household
from tests.support.model_server import ModelServer
from tests.support.plans import PLANNER, plan, request, task
from tests.support.serve import StartServe

GRAPH = plan(
    task("a", do="[[answer text=first]]"),
    task("b", "a", agent="writer", do="[[slow tokens=40]]"),
    task("c", "b", do="[[answer text=last]]"),
)


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
    start_serve: StartServe,
    tmp_path: Path,
    model_server: ModelServer,
    stage: Stage,
    message: str,
    repeated: str | None,
) -> None:
    # given somebody with a team, whose plan has come to this stage
    household = Household(start_serve, tmp_path / "data", model_server)
    await household.begin()
    await household.post("/auth/register", {"email": "ann@example.org", "password": "correct horse battery"})
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
    await household.http.aclose()
