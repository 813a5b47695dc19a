"""The server dies in the middle of an answer, of a plan or of a photo; the page stays open."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import count

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.gates import Gate
from tests.e2e.person import Person, answers, numbered, say, sign_up
from tests.e2e.team import answer, asked, card, confirm, gather_team, node, panel, run_of, tasks_of
from tests.e2e.toolbox import ask_for, dialog
from tests.support.household import Household
from tests.support.model_server import ModelServer
from tests.support.plans import plan, request, task
from tests.support.ports import free_port
from tests.support.serve import StartServe

_NUMBERS = count(1)


@pytest.fixture(scope="module")
async def household(
    start_lasting_serve: StartServe, tmp_path_factory: pytest.TempPathFactory, running_model_server: ModelServer
) -> AsyncGenerator[Household]:
    """At an address that stays, whoever serves it."""
    data = tmp_path_factory.mktemp("household") / "data"
    async with Household.lasting(start_lasting_serve, data, running_model_server, PORT=str(free_port())) as household:
        yield household


@pytest.fixture
async def maria(browser: Browser, household: Household) -> AsyncGenerator[Person]:
    """Somebody who has just come there. Her page may complain: it is cut off."""
    url = str(household.http.base_url)
    context = await browser.new_context(base_url=url, locale="en-US", viewport={"width": 1280, "height": 800})
    yield await sign_up(context, f"maria{next(_NUMBERS)}@example.org")
    await context.close()


async def test_an_answer_is_whole_after_kill_9_and_a_restart(maria: Person, household: Household) -> None:
    await maria.agent()
    page = await maria.page()
    await say(page, "Tell me [[answer tokens=60 delay_ms=60]]")
    await expect(page.locator(".prose-answer").last).to_contain_text("w9")

    await household.die()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    await household.begin()

    await numbered(page, 60, seconds=60)
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden()
    await page.reload()
    await numbered(page, 60)


async def test_a_plan_outlives_kill_9_while_it_waits_and_while_it_is_at_work(
    maria: Person, household: Household
) -> None:
    await gather_team(maria)
    gate = Gate()
    graph = plan(
        task("t1", do="[[answer text=Kept_before]]"),
        task("t2", "t1", agent="writer", do=gate.directive),
        task("t3", "t2"),
    )
    page = await asked(maria, request(graph))
    await expect(card(page)).to_contain_text("Waiting for you")

    await household.die()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    await household.begin()
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden(timeout=60_000)
    await confirm(page)
    await expect(node(page, 1)).to_contain_text("Done")
    await node(page, 2).click()
    await expect(panel(page).locator(".prose-answer")).to_have_text(gate.half)

    await household.die()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    gate.open()
    await household.begin()

    await expect(panel(page).locator(".prose-answer")).to_have_text(gate.whole, timeout=60_000)
    await expect(answer(page)).to_contain_text("Kept before", timeout=60_000)
    await expect(card(page)).to_contain_text("3 of 3")
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden()
    run = tasks_of(await run_of(maria, page))
    assert (run["plan"], run["t1"]) == (("done", 1), ("done", 1))


async def test_a_photo_is_sent_although_the_server_was_killed_while_it_waited(
    maria: Person, household: Household
) -> None:
    page = await ask_for(maria, "camera", '{"reason": "To see your whiteboard."}')
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await dialog(page).get_by_role("button", name="Take the photo").click()

    await household.die()
    await dialog(page).get_by_role("button", name="Send").click()
    await expect(dialog(page).get_by_role("alert")).to_contain_text("There is no connection. Nothing was decided")
    await household.begin()
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden(timeout=60_000)
    await dialog(page).get_by_role("button", name="Try again").click()

    await expect(dialog(page)).to_have_count(0)
    await expect(answers(page).last).to_contain_text("[image_url]", timeout=60_000)
