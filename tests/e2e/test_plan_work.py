"""A plan at work: its tasks' texts, what is stopped, what fails and is tried again."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.gates import Gate
from tests.e2e.person import Person
from tests.e2e.team import answer, asked, card, confirm, gather_team, node, panel, run_of, tasks_of
from tests.support.plans import plan, request, task

_BROKEN = "[[status code=400]]"


def _text(page: Page) -> Locator:
    """What the task that is open has written."""
    return panel(page).locator(".prose-answer")


async def test_a_tasks_text_is_read_while_it_grows_and_is_exact_in_the_end(maria: Person) -> None:
    gate, words = Gate(200), 160
    await gather_team(maria, plan_approval="never")
    graph = plan(
        task("t1", do=gate.directive),
        task("t2", agent="writer", do=f"[[answer tokens={words} delay_ms=50]]"),
    )
    page = await asked(maria, request(graph))

    await node(page, 2).click()
    await expect(_text(page)).to_contain_text("w3")
    await expect(panel(page)).to_contain_text("@writer")
    await page.reload()
    await node(page, 2).click()
    await expect(_text(page)).to_contain_text("w0 w1")
    other = await maria.page(page.url)
    await node(other, 2).click()
    for tab in (page, other):
        await expect(_text(tab)).to_have_text(" ".join(f"w{number}" for number in range(words)), timeout=40_000)

    await node(other, 1).click()
    await expect(_text(other)).to_have_text(gate.half)
    await other.reload()
    await node(other, 1).click()
    await expect(_text(other)).to_have_text(gate.half)
    gate.open()
    await expect(_text(other)).to_have_text(gate.whole)
    await expect(panel(other)).to_contain_text("Done")
    # The results are joined: what was done before a page is opened gives way to its answer.
    await expect(other.get_by_role("main").get_by_text(re.compile(r"→ \d+ tokens"))).to_be_visible()
    await other.reload()
    await other.get_by_role("button", name="Show the tasks").click()
    await node(other, 1).click()
    await expect(_text(other)).to_have_text(gate.whole)


async def test_one_task_is_stopped_and_the_rest_goes_on(maria: Person) -> None:
    gate = Gate()
    await gather_team(maria, plan_approval="never")
    graph = plan(
        task("t1", agent="writer", do=gate.directive), task("t2", "t1"), task("t3", do="[[answer text=On_my_own]]")
    )
    page = await asked(maria, request(graph))
    await expect(node(page, 3)).to_contain_text("Done")

    await node(page, 1).click()
    await panel(page).get_by_role("button", name="Stop the task").click()

    await expect(panel(page)).to_contain_text("Stopped")
    await expect(node(page, 1)).to_contain_text("Stopped")
    await expect(node(page, 2)).to_contain_text("Skipped")
    await expect(answer(page)).to_contain_text("On my own")
    await expect(_text(page)).to_have_text(gate.half)
    await page.reload()
    await page.get_by_role("button", name="Show the tasks").click()
    await expect(node(page, 1)).to_contain_text("Stopped")
    await expect(node(page, 2)).to_contain_text("Skipped")


async def test_a_stopped_run_goes_on_without_doing_again_what_is_done(maria: Person) -> None:
    gate = Gate()
    await gather_team(maria, plan_approval="never")
    graph = plan(task("t1", do="[[answer text=Once_only]]"), task("t2", "t1", agent="writer", do=gate.directive))
    page = await asked(maria, request(graph))
    await expect(node(page, 1)).to_contain_text("Done")
    await expect(node(page, 2)).to_contain_text("Running")

    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(card(page)).to_contain_text("Stopped")
    await expect(node(page, 2)).to_contain_text("Stopped")
    await expect(node(page, 1)).to_contain_text("Done")
    await page.get_by_role("button", name="Answer again").click()

    await expect(node(page, 2)).to_contain_text("Running")
    await expect(node(page, 1)).to_contain_text("Done")
    gate.open()
    await expect(answer(page)).to_contain_text("Once only")
    run = tasks_of(await run_of(maria, page))
    assert (run["t1"], run["t2"]) == (("done", 1), ("done", 2))


async def test_a_stopped_task_is_tried_again_with_what_waited_for_it(maria: Person) -> None:
    gate, other = Gate(), Gate()
    await gather_team(maria, plan_approval="never")
    graph = plan(task("t1", do=gate.directive), task("t2", "t1"), task("t3", agent="writer", do=other.directive))
    page = await asked(maria, request(graph))
    await expect(node(page, 3)).to_contain_text("Running")
    await node(page, 1).click()
    await panel(page).get_by_role("button", name="Stop the task").click()
    await expect(node(page, 2)).to_contain_text("Skipped")

    await panel(page).get_by_role("button", name="Try again").click()

    await expect(node(page, 1)).to_contain_text("Running")
    await expect(node(page, 2)).to_contain_text("Waiting for others")
    await expect(panel(page)).to_contain_text("Attempt 2")
    for each in (gate, other):
        each.open()
    await expect(_text(page)).to_have_text(gate.whole)
    await expect(card(page)).to_contain_text("3 of 3")
    await expect(answer(page)).to_contain_text("w0 w1")


async def test_what_a_failure_left_is_planned_anew_and_asks_again(maria: Person) -> None:
    await gather_team(maria)
    broken = plan(task("t1", do="[[answer text=Kept]]"), task("t2", "t1", agent="writer", do=_BROKEN), task("t3", "t2"))
    mended = plan(task("t4", "t1", do="[[answer text=Mended]]"), task("t5", do="[[answer text=Too]]"))
    page = await asked(maria, request(broken, mended))
    await confirm(page)

    rest = card(page, rest=True)
    await expect(rest).to_contain_text("Waiting for you")
    await expect(card(page).first).to_contain_text("Failed")
    await expect(card(page).first).to_contain_text("Task 2 of 3, @writer: The model refused to answer")
    await page.reload()
    await expect(rest).to_contain_text("2 tasks")
    await rest.get_by_role("button", name="Confirm").click()

    await expect(answer(page)).to_contain_text("Mended")
    await expect(rest).to_contain_text("2 of 2")
    assert tasks_of(await run_of(maria, page))["t1"] == ("done", 1)
    await card(page).first.get_by_role("button", name="Show the tasks").click()
    await expect(node(page, 3).first).to_contain_text("Skipped")


async def test_a_run_that_failed_for_good_says_why_and_tries_again(maria: Person) -> None:
    await gather_team(maria, plan_approval="never")
    broken = plan(task("t1", do="[[answer text=Kept]]"), task("t2", "t1", agent="writer", do=_BROKEN))
    again = plan(task("t4", "t1", do=f"[[status code=400 times=1 id={maria.email}]]"), task("t5", "t4"))
    page = await asked(maria, request(broken, again))

    rest = card(page, rest=True)
    await expect(rest).to_contain_text("Failed")
    await expect(node(page, 2).last).to_contain_text("Skipped")
    await page.get_by_role("main").get_by_role("button", name="Try again").click()

    await expect(rest).to_contain_text("2 of 2")
    await expect(answer(page)).to_contain_text("Kept")
    await expect(page.get_by_role("main").get_by_role("button", name="Try again")).to_have_count(0)
    run = tasks_of(await run_of(maria, page))
    assert (run["t1"], run["t4"], run["t5"]) == (("done", 1), ("done", 2), ("done", 1))
