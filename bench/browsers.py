"""People who sit before the page of an API process, type with all ten fingers, and believe what they see.

What they read is the page's, never the API's: after the last blow, and again after a reload, each text that they sent
must stand there once, with one whole answer that repeats it. A message of which the page says that it was not sent is
sent again by the page's own button, as somebody would who reads that.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Page, async_playwright

from bench.reading import Row, flaws_now, read_all, wrongs
from tests.e2e.person import Person, composer, sign_up
from tests.support.chromium import FLAGS, chromium

_WORDS: Final = (
    "river",
    "lamp",
    "seven",
    "cloud",
    "paper",
    "stone",
    "garden",
    "letter",
    "north",
    "bread",
    "window",
    "salt",
)
_KEY_MS: Final = 6
_LOOK_SECONDS: Final = 0.25
_SETTLED_SECONDS: Final = 30.0
"""A page that is still not whole so long after everybody was ready is as a user would call it: broken."""
_PICTURE_EVERY_SECONDS: Final = 20.0
_FAILED_REQUESTS: Final = ("the server responded with a status of", "net::ERR_", "Failed to load resource")
"""What a browser itself says when nobody answers it."""


@dataclass
class Sitter:
    """One of them. said: every text that was sent, whatever became of it."""

    name: str
    address: str
    person: Person
    page: Page
    pictures: Path
    said: list[str] = field(default_factory=list[str])
    retries: int = 0
    """Messages that the page gave up, and that were sent again by hand."""
    apart_seconds: float = 0.0
    """How long the page showed that it was cut off."""
    ugly: list[str] = field(default_factory=list[str])
    """What a user would call a fault, whenever it was seen."""
    settled_after: float | None = None

    @classmethod
    async def begin(cls, context: BrowserContext, name: str, address: str, pictures: Path) -> Sitter:
        """A new account with an agent and an open chat."""
        person = await sign_up(context, f"{name}@example.org")
        await person.api("POST", "/my/agents/", _AGENT)
        chat = await person.chat()
        page = await context.new_page()
        page.on("console", lambda message: _note(person, message))
        page.on("pageerror", lambda error: person.complaints.append(f"uncaught: {error}"))
        await page.goto(f"/chat/{chat}")
        await composer(page).wait_for()
        return cls(name, address, person, page, pictures)

    async def talk(self, random: Random, may_begin: Callable[[], bool]) -> None:
        """Types one message after the other as long as another may begin, without waiting for each answer."""
        while may_begin():
            await self._say(random)
            await self.send_again()
            await asyncio.sleep(random.uniform(0.5, 3))

    async def _say(self, random: Random) -> None:
        words = " ".join(random.choices(_WORDS, k=random.randint(3, 40)))
        text = (
            f"{self.name}-{len(self.said) + 1} {words} [[answer first_ms=100 delay_ms={random.choice((20, 60, 90))}]]"
        )
        field = composer(self.page)
        await field.click()
        await self.page.keyboard.type(text, delay=_KEY_MS)
        if (typed := await field.input_value()) != text:
            self.ugly.append(f"typed {text!r}, and the field says {typed!r}")
            await field.fill(text)
        self.said.append(text)
        await self.page.keyboard.press("Enter")
        with suppress(Error):
            await self.page.wait_for_function(_IS_EMPTY, timeout=3_000)
            return
        self.ugly.append(f"the field kept what was sent: {await field.input_value()!r}")
        await field.fill("")

    async def send_again(self) -> None:
        """Presses the button of each message that was not sent."""
        for _ in range(await self.page.locator(_RETRY).count()):
            with suppress(Error):  # it may have gone meanwhile
                await self.page.locator(_RETRY).first.click(timeout=1_000)
                self.retries += 1

    async def watch(self) -> None:
        """Measures for ever how long the page is cut off, and takes a picture now and then."""
        seen, number, next_picture = time.monotonic(), 0, time.monotonic() + _PICTURE_EVERY_SECONDS / 2
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            apart = await self.is_apart()
            now = time.monotonic()
            if apart:
                self.apart_seconds += now - seen
            seen = now
            if flaws := await flaws_now(self.page, self.said):
                self.ugly += flaws
                await self.picture(f"flaw-{len(self.ugly)}")
            if now >= next_picture:
                number, next_picture = number + 1, now + _PICTURE_EVERY_SECONDS
                await self.picture(f"{number:02}-apart" if apart else f"{number:02}")

    async def is_apart(self) -> bool:
        """Whether the page says that it is cut off."""
        return await self.page.get_by_text("Reconnecting…").count() > 0

    async def picture(self, name: str) -> None:
        """What is on the screen now."""
        await self.page.screenshot(path=self.pictures / f"{self.name}-{name}.png")

    async def settle(self) -> list[str]:
        """Waits until the page is as it must be, everybody being ready again, and sends again what it says was not
        sent; what is still wrong when a user would wait no longer."""
        began = time.monotonic()
        found: Sequence[str] = ["never looked at"]
        while found and time.monotonic() - began < _SETTLED_SECONDS:
            await self.send_again()
            await asyncio.sleep(_LOOK_SECONDS)
            found = await self.faults()
        if not found and self.settled_after is None:
            self.settled_after = round(time.monotonic() - began, 1)
        await self.picture("end")
        return [f"{self.name}'s page: {fault}" for fault in found]

    async def after_reload(self) -> list[str]:
        """Loads the page again; what is wrong then."""
        await self.page.reload()
        await composer(self.page).wait_for()
        found = await self.settle()
        await self.picture("reloaded")
        return [f"after a reload, {fault}" for fault in found]

    async def faults(self) -> list[str]:
        """What is wrong with what the page shows, without another word to the server."""
        found = ["it says that it is reconnecting"] if await self.is_apart() else []
        for what, where in _LEFT_OVER.items():
            if await self.page.locator(where).count():
                found.append(what)
        if found:
            return found
        return wrongs(self.said, await self.rows(), in_order=not self.retries)

    async def rows(self) -> list[Row]:
        """The whole conversation, as it can be scrolled through."""
        return await read_all(self.page)


@dataclass
class Sitters:
    """Everybody who sits before a page."""

    everyone: list[Sitter]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    _watching: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def begin(self, seed: int, may_begin: Callable[[], bool]) -> None:
        """Lets them talk."""
        for number, each in enumerate(self.everyone):
            self._tasks.append(asyncio.create_task(each.talk(Random(seed * 100 + number), may_begin)))
            self._watching.append(asyncio.create_task(each.watch()))

    async def end(self) -> list[str]:
        """Everybody says the last, and reads; what they call a fault."""
        found = [repr(end) for end in await asyncio.gather(*self._tasks, return_exceptions=True) if end is not None]
        for told in await asyncio.gather(*(each.settle() for each in self.everyone)):
            found += told
        for each in self._watching:
            each.cancel()
        ends = await asyncio.gather(*self._watching, return_exceptions=True)
        found += [repr(end) for end in ends if not isinstance(end, asyncio.CancelledError)]
        for each in self.everyone:
            found += [f"{each.name}: {what}" for what in dict.fromkeys(each.ugly)]
            found += await each.after_reload()
            found += [f"{each.name}'s console: {what}" for what in each.person.complaints]
        return found

    async def figures(self) -> list[dict[str, Any]]:
        """What is to be told of each."""
        return [
            {
                "name": each.name,
                "messages": len(each.said),
                "answers": sum(row.role == "assistant" for row in await each.rows()),
                "sent_again_by_hand": each.retries,
                "seconds_cut_off": round(each.apart_seconds, 1),
                "settled_after_seconds": each.settled_after,
                "ugly": dict(Counter(each.ugly)),
            }
            for each in self.everyone
        ]


@asynccontextmanager
async def sitters(addresses: Sequence[str], number: int, pictures: Path) -> AsyncGenerator[Sitters]:
    """So many people in one Chromium, each with a profile of their own and before another process's page.

    pictures: a directory for what was to be seen, now and then.
    """
    if not number:
        yield Sitters([])
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        everyone: list[Sitter] = []
        for place in range(number):
            address = addresses[place % len(addresses)]
            context = await browser.new_context(
                base_url=address, locale="en-US", viewport={"width": 1280, "height": 800}
            )
            everyone.append(await Sitter.begin(context, f"sitter{place + 1}", address, pictures))
        yield Sitters(everyone)
        await browser.close()


def _note(person: Person, message: ConsoleMessage) -> None:
    if message.type in ("error", "warning") and not any(each in message.text for each in _FAILED_REQUESTS):
        person.complaints.append(message.text)


_AGENT: Final = {"name": "Coder", "model": {"provider": "openai", "name": "echo"}, "concurrency_limit": 4}
_IS_EMPTY: Final = "document.querySelector('textarea').value === ''"
_RETRY: Final = "[role=alert] div:has(> button:text-is('Discard')) > button:text-is('Try again')"
_LEFT_OVER: Final = {
    "a message was not sent": "[role=alert] button:text-is('Discard')",
    "a message is still being sent": "section[aria-label=Messages] >> text='Sending…'",
    "it asks to sign in again": "role=dialog[name='Please sign in again']",
    "an answer is still waited for": "section[aria-label=Messages] .animate-dot",
    "it offers to stop an answer": "role=button[name='Stop']",
}
