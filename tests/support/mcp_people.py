"""People who have MCP servers."""

from __future__ import annotations

from typing import Any

from tests.support.api import Person


async def add(person: Person, name: str, url: str, **more: Any) -> Any:
    """Adds a server; answers what came of it."""
    return await person.http.post("/my/mcp-servers/", json={"name": name, "url": url, **more}, timeout=60)


async def added(person: Person, name: str, url: str, **more: Any) -> dict[str, Any]:
    """The same, where it is stored."""
    answer = await add(person, name, url, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def servers(person: Person) -> list[dict[str, Any]]:
    """The person's servers."""
    return (await person.http.get("/my/mcp-servers/")).json()["items"]
