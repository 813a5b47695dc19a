"""Answers in the page: live, whole after every mishap, and never twice."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.person import Person, answers, composer, numbered, say

_SLOW = "[[answer tokens=60 first_ms=50 delay_ms=40]]"


async def test_an_answer_streams_in_and_is_there_after_a_reload(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()

    await say(page, f"Tell me {_SLOW}")
    await expect(answers(page).last).to_contain_text("w3")
    await expect(page.get_by_role("region", name="My agents").get_by_role("img", name="Working")).to_be_visible()
    await numbered(page, 60)

    await expect(page.get_by_text("12 → 60 tokens")).to_be_visible()
    await expect(page.get_by_role("region", name="My agents").get_by_role("img", name="Ready")).to_be_visible()
    await page.reload()
    await numbered(page, 60)
    await expect(answers(page)).to_have_count(1)


async def test_a_reload_in_the_middle_loses_nothing_and_doubles_nothing(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()

    await say(page, f"Tell me {_SLOW}")
    await expect(answers(page).last).to_contain_text("w9")
    await page.reload()

    await numbered(page, 60)


async def test_a_lost_network_in_the_middle_loses_nothing(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()
    await say(page, f"Tell me {_SLOW}")
    await expect(answers(page).last).to_contain_text("w5")

    await maria.context.set_offline(True)
    await expect(page.get_by_text("You are offline.")).to_be_visible()
    await maria.context.set_offline(False)

    await numbered(page, 60)
    await expect(page.get_by_text("You are offline.")).to_be_hidden()


async def test_stop_ends_the_answer_and_it_can_be_asked_for_again(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()
    await say(page, "Go on [[answer tokens=400 delay_ms=30]]")
    await expect(answers(page).last).to_contain_text("w5")

    await composer(page).press("Escape")

    await expect(page.get_by_text("Stopped", exact=True).first).to_be_visible()
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    await page.get_by_role("button", name="Answer again").click()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await expect(answers(page).last).to_contain_text("w1 ")


async def test_a_failure_says_what_to_do_and_a_retry_helps(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()

    await say(page, f"Hello [[status code=401 times=1 id={maria.email}]]")

    await expect(page.get_by_text("The provider refused the API key").first).to_be_visible()
    await expect(page.get_by_role("button", name="Model settings")).to_be_visible()
    await expect(
        page.get_by_role("region", name="My agents").get_by_role("img", name="Needs attention")
    ).to_be_visible()
    await page.get_by_role("button", name="Try again").click()
    await expect(answers(page).last).to_have_text("You said: Hello")


async def test_a_message_written_offline_is_kept_and_sent_when_the_line_is_back(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat()
    page = await maria.page(f"/chat/{chat}")
    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()

    await maria.context.set_offline(True)
    await say(page, "Still there?")
    await expect(page.get_by_text("Still there?")).to_be_visible()
    await maria.context.set_offline(False)

    await expect(answers(page).last).to_have_text("You said: Still there?")
    history = await maria.api("GET", f"/my/chat/{chat}/")
    assert [message["role"] for message in history["items"]] == ["user", "assistant"]


async def test_a_draft_survives_a_reload(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat()
    page = await maria.page(f"/chat/{chat}")

    await composer(page).fill("Half a thou")
    await page.reload()

    await expect(composer(page)).to_have_value("Half a thou")


async def test_an_ended_sign_in_keeps_the_page_and_the_draft(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat()
    page = await maria.page(f"/chat/{chat}")
    await composer(page).fill("Not yet sent")

    await maria.api("POST", "/auth/logout")
    await composer(page).press("Enter")

    dialog = page.get_by_role("dialog", name="Please sign in again")
    await dialog.get_by_label("Password", exact=True).fill("correct horse battery")
    await dialog.get_by_role("button", name="Sign in", exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(answers(page).last).to_have_text("You said: Not yet sent")
