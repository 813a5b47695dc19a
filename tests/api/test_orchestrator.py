"""The orchestrator's configuration: F6."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Person


async def test_defaults_stand_until_something_is_changed(ann: Person) -> None:
    answer = await ann.http.get("/my/orchestrators/")

    assert answer.json() == {
        "model": None,
        "instructions": "",
        "max_parallel": 3,
        "max_tasks": 20,
        "plan_approval": "always",
        "cost_threshold_usd": None,
        "budget_usd": None,
    }


async def test_what_is_put_is_kept_and_followed(ann: Person) -> None:
    chat = await ann.chat()
    assert (await ann.say(chat, "one")).status_code == 200
    wanted = {
        "model": {"provider": "openai", "name": "echo", "temperature": None, "max_tokens": None},
        "instructions": "Answer in rhyme.",
        "max_parallel": 5,
        "max_tasks": 9,
        "plan_approval": "above_cost",
        "cost_threshold_usd": 0.5,
        "budget_usd": 10.0,
    }

    put = await ann.http.put("/my/orchestrators/", json=wanted)

    assert put.status_code == 200
    assert put.json() == (await ann.http.get("/my/orchestrators/")).json() == wanted
    assert (await ann.say(chat, "two")).json()["content"] == "You said: two"


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_parallel": 0},
        {"max_tasks": 1000},
        {"plan_approval": "perhaps"},
        {"budget_usd": -1},
        {"budget_usd": "Infinity"},
        {"model": {"provider": "nobody", "name": "x"}},
        {"unknown": 1},
    ],
)
async def test_what_cannot_be_is_refused(ann: Person, wrong: dict[str, Any]) -> None:
    answer = await ann.http.put("/my/orchestrators/", json=wrong)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(next(iter(wrong)))
