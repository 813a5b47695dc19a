"""From nothing to a first answer, as somebody does it who has just started the server."""

from __future__ import annotations

import os
import time

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.person import PASSWORD, Person, answers


async def test_a_first_visit_leads_to_a_first_answer(browser: Browser, site: str) -> None:
    context = await browser.new_context(base_url=site, locale="en-US")
    page = await context.new_page()
    began = time.monotonic()

    await page.goto("/")
    await (
        page.get_by_role("button", name="I need an account").or_(page.get_by_text("Create the first")).first.wait_for()
    )
    if await page.get_by_role("button", name="I need an account").is_visible():
        await page.get_by_role("button", name="I need an account").click()
    await page.get_by_label("Email").fill(f"first.{os.getpid()}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()

    await expect(page.get_by_role("heading", name="Choose a model")).to_be_visible()
    await page.get_by_role("button", name="Demo model").click()
    await page.get_by_role("button", name="Test the connection").click()
    await expect(page.get_by_text("It works")).to_be_visible()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("switch", name="Tutor").click()
    await page.get_by_role("button", name="Create 4 agents").click()

    await expect(page.get_by_role("heading", name="Whom shall we ask?")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_focused()
    await page.get_by_role("button", name="Write a Python function").click()
    await page.keyboard.press("Enter")

    await expect(answers(page).last).to_contain_text("This is the demo model.", timeout=20_000)
    assert time.monotonic() - began < 60
    team = page.get_by_role("region", name="My agents")
    for name in ("Coder", "Writer", "Researcher", "Tutor"):
        await expect(team.get_by_text(name, exact=True)).to_be_visible()
    await context.close()


@pytest.mark.usefixtures("maria")  # the page of a server that has its first account
async def test_a_russian_browser_gets_a_russian_page_and_account(browser: Browser, site: str) -> None:
    context = await browser.new_context(base_url=site, locale="ru-RU")
    page = await context.new_page()

    await page.goto("/signin")
    await page.get_by_role("button", name="Мне нужна учётная запись").click()
    await page.get_by_label("Эл. почта").fill(f"ivan.{os.getpid()}@example.org")
    await page.get_by_label("Пароль", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Создать учётную запись").click()

    await expect(page.get_by_role("heading", name="Выберите модель")).to_be_visible()
    me = await (await context.request.get("/auth/me")).json()
    assert me["locale"] == "ru"
    assert await page.locator("html").get_attribute("lang") == "ru"
    await context.close()


@pytest.mark.usefixtures("maria")  # the page of a server that has its first account
async def test_a_wrong_password_is_said_so(browser: Browser, site: str) -> None:
    context = await browser.new_context(base_url=site, locale="en-US")
    page = await context.new_page()

    await page.goto("/chat/12")
    await page.get_by_label("Email").fill("nobody@example.org")
    await page.get_by_label("Password", exact=True).fill("not this one")
    await page.get_by_role("button", name="Sign in", exact=True).click()

    await expect(page.get_by_role("alert")).to_have_text("This email and password do not match.")
    await context.close()


async def test_a_wrong_key_is_told_where_it_was_entered(maria: Person) -> None:
    page = await maria.page("/setup")
    anthropic = page.get_by_role("listitem").filter(has_text="Anthropic")
    await anthropic.get_by_role("button", name="Anthropic").click()
    await anthropic.get_by_label("API key").fill("sk-ant-wrong")
    await anthropic.get_by_role("button", name="Save and test").click()

    await expect(anthropic.get_by_role("alert").filter(has_text="It does not work yet")).to_be_visible(timeout=30_000)
    await expect(anthropic.get_by_role("button", name="Remove my key")).to_be_visible()
