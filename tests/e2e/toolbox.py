"""An agent with tools, and what its questions look like in the page."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Locator, Page

from tests.e2e.person import Person, say


async def ask_for(person: Person, tool: str, arguments: str = "{}", **more: Any) -> Page:
    """A new agent that has this tool alone, and a chat in which it wants to use it. `more`: the agent's."""
    page = await with_tool(person, tool, **more)
    await say(page, wish(arguments))
    return page


async def with_tool(person: Person, tool: str, policy: str | None = None, **more: Any) -> Page:
    """A new agent that has this tool alone, and a chat with it, open in a tab."""
    await person.agent("Coder", tools=[{"tool_id": tool, "enabled": True, "policy": policy}], **more)
    return await person.page(f"/chat/{await person.chat('Tools')}")


def wish(arguments: str = "{}", text: str = "Please") -> str:
    """What is said for an agent to call its tool."""
    return f"{text} [[tool {arguments}]]"


def dialog(page: Page) -> Locator:
    """What an agent asks of the page itself."""
    return page.get_by_role("dialog")


def question(page: Page) -> Locator:
    """The cards of what waits, in the conversation."""
    return page.get_by_role("main").get_by_role("article", name=re.compile(" asks | wants "))


def calls(page: Page) -> Locator:
    """The lines of the tool calls, in the conversation."""
    return page.get_by_role("main").get_by_role("list", name="Tools used").get_by_role("listitem")
