"""People who have plans made through the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Person
from tests.support.plans import PLANNER, plan, task

TWO = plan(task("t1"), task("t2", agent="writer"), task("t3", "t1", "t2"))


@pytest.fixture
async def boss(ann: Person) -> Person:
    """Somebody with two agents, whose orchestrator plans by script and asks before several tasks."""
    await ann.agent("Coder")
    await ann.agent("Writer")
    await settings(ann)
    return ann


async def settings(person: Person, **changed: Any) -> None:
    """Changes how the orchestrator plans."""
    answer = await person.http.put("/my/orchestrators/", json={"model": PLANNER, **changed})
    assert answer.status_code == 200, answer.text


async def begin(person: Person, content: str) -> tuple[int, str]:
    """Sends a message without waiting; answers the chat and the run."""
    chat = await person.chat()
    answer = await person.http.post(f"/my/chat/{chat}/message/", json={"content": content})
    assert answer.status_code == 202, answer.text
    return chat, answer.json()["run_id"]


async def look(person: Person, run_id: str) -> dict[str, Any]:
    """The run now."""
    return (await person.http.get(f"/my/runs/{run_id}/")).json()


async def until(person: Person, run_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run, as soon as it is so."""
    async with asyncio.timeout(20):
        while not holds(run := await look(person, run_id)):  # noqa: ASYNC110  # the API tells only when asked
            await asyncio.sleep(0.02)
    return run


def is_(status: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a run has this status."""
    return lambda run: run["status"] == status


def statuses(run: dict[str, Any]) -> dict[str, str]:
    """The tasks of a run by name."""
    return {each["task_id"]: each["status"] for each in run["tasks"]}


async def pending(person: Person) -> list[dict[str, Any]]:
    """What waits for the person."""
    return (await person.http.get("/my/approvals/", params={"status": "pending"})).json()["items"]


async def asked(person: Person, content: str) -> tuple[int, str, dict[str, Any]]:
    """A message whose plan waits: the chat, the run, the approval."""
    chat, run_id = await begin(person, content)
    await until(person, run_id, is_("waiting"))
    [approval] = await pending(person)
    return chat, run_id, approval


async def confirm(person: Person, approval: dict[str, Any], edited: dict[str, Any] | None = None) -> Any:
    """Says yes."""
    return await person.http.post(f"/my/tools/{approval['id']}/confirm/", json={"edited": edited} if edited else {})
