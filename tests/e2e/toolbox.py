"""An agent with tools, and what its questions look like in the page."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Locator, Page

from tests.e2e.person import Person, say


async def ask_for(person: Person, tool: str, arguments: str = "{}", **more: Any) -> Page:
    """A new agent that has this tool alone, and a chat in which it wants to use it."""
    await person.agent("Coder", tools=[{"tool_id": tool, "enabled": True, **more}])
    page = await person.page(f"/chat/{await person.chat('Tools')}")
    await say(page, f"Please [[tool {arguments}]]")
    return page


def dialog(page: Page) -> Locator:
    """What an agent asks of the page."""
    return page.get_by_role("dialog")


def question(page: Page) -> Locator:
    """The cards of what waits, in the conversation."""
    return page.get_by_role("main").get_by_role("region", name=re.compile("asks|wants"))
