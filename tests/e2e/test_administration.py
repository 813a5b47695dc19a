"""The administrator's page: two people, one of whom is invited, limited and shut out by the other; and how it looks."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator
from itertools import count
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.looks import faults, too_wide
from tests.e2e.person import PASSWORD, Person, answers, composer, say

_NUMBERS = count(1)


@pytest.fixture
async def guest(browser: Browser, site: str) -> AsyncGenerator[Person]:
    """Somebody with a browser and no account."""
    context = await browser.new_context(base_url=site, locale="en-US", viewport={"width": 1280, "height": 800})
    person = Person(context, f"guest{next(_NUMBERS)}.{os.getpid()}@example.org")
    yield person
    await context.close()
    assert person.complaints == []


async def _invited(olga: Person, page: Page, email: str) -> str:
    """The link that olga makes on her page."""
    await page.get_by_role("link", name="Invitations").click()
    await page.get_by_role("button", name="Invite somebody").click()
    await page.get_by_label("E-mail address (optional)").fill(email)
    await page.get_by_role("button", name="Make a link").click()
    return await page.get_by_role("textbox", name="Copy the link").input_value()


async def _managed(page: Page, email: str) -> None:
    await page.get_by_role("link", name="People").click()
    await page.get_by_role("searchbox").fill(email)
    await page.get_by_role("button", name=f"Manage {email}").click()


async def test_one_is_invited_limited_and_shut_out(olga: Person, guest: Person) -> None:
    admin = await olga.page()
    await admin.get_by_role("button", name=olga.email).click()
    await admin.get_by_role("menuitem", name="Administration").click()
    link = await _invited(olga, admin, guest.email)
    await admin.keyboard.press("Escape")
    await expect(admin.get_by_text(guest.email)).to_be_visible()

    page = await guest.page(link.partition("/invite")[1] + link.partition("/invite")[2])
    await expect(page.get_by_role("heading", name="You are invited")).to_be_visible()
    await expect(page.get_by_label("Email")).to_have_value(guest.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name=re.compile("Create|Register|account", re.IGNORECASE)).click()
    await expect(page).to_have_url(re.compile("/setup"))
    await guest.agent()
    await page.goto(f"/chat/{await guest.chat()}")
    await say(page, "@coder [[answer tokens=3]]")
    await expect(answers(page)).to_have_count(1)

    await _managed(admin, guest.email)
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_label("Messages an hour", exact=True).select_option("number")
    await dialog.get_by_label("Messages an hour: A number").fill("0")
    await dialog.get_by_role("button", name="Save limits").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    await say(page, "@coder A long thought that must not be lost")
    refused = page.get_by_role("alert").filter(has_text="messages of this hour are used up (limit: 0)")
    await expect(refused).to_be_visible()
    await refused.get_by_role("button", name="Edit").click()
    await expect(composer(page)).to_have_value(re.compile("A long thought that must not be lost"))

    await dialog.get_by_role("button", name="Disable").click()
    await expect(dialog.get_by_role("button", name="Let in again")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_be_visible(timeout=5_000)
    again = await guest.context.request.get("/auth/me")
    assert again.status == 401


async def test_a_demoted_administrator_loses_the_page_at_once(olga: Person, maria: Person) -> None:
    me = await maria.api("GET", "/auth/me")
    await olga.api("PATCH", f"/admin/users/{me['id']}/", {"role": "admin"})
    page = await maria.page("/administration/health")
    await expect(page.get_by_role("heading", name="Processes")).to_be_visible()

    await olga.api("PATCH", f"/admin/users/{me['id']}/", {"role": "user"})

    await expect(page.get_by_role("heading", name="Processes")).to_have_count(0, timeout=10_000)
    assert (await maria.context.request.get("/admin/health/")).status == 403


async def test_a_link_for_a_password_is_used_once_and_a_bad_invitation_says_so(olga: Person, guest: Person) -> None:
    invitation = await olga.api("POST", "/admin/invitations/", {"email": guest.email})
    token = invitation["link"].partition("#")[2]
    body = {"email": guest.email, "password": PASSWORD, "invitation": token}
    made = await guest.context.request.post("/auth/register", data=body)
    await guest.context.clear_cookies()
    link = (await olga.api("POST", f"/admin/users/{(await made.json())['id']}/password-link/"))["link"]

    page = await guest.page(f"/invite#{token}")
    await expect(page.get_by_role("heading", name="This invitation opens nothing")).to_be_visible()
    await page.goto("about:blank")
    await page.goto(f"/reset#{link.partition('#')[2]}")
    await page.get_by_label("Password", exact=True).fill("a new battery staple")
    await page.get_by_role("button", name="Set the password").click()
    await page.get_by_role("button", name="To the sign-in page").click()
    await page.get_by_label("Email").fill(guest.email)
    await page.get_by_label("Password", exact=True).fill("a new battery staple")
    await page.get_by_role("button", name="Sign in").click()

    await expect(composer(page)).to_be_visible()


@pytest.mark.parametrize(("theme", "locale", "width"), [("light", "en", 1280), ("dark", "ru", 360)])
async def test_axe_finds_nothing_and_everything_fits(
    olga: Person, maria: Person, theme: Literal["light", "dark"], locale: str, width: int
) -> None:
    me = await maria.api("GET", "/auth/me")
    await olga.api("PATCH", f"/admin/users/{me['id']}/", {"limits": {"runs_day": 5, "tokens_month": 10}})
    await olga.api("PATCH", "/auth/me", {"locale": locale})
    await maria.api("PATCH", "/auth/me", {"locale": locale})
    try:
        for person, places in (
            (olga, ("people", "invitations", "settings", "health", "log", "dialog")),
            (maria, ("/usage",)),
        ):
            page = await person.page("/" if person is maria else "/administration/people")
            await page.set_viewport_size({"width": width, "height": 800})
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for place in places:
                if place == "dialog":
                    await page.goto("/administration/people")
                    await page.get_by_role("searchbox").fill(maria.email)
                    await page.get_by_role("button", name=re.compile(re.escape(maria.email))).click()
                    await expect(page.get_by_role("dialog").get_by_role("combobox").last).to_be_visible()
                else:
                    await page.goto(place if place.startswith("/") else f"/administration/{place}")
                    await expect(page.locator("main h1")).to_be_visible()
                    await expect(page.locator("main .animate-pulse")).to_have_count(0)
                if folder := os.environ.get("ARTEL_SCREENSHOTS"):
                    await page.screenshot(path=f"{folder}/{place.strip('/')}-{theme}-{locale}-{width}.png")
                assert await faults(page) == [], place
                assert await too_wide(page, width) == [], place
    finally:
        await olga.api("PATCH", "/auth/me", {"locale": "en"})
