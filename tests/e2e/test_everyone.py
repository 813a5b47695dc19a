"""The page for everyone: screen readers, small screens, both themes and languages."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.gates import Gate
from tests.e2e.looks import faults, too_wide
from tests.e2e.person import Person, answers, say
from tests.e2e.team import asked, card, gather_team
from tests.support.plans import plan, request, task

_PATHS = (
    "/",
    "/agents/new",
    "/settings/profile",
    "/settings/models",
    "/settings/servers",
    "/settings/api-keys",
    "/settings/sign-ins",
    "/settings/appearance",
    "/memory",
    "/memory/profile",
    "/setup",
    "/nowhere",
)
_HISTORY = re.compile(r"/my/chat/\d+/(\?|$)")
_ANSWER = "[[answer text=**Bold**_and_`code`_in_a_sentence_with_a_[link](https://example.org).]]"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(maria: Person, theme: Literal["light", "dark"]) -> None:
    await maria.agent()
    page = await maria.page()
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await say(page, f"Hello {_ANSWER}")
    await expect(answers(page).last).to_contain_text("sentence")
    found = await faults(page)
    await page.get_by_role("button", name="Who answers").click()
    await expect(page.get_by_role("menuitemradio", name="Auto")).to_be_visible()
    # An open menu stands in the page's root, in no landmark.
    found += await faults(page, but="region")

    for path in _PATHS:
        await page.goto(path)
        await expect(page.get_by_role("main")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        found += [f"{path} {fault}" for fault in await faults(page)]

    await page.goto("/")
    await expect(page.get_by_role("heading", name="Whom shall we ask?")).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += await faults(page)
    assert found == []


_LONG = "Compare_every_single_one_of_them_and_write_down_what_speaks_for_it_and_against_it_" * 3


@pytest.mark.parametrize(("theme", "locale"), [("light", "en"), ("dark", "ru")])
async def test_axe_finds_nothing_in_a_plan_and_what_belongs_to_it(
    maria: Person, theme: Literal["light", "dark"], locale: str
) -> None:
    gate = Gate()
    await gather_team(maria, budget_usd=100)
    page = await asked(maria, request(plan(task("t1", do=gate.directive), task("t2", "t1", agent="writer"))))
    await expect(card(page)).to_contain_text("Waiting for you")
    await maria.api("PATCH", "/auth/me", {"locale": locale})
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    plans = page.get_by_role("region", name=re.compile("2 tasks|2 задачи"))
    await page.reload()
    found: list[str] = []

    async def look(where: str) -> None:
        found.extend(f"{where} {fault}" for fault in await faults(page))

    await expect(plans.get_by_role("button", name=re.compile("^(Confirm|Подтвердить)"))).to_be_visible()
    await expect(page.locator(".react-flow__node").last).to_be_visible()
    await look("waiting")
    await plans.get_by_role("button", name=re.compile("^(Change tasks|Изменить задачи)")).click()
    await plans.get_by_role("button", name=re.compile("^(Leave out|Убрать)")).first.click()
    await plans.get_by_role("button", name=re.compile("^(Reword|Изменить текст)")).first.click()
    await look("changing")
    await page.goto("/inbox")
    await expect(page.get_by_role("main").get_by_role("listitem")).to_be_visible()
    await look("inbox")
    await page.go_back()
    await plans.get_by_role("button", name=re.compile("^(Undo all|Отменить все)")).click()
    await plans.get_by_role("button", name=re.compile("^(Confirm|Подтвердить)")).click()
    await plans.get_by_role("button", name=re.compile("@coder")).click()
    await expect(page.get_by_text("w3 w4").last).to_be_visible()
    await look("running")
    gate.open()
    await expect(plans).to_contain_text(re.compile("2 of 2|2 из 2"))
    await expect(answers(page.get_by_role("main")).last).to_contain_text("w0 w1")
    await look("done")
    for path in ("/inbox", "/usage", "/orchestrator"):
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        if path == "/usage":
            await expect(page.get_by_role("row").last).to_be_visible()
        await look(path)
    assert found == []


@pytest.mark.parametrize("locale", ["en", "ru"])
async def test_a_plan_fits_on_a_small_phone(maria: Person, locale: str) -> None:
    gate = Gate()
    await gather_team(maria, budget_usd=100)
    graph = plan(
        task("t1", do=f"{_LONG} {gate.directive}"),
        task("t2", agent="writer", do="Say [[answer text=" + "long" * 80 + "]]"),
        task("t3", "t1", "t2"),
    )
    page = await asked(maria, request(graph, text="Together"))
    await expect(card(page)).to_contain_text("Waiting for you")
    await maria.api("PATCH", "/auth/me", {"locale": locale})
    await page.set_viewport_size({"width": 360, "height": 700})
    await page.emulate_media(reduced_motion="reduce")
    plans = page.get_by_role("region", name=re.compile("3 tasks|3 задачи"))
    wide: list[str] = []

    async def look(where: str) -> None:
        wide.extend(f"{where}: {each}" for each in await too_wide(page, 360))

    await page.reload()
    await expect(plans.get_by_role("listitem")).to_have_count(3)
    await look("waiting")
    await plans.get_by_role("button", name=re.compile("^(Reword|Изменить текст)")).first.click()
    await plans.get_by_role("button", name=re.compile("^(Leave out|Убрать)")).last.click()
    await plans.get_by_role("button", name=re.compile("^(Reject|Отклонить)")).click()
    await look("changing")
    await plans.get_by_role("button", name=re.compile("^(Back|Назад)")).click()
    await plans.get_by_role("button", name=re.compile("^(Undo all|Отменить все)")).click()
    await page.goto("/inbox")
    await expect(page.get_by_role("main").get_by_role("listitem")).to_be_visible()
    await look("inbox")
    await page.go_back()
    await plans.get_by_role("button", name=re.compile("^(Confirm|Подтвердить)")).click()
    await plans.get_by_role("button", name=re.compile("@coder")).first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("w3 w4")
    await look("a task")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await look("running")
    gate.open()
    await expect(plans).to_contain_text(re.compile("3 of 3|3 из 3"))
    await expect(answers(page).last).to_contain_text("longlong")
    await look("done")
    for path in ("/usage", "/orchestrator"):
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await look(path)
    assert wide == []


async def test_axe_finds_nothing_at_the_door(browser: Browser, site: str) -> None:
    context = await browser.new_context(base_url=site)
    page = await context.new_page()
    await page.goto("/signin")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert await faults(page) == []
    await context.close()


async def test_everything_fits_on_a_small_phone(maria: Person) -> None:
    await maria.agent("An agent with a rather long name, longer than a phone is wide")
    chat = await maria.chat("A chat with a rather long title, longer than any phone is wide")
    page = await maria.page()
    await page.set_viewport_size({"width": 360, "height": 700})

    for path in (*_PATHS, f"/chat/{chat}"):
        await page.goto(path)
        await expect(page.get_by_role("main")).to_be_visible()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path

    await say(page, "[[answer text=" + "long" * 80 + "]]")
    await expect(answers(page).last).to_contain_text("longlong")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.get_by_role("button", name="Open the menu").click()
    await page.get_by_role("link", name="New chat", exact=True).click()
    await expect(page.get_by_role("heading", name="Whom shall we ask?")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_language_and_the_theme_are_kept(maria: Person) -> None:
    page = await maria.page("/settings/profile")
    await page.get_by_role("radio", name="Русский").click()
    await expect(page.get_by_role("heading", name="Профиль и язык")).to_be_visible()
    await page.goto("/settings/appearance")
    await page.get_by_role("radio", name="Тёмная").click()
    await page.reload()

    await expect(page.get_by_role("heading", name="Оформление")).to_be_visible()
    assert "dark" in (await page.locator("html").get_attribute("class") or "")
    assert (await maria.api("GET", "/auth/me"))["locale"] == "ru"


async def test_a_finished_answer_is_announced_once(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()
    await say(page, "Hello")

    await expect(page.get_by_role("status").filter(has_text="Coder has answered: You said: Hello")).to_have_count(1)


async def test_an_answer_that_was_over_before_its_page_opened_is_announced(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()

    async def late(route: Route) -> None:
        """The history comes when the answer is stored: how it began was never seen."""
        while not any(chat["title"] and not chat["running"] for chat in await _chats(maria)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await route.continue_()

    # The first history alone, and the test waits for it: a handler that outlives its page fails the next test.
    await page.route(_HISTORY, late, times=1)
    await say(page, "Hello")

    await expect(page.get_by_role("status").filter(has_text="Coder has answered: You said: Hello")).to_have_count(1)
    await page.unroute_all(behavior="wait")


async def _chats(person: Person) -> Any:
    return (await person.api("GET", "/my/chat/sessions/"))["items"]
