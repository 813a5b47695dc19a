"""A team with an orchestrator, and what its plans look like in the page."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.e2e.person import Person, answers, composer, say
from tests.support.plans import PLANNER


async def gather_team(person: Person, **settings: Any) -> None:
    """Two agents, and an orchestrator that plans by script."""
    await person.agent("Coder")
    await person.agent("Writer")
    await configure(person, **settings)


async def configure(person: Person, **settings: Any) -> None:
    """How the orchestrator plans."""
    await person.api("PUT", "/my/orchestrators/", {"model": PLANNER, **settings})


async def ask(page: Page, content: str) -> None:
    """Sends a message to nobody in particular."""
    await expect(composer(page)).to_be_focused()
    await page.get_by_role("button", name="Who answers").click()
    await page.get_by_role("menuitemradio", name="Auto").click()
    await say(page, content)


async def asked(person: Person, content: str) -> Page:
    """A new chat, open in a tab, in which that was asked."""
    page = await person.page(f"/chat/{await person.chat('Together')}")
    await ask(page, content)
    return page


def answer(page: Page) -> Locator:
    """The text of the last answer in the conversation."""
    return answers(page.get_by_role("main")).last


def card(page: Page, *, rest: bool = False) -> Locator:
    """The card of the plan, or of the plan for the rest."""
    return page.get_by_role("region", name=re.compile("^Plan for the rest · " if rest else "^Plan · "))


def node(page: Page, number: int) -> Locator:
    """A task in the graph."""
    return page.get_by_role("button", name=re.compile(f"Task {number} of "))


def row(page: Page, number: int) -> Locator:
    """A task in the list of a plan that waits."""
    return card(page).get_by_role("listitem").nth(number - 1)


def panel(page: Page) -> Locator:
    """The task that is open beside the conversation."""
    return page.get_by_role("region", name=re.compile("^Task "))


def inbox(page: Page) -> Locator:
    """The way to what waits, with how much that is."""
    return page.get_by_role("navigation").get_by_role("link", name=re.compile("^Waiting for you"))


async def confirm(page: Page) -> None:
    """Says yes."""
    await card(page).last.get_by_role("button", name=re.compile("^Confirm")).click()


async def run_of(person: Person, page: Page) -> Any:
    """The last run of the chat in this tab, as the server has it."""
    chat = re.search(r"/chat/(\d+)", page.url)
    assert chat
    return (await person.api("GET", f"/my/chat/{chat[1]}/"))["runs"][-1]


def tasks_of(run: Any) -> dict[str, tuple[str, int]]:
    """Status and attempt of each task."""
    return {task["task_id"]: (task["status"], task["attempt"]) for task in run["tasks"]}
