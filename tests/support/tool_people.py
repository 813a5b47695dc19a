"""People whose agents have tools, and what became of the calls."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import Any

from PIL import Image

from tests.support.api import Person
from tests.support.planning import begin, is_, look, pending, until

LOCATION = {"latitude": 55.75, "longitude": 37.62, "accuracy": 20.0}


def chosen(*tools: str, **policies: str) -> list[dict[str, Any]]:
    """Tools of an agent: by their ids, and by id=policy."""
    return [{"tool_id": tool} for tool in tools] + [
        {"tool_id": tool, "policy": policy} for tool, policy in policies.items()
    ]


async def ask(person: Person, content: str, handle: str = "coder") -> tuple[int, str]:
    """Sends a message to an agent without waiting; answers the chat and the run."""
    return await begin(person, f"@{handle} {content}")


async def asked_about(person: Person, content: str) -> tuple[str, dict[str, Any]]:
    """A message whose agent needs its user once: the run and the approval."""
    _, run_id = await ask(person, content)
    await until(person, run_id, is_("waiting"))
    [approval] = await pending(person)
    return run_id, approval


async def waiting_for(person: Person) -> list[dict[str, Any]]:
    """What waits for the person, as soon as something does."""
    async with asyncio.timeout(20):
        while not (found := await pending(person)):  # noqa: ASYNC110  # the API tells only when asked
            await asyncio.sleep(0.02)
    return found


async def yes(person: Person, approval: dict[str, Any], **body: Any) -> Any:
    """Confirms."""
    return await person.http.post(f"/my/tools/{approval['id']}/confirm/", json=body)


async def no(person: Person, approval: dict[str, Any], reason: str | None = None) -> Any:
    """Rejects."""
    return await person.http.post(f"/my/tools/{approval['id']}/reject/", json={"reason": reason})


async def answered(person: Person, run_id: str) -> dict[str, Any]:
    """The answer of a run, once it is over."""
    await until(person, run_id, lambda run: run["status"] in ("completed", "failed", "cancelled"))
    run = await look(person, run_id)
    history = (await person.http.get(f"/my/chat/{run['session_id']}/")).json()
    return next(item for item in history["items"] if item["id"] == run["answer_id"])


def calls(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Each call of an answer with its status."""
    return [(call["tool_id"], call["status"]) for call in answer["tool_calls"]]


def photo(kind: str = "jpeg", size: tuple[int, int] = (8, 6)) -> str:
    """A picture as a data URL."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
