"""Settings, Your data: everything taken along, left to grow old, and removed."""

from __future__ import annotations

import zipfile
from typing import Literal

import pytest
from playwright.async_api import Route, expect

from tests.e2e.looks import faults, too_wide
from tests.e2e.person import PASSWORD, Person

_HERE = "/settings/data"


async def settle_in(person: Person) -> None:
    """A chat with an answer, a note, a draft."""
    await person.agent("Coder")
    chat = await person.chat("About strudel")
    await person.api("POST", f"/my/chat/{chat}/message/?wait=20", {"content": "@coder Strudel"})
    await person.api("POST", "/my/memory/", {"text": "I like strudel"})


async def test_taken_along_bounded_and_removed(maria: Person) -> None:
    await settle_in(maria)
    page = await maria.page(_HERE)
    await expect(page.get_by_text("1 chat, 2 messages", exact=True)).to_be_visible()

    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Export my data").click()
    download = await downloading.value
    assert download.suggested_filename.startswith("artel-20")
    with zipfile.ZipFile(await download.path()) as archive:
        assert any(name.startswith("chats/About strudel") for name in archive.namelist())
    await expect(page.get_by_role("alert")).to_contain_text("put together")

    await page.get_by_label("Chats in which nobody spoke").select_option("30")
    await expect(page.get_by_text("Nothing is that old")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("It is kept as you chose.")).to_be_visible()
    assert (await maria.api("GET", "/my/retention/"))["chats_days"] == 30

    await page.evaluate("localStorage.setItem('artel.draft', 'secret')")
    await page.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog", name="Delete the account")
    gone = dialog.get_by_role("button", name="Delete everything for good")
    await expect(gone).to_be_disabled()
    await dialog.get_by_label("To confirm").fill("somebody@example.org")
    await expect(gone).to_be_disabled()
    await dialog.get_by_label("To confirm").fill(maria.email)
    await gone.click()

    await expect(page.get_by_role("heading", name="Goodbye, and thank you")).to_be_visible()
    assert await page.evaluate("localStorage.getItem('artel.draft')") is None
    assert await faults(page) == []
    answer = await maria.context.request.post("/auth/login", data={"email": maria.email, "password": PASSWORD})
    assert answer.status == 401
    await page.get_by_role("button", name="To the sign-in").click()
    await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


async def test_who_signed_in_long_ago_is_asked_for_the_password(maria: Person) -> None:
    page = await maria.page(_HERE)
    problem = {"type": "/problems/sign-in-again", "title": "Sign in again", "status": 403, "detail": "Too long ago."}

    async def once(route: Route) -> None:
        request = route.request
        if request.method == "DELETE" and "password" not in (request.post_data_json or {}):
            await route.fulfill(status=403, content_type="application/problem+json", json=problem)
        else:
            await route.fallback()

    await page.route("**/my/", once)
    await page.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog", name="Delete the account")
    await dialog.get_by_label("To confirm").fill(maria.email)
    await dialog.get_by_role("button", name="Delete everything for good").click()
    await dialog.get_by_label("Your password").fill("not this one")
    await dialog.get_by_role("button", name="Delete everything for good").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("not your password")
    await dialog.get_by_label("Your password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Delete everything for good").click()

    await expect(page.get_by_role("heading", name="Goodbye")).to_be_visible()


@pytest.mark.parametrize(
    ("theme", "locale", "width"), [("light", "en", 1280), ("dark", "ru", 360)], ids=["desktop", "phone"]
)
async def test_it_is_for_everyone(maria: Person, theme: Literal["light", "dark"], locale: str, width: int) -> None:
    await maria.api("PATCH", "/auth/me", {"locale": locale})
    await settle_in(maria)
    page = await maria.page(_HERE)
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await page.set_viewport_size({"width": width, "height": 780})
    await page.locator("#retention-usage").select_option("90")
    await expect(page.get_by_role("alert")).to_be_visible()
    found = [*await faults(page), *await too_wide(page, width)]

    await page.get_by_role("main").get_by_role("button").last.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += [*await faults(page), *await too_wide(page, width)]

    assert found == []
