"""Somebody who uses the page: what she prepares through the API, and what she does with the mouse and the keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

PASSWORD = "correct horse battery"
_EXPECTED = re.compile(r"the server responded with a status of|net::ERR_INTERNET_DISCONNECTED|net::ERR_FAILED")
"""What a browser itself says about answers that a test asks for; everything else is a complaint."""


@dataclass
class Person:
    """A signed-in user. `complaints`: errors and warnings of the page, such as breaches of the security policy."""

    context: BrowserContext
    email: str
    complaints: list[str] = field(default_factory=list[str])

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """A request with her cookie; the JSON of the answer."""
        answer = await self.context.request.fetch(path, method=method, data=body)
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
        return await answer.json() if answer.status != 204 else None

    async def agent(self, name: str = "Coder", **more: Any) -> Any:
        """Makes an agent that the scripted model answers for."""
        model = {"provider": "openai", "name": "scripted"}
        return await self.api("POST", "/my/agents/", {"name": name, "model": model, **more})

    async def chat(self, title: str = "") -> int:
        """Begins a chat."""
        return (await self.api("POST", "/my/chat/sessions/", {"title": title}))["id"]

    async def page(self, path: str = "/") -> Page:
        """A new tab at that address."""
        page = await self.context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(path)
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _EXPECTED.search(message.text):
            self.complaints.append(message.text)


async def sign_up(context: BrowserContext, email: str) -> Person:
    """A new account, whose cookie the context holds."""
    answer = await context.request.post("/auth/register", data={"email": email, "password": PASSWORD, "locale": "en"})
    assert answer.ok, await answer.text()
    return Person(context, email)


def composer(page: Page) -> Locator:
    """The field for the next message."""
    return page.get_by_role("textbox", name="Message", exact=True)


def answers(place: Page | Locator) -> Locator:
    """The texts of all answers, oldest first."""
    return place.locator(".prose-answer")


async def say(page: Page, text: str) -> None:
    """Writes a message and sends it."""
    await composer(page).fill(text)
    await composer(page).press("Enter")


async def numbered(page: Page, words: int, *, seconds: float = 20) -> None:
    """Waits until the last answer is "w0 w1 ..." of so many words, each of them once."""
    await expect(answers(page).last).to_have_text(
        " ".join(f"w{number}" for number in range(words)), timeout=seconds * 1000
    )
