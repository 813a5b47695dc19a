"""Automatic mode: planning, approval, execution, over the real application."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Person
from tests.support.plans import PLANNER, plan, request, task


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


async def begin(person: Person, content: str) -> tuple[int, dict[str, Any]]:
    """Sends a message without waiting."""
    chat = await person.chat()
    answer = await person.http.post(f"/my/chat/{chat}/message/", json={"content": content})
    assert answer.status_code == 202, answer.text
    return chat, answer.json()


TWO = plan(task("t1"), task("t2", agent="writer"), task("t3", "t1", "t2"))


async def test_a_plan_that_needs_nobodys_word_runs_to_its_answer(boss: Person) -> None:
    await settings(boss, plan_approval="never")
    chat = await boss.chat()

    answer = (await boss.say(chat, request(TWO))).json()

    assert (answer["mode"], answer["status"]) == ("auto", "complete")
    for result in (
        '<result task="t1" by="@coder">',
        '<result task="t2" by="@writer">',
        '<result task="t3" by="@coder">',
    ):
        assert result in answer["content"]
    history = (await boss.http.get(f"/my/chat/{chat}/")).json()
    assert [item["role"] for item in history["items"]] == ["user", "assistant"]
    [made] = history["plans"]
    assert made["status"] == "completed"
    assert [(each["id"], each["status"], each["depends_on"]) for each in made["tasks"]] == [
        ("t1", "done", []),
        ("t2", "done", []),
        ("t3", "done", ["t1", "t2"]),
    ]
    [run] = history["runs"]
    assert [each["task_id"] for each in run["tasks"]] == ["plan", "t1", "t2", "t3", "synthesis"]
    assert run["status"] == "completed"
