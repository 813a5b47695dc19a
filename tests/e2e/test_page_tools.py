"""Tools that the page carries out itself: what its user sees, agrees to and hands over."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.person import Person, answers
from tests.e2e.toolbox import ask_for, dialog


async def test_a_photo_is_agreed_to_taken_looked_at_and_sent(maria: Person) -> None:
    page = await ask_for(maria, "camera", '{"reason": "To see your whiteboard."}')

    await expect(dialog(page)).to_contain_text("Coder asks for a photo")
    await expect(dialog(page)).to_contain_text("To see your whiteboard.")
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await dialog(page).get_by_role("button", name="Take the photo").click()
    await expect(dialog(page).get_by_role("img", name="The photo to be sent")).to_be_visible()
    await dialog(page).get_by_role("button", name="Take another").click()
    await dialog(page).get_by_role("button", name="Take the photo").click()
    await dialog(page).get_by_role("button", name="Send").click()

    await expect(dialog(page)).to_have_count(0)
    await expect(answers(page).last).to_contain_text("Tool said")
    await expect(answers(page).last).to_contain_text("pixels")
