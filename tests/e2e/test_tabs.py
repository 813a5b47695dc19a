"""Several tabs of one user: one stream for all of them."""

from __future__ import annotations

from playwright.async_api import Request, expect

from tests.e2e.person import Person, answers, numbered, say


async def test_tabs_share_one_stream_and_all_see_the_answer(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Shared")
    streams: list[str] = []

    def note(request: Request) -> None:
        if "/my/events/" in request.url:
            streams.append(request.url)

    maria.context.on("request", note)
    first = await maria.page(f"/chat/{chat}")
    await expect(first.get_by_text("Nothing here yet.")).to_be_visible()
    second = await maria.page(f"/chat/{chat}")
    await expect(second.get_by_text("Nothing here yet.")).to_be_visible()

    await say(second, "For both [[answer tokens=40 delay_ms=30]]")
    await numbered(first, 40)
    await numbered(second, 40)

    assert len(streams) == 1
    await expect(answers(first)).to_have_count(1)


async def test_another_tab_takes_the_stream_over_in_the_middle_of_an_answer(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Shared")
    leader = await maria.page(f"/chat/{chat}")
    await expect(leader.get_by_text("Nothing here yet.")).to_be_visible()
    other = await maria.page(f"/chat/{chat}")
    await expect(other.get_by_text("Nothing here yet.")).to_be_visible()

    await say(other, "Go on [[answer tokens=60 delay_ms=40]]")
    await expect(answers(other).last).to_contain_text("w5")
    await leader.close()

    await numbered(other, 60)


async def test_signing_out_in_one_tab_signs_out_the_others(maria: Person) -> None:
    await maria.agent()
    first = await maria.page()
    second = await maria.page()
    await expect(second.get_by_role("heading", name="Whom shall we ask?")).to_be_visible()

    await first.get_by_role("button", name=maria.email).click()
    await first.get_by_role("menuitem", name="Sign out").click()

    await expect(first.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(second.get_by_role("dialog", name="Please sign in again")).to_be_visible()
