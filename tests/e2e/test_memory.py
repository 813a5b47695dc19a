"""What is remembered: seen, found, corrected and forgotten in the page; switched off where it is not wanted."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.e2e.looks import faults, too_wide
from tests.e2e.person import Person, answers, say

_DOG = "My dog is called Bublik and he is three years old."


def _entries(page: Page) -> Locator:
    return page.get_by_role("list", name="Memories").get_by_role("listitem")


def _search(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search the memory")


async def _note(person: Person, text: str) -> Any:
    return await person.api("POST", "/my/memory/", {"text": text})


async def _indexed(person: Person) -> None:
    """Waits until everything that is remembered can be found."""
    async with asyncio.timeout(60):
        while (state := await person.api("GET", "/my/memory/state/"))["status"] != "ready" or state["waiting"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _choose(page: Page, entry: Locator, action: str) -> None:
    await entry.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name=action, exact=True).click()


async def test_a_note_is_added_found_by_its_meaning_edited_and_forgotten(maria: Person) -> None:
    page = await maria.page("/memory")
    await expect(page.get_by_role("heading", name="Nothing is remembered yet")).to_be_visible()

    await page.get_by_role("button", name="Add note").last.click()
    await page.get_by_role("textbox", name="What is to be remembered").fill(_DOG)
    await page.keyboard.press("Control+Enter")
    await expect(_entries(page)).to_have_text(re.compile("Bublik"))
    await expect(page.get_by_text("1 memory", exact=True)).to_be_visible()
    await expect(_entries(page)).not_to_contain_text("not searchable yet")

    # Other words, another language: nothing of the note's own is in the question.
    await _search(page).fill("Как зовут моего пса?")
    await expect(_entries(page)).to_contain_text(re.compile(r"\d+% by meaning"))

    await _choose(page, _entries(page), "Edit")
    await _entries(page).get_by_role("textbox").fill("My dog is called Rex.")
    await _entries(page).get_by_role("button", name="Save").click()
    await expect(_entries(page)).to_contain_text("My dog is called Rex.")
    await expect(_entries(page)).to_contain_text("edited")
    await page.reload()
    await expect(_search(page)).to_have_value("Как зовут моего пса?")
    await expect(_entries(page)).to_contain_text("Rex")

    await _choose(page, _entries(page), "Forget")
    await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await expect(_search(page)).to_be_focused()
    assert (await maria.api("GET", "/my/memory/"))["items"] == []


async def test_an_answer_shows_what_it_recalled_and_that_it_was_forgotten(maria: Person) -> None:
    await maria.agent()
    await _note(maria, _DOG)
    await _indexed(maria)
    page = await maria.page()

    await say(page, "What is my dog called?")
    await page.get_by_role("button", name="Recalled 1 memory").click()
    recalled = page.get_by_role("main").get_by_role("listitem").filter(has_text="Bublik")
    await expect(recalled).to_contain_text(re.compile(r"\d+% by meaning"))

    await recalled.get_by_role("button", name="Forget").click()
    await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(page.get_by_text("You have forgotten this memory.")).to_be_visible()
    await expect(page.get_by_role("button", name="Recalled 1 memory")).to_be_focused()
    await page.reload()
    await page.get_by_role("button", name="Recalled 1 memory").click()
    await expect(page.get_by_text("You have forgotten this memory.")).to_be_visible()
    await expect(page.get_by_text("Bublik")).to_have_count(0)


async def test_what_was_said_leads_to_its_message(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Dogs")
    page = await maria.page(f"/chat/{chat}")
    await say(page, _DOG)
    await expect(answers(page).last).to_contain_text("Bublik")

    await page.get_by_role("link", name="Memory", exact=True).click()
    entry = _entries(page).filter(has_text="You to Coder")
    await expect(entry).to_contain_text(_DOG)
    await entry.get_by_role("link", name="Dogs").click()

    message = page.locator("[data-message]").first
    await expect(message).to_be_focused()
    await expect(message).to_contain_text(_DOG)
    await expect(page).to_have_url(re.compile(rf"/chat/{chat}$"))


async def test_other_tabs_follow(maria: Person) -> None:
    first = await maria.page("/memory")
    await expect(first.get_by_role("heading", name="Nothing is remembered yet")).to_be_visible()
    second = await maria.page("/memory")
    await expect(second.get_by_role("heading", name="Nothing is remembered yet")).to_be_visible()

    note = await _note(maria, _DOG)
    await expect(_entries(first)).to_contain_text("Bublik")
    await expect(_entries(second)).to_contain_text("Bublik")
    await maria.api("PATCH", f"/my/memory/{note['id']}/", {"text": "He is called Rex."})
    await expect(_entries(first)).to_contain_text("Rex")
    await _choose(first, _entries(first), "Forget")
    await first.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(_entries(second)).to_have_count(0)


async def test_all_of_a_chat_and_then_everything_is_forgotten(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Dogs")
    await maria.api("PUT", "/my/memory/profile/", {"text": "I live in Kazan."})
    await _note(maria, "Invoices go out before the 25th of each month.")
    said = await maria.api("POST", f"/my/chat/{chat}/message/?wait=20", {"content": f"@coder {_DOG}"})
    page = await maria.page("/memory")
    entry = _entries(page).filter(has_text="You to Coder")
    await expect(entry).to_contain_text("Bublik")

    await _choose(page, entry, "Only this chat")
    await expect(_entries(page).filter(has_text="Invoices")).to_have_count(0)
    await _choose(page, entry, "Forget all of this chat")
    await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(page.get_by_text("Nothing is remembered that fits these filters.")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(_entries(page).filter(has_text="Invoices")).to_be_visible()
    await expect(_entries(page)).to_have_count(1)

    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Forget everything").click()
    window = page.get_by_role("dialog")
    await expect(window.get_by_role("button", name="Forget everything")).to_be_disabled()
    await window.get_by_role("textbox").fill("forget")
    await window.get_by_role("button", name="Forget everything").click()
    await expect(page.get_by_role("heading", name="Nothing is remembered yet")).to_be_visible()
    assert (await maria.api("GET", "/my/memory/profile/"))["text"] == ""
    history = await maria.api("GET", f"/my/chat/{chat}/")
    assert said["message_id"] in [message["id"] for message in history["items"]]


async def test_everything_can_be_taken_along(maria: Person) -> None:
    await _note(maria, _DOG)
    page = await maria.page("/memory")

    async with page.expect_download() as coming:
        await page.get_by_role("button", name="More").click()
        await page.get_by_role("menuitem", name="Export as a file").click()
    path = await (await coming.value).path()

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["text"] for line in lines] == ["", _DOG]


async def test_what_every_agent_knows_is_written_and_learning_is_switched(maria: Person) -> None:
    page = await maria.page("/memory/profile")
    text = page.get_by_role("textbox", name="What every agent should know about you")
    await text.fill("ж" * 3201)
    await expect(page.get_by_text("3,201 of 3,200 characters")).to_be_visible()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()

    await text.fill("I live in Kazan.")
    learn = page.get_by_role("switch", name="Learn facts from chats")
    await expect(learn).to_be_checked()
    await learn.click()
    await expect(learn).not_to_be_checked()
    # What is being written is not lost by it.
    await expect(text).to_have_value("I live in Kazan.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. The next answer knows it.")).to_be_visible()

    profile = await maria.api("GET", "/my/memory/profile/")
    assert (profile["text"], profile["learn"]) == ("I live in Kazan.", False)
    await page.reload()
    await expect(text).to_have_value("I live in Kazan.")
    await expect(learn).not_to_be_checked()


async def test_a_chat_and_an_agent_are_not_remembered(maria: Person) -> None:
    agent = await maria.agent()
    chat = await maria.chat("Secrets")
    page = await maria.page(f"/chat/{chat}")

    await page.get_by_role("button", name="Actions for “Secrets”").click()
    await page.get_by_role("menuitem", name="Do not remember this chat").click()
    await expect(page.get_by_role("main").get_by_text("Not remembered")).to_be_visible()
    chats = (await maria.api("GET", "/my/chat/sessions/"))["items"]
    assert [each["memory"] for each in chats] == [False]
    await page.get_by_role("button", name="Actions for “Secrets”").click()
    await page.get_by_role("menuitem", name="Remember this chat").click()
    await expect(page.get_by_role("main").get_by_text("Not remembered")).to_have_count(0)

    await page.goto(f"/agents/{agent['agent_id']}")
    await page.get_by_role("switch", name="What it says is remembered").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Coder was saved.")).to_be_visible()
    assert (await maria.api("GET", "/my/agents/"))["items"][0]["memory"] == {"recall": True, "save": False}


async def test_a_search_that_is_away_says_so(maria: Person) -> None:
    await _note(maria, _DOG)
    page = await maria.page("/memory")
    await expect(_entries(page)).to_have_count(1)
    problem = {"type": "/problems/memory-unavailable", "title": "Not now", "status": 503}
    await page.route(
        re.compile(r"/my/memory/\?.*q="),
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem)),
    )

    await _search(page).fill("dog")
    await expect(page.get_by_role("heading", name="The search is not available just now")).to_be_visible()
    await page.get_by_role("button", name="Show everything without searching").click()
    await expect(_entries(page)).to_have_count(1)
    await expect(_search(page)).to_have_value("")
    await page.unroute_all(behavior="wait")


async def test_an_answer_that_memory_did_not_answer_for_says_so(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Dogs")
    await maria.api("POST", f"/my/chat/{chat}/message/?wait=20", {"content": "@coder What is my dog called?"})
    page = await maria.page()

    async def missed(route: Route) -> None:
        history = await (await route.fetch()).json()
        for message in history["items"]:
            message["memory_missed"] = message["role"] == "assistant"
        await route.fulfill(json=history)

    await page.route(re.compile(rf"/my/chat/{chat}/(\?|$)"), missed)
    await page.goto(f"/chat/{chat}")
    note = page.get_by_text("Memory did not answer in time: this answer is without memories.")
    await expect(note).to_have_count(1)
    assert await faults(page) == []
    await page.unroute_all(behavior="wait")


@pytest.mark.parametrize(("theme", "locale"), [("light", "en"), ("dark", "ru")])
async def test_axe_finds_nothing_and_everything_fits(maria: Person, theme: Any, locale: str) -> None:
    await maria.agent()
    await maria.api("PATCH", "/auth/me", {"locale": locale})
    await _note(maria, "long" * 120 + "\n" + "A line.\n" * 12)
    await _note(maria, _DOG)
    await _indexed(maria)
    page = await maria.page("/memory?q=dog")
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await page.set_viewport_size({"width": 360, "height": 700})
    entry = page.get_by_role("main").get_by_role("listitem")
    found: list[str] = []

    async def look(where: str) -> None:
        found.extend(f"{where} {fault}" for fault in await faults(page) + await too_wide(page, 360))

    await expect(entry.first).to_contain_text("Bublik")
    await look("found")
    await entry.first.get_by_role("button", name=re.compile("Actions|Действия")).click()
    await page.get_by_role("menuitem", name=re.compile("^(Edit|Изменить)$")).click()
    await expect(entry.first.get_by_role("textbox")).to_be_focused()
    await look("edited")
    await page.keyboard.press("Escape")
    await expect(entry.first.get_by_role("textbox")).to_have_count(0)
    await page.goto("/memory/profile")
    await expect(page.get_by_role("main").get_by_role("textbox")).to_be_visible()
    await look("profile")
    await page.goto("/")
    field = page.get_by_role("textbox", name=re.compile("^(Message|Сообщение)$"))
    await field.fill("What is my dog called?")
    await field.press("Enter")
    await page.get_by_role("button", name=re.compile("Recalled|Вспомнилось")).click()
    await expect(answers(page)).to_be_visible()
    await look("recalled")
    await page.get_by_role("main").get_by_role("button", name=re.compile("^(Forget|Забыть)$")).first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await look("forget")
    assert found == []
