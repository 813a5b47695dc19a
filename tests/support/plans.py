"""Messages whose plan is known: the scripted model `planner` fills in what the message carries."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import orjson

PLANNER: dict[str, Any] = {"provider": "openai", "name": "planner"}
"""The orchestrator's model in these tests."""


def task(name: str, *after: str, agent: str = "coder", do: str = "") -> dict[str, Any]:
    """A task of a plan; `do` may hold a directive of the scripted model."""
    return {"id": name, "agent": agent, "instruction": do or f"Do {name}.", "depends_on": list(after)}


def plan(*tasks: dict[str, Any]) -> dict[str, Any]:
    """A plan as a model gives it."""
    return {"tasks": list(tasks)}


def request(*answers: dict[str, Any] | str, text: str = "Do it together.") -> str:
    """A message for which the planner gives these plans (or texts), one for each time it is asked."""
    return " ".join([text, *map(_graph, answers)])


def _graph(answer: dict[str, Any] | str) -> str:
    given = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
    return f"[[graph {base64.urlsafe_b64encode(given.encode()).decode()}]]"


def chain(names: Sequence[str]) -> dict[str, Any]:
    """A plan whose tasks wait for each other one by one."""
    return plan(*(task(name, *names[max(0, place - 1) : place]) for place, name in enumerate(names)))
