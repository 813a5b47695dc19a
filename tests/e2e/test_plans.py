"""A plan from its proposal to its answer: what its user sees, decides and changes."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.gates import Gate
from tests.e2e.person import Person, say
from tests.e2e.team import answer, ask, asked, card, confirm, gather_team, inbox, node, row, run_of, tasks_of
from tests.support.plans import plan, request, task

_MONEY = re.compile(r"\$\d+\.\d\d")
_TWO = plan(task("t1"), task("t2", agent="writer"), task("t3", "t1", "t2"))


async def _tab_to(page: Page, target: Locator) -> None:
    """As somebody without a mouse gets there."""
    await expect(target).to_be_visible()
    for _ in range(60):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Shift+Tab")
    raise AssertionError("the keyboard does not lead there")


async def test_a_plan_waits_is_confirmed_by_keyboard_and_followed_to_its_answer(maria: Person) -> None:
    gate, last = Gate(), Gate()
    await gather_team(maria)
    graph = plan(
        task("t1", do=gate.directive),
        task("t2", agent="writer", do=gate.directive),
        task("t3", "t1", "t2", do=last.directive),
    )
    page = await asked(maria, request(graph))

    await expect(card(page)).to_contain_text("Waiting for you")
    await expect(card(page)).to_contain_text(re.compile(r"about \$\d+\.\d\d.* · about .*sec"))
    await expect(node(page, 3)).to_contain_text(_MONEY)
    await expect(inbox(page)).to_contain_text("1 decision waits for you")
    assert set(tasks_of(await run_of(maria, page))) == {"plan"}
    waiting = await card(page).inner_text()
    await page.reload()
    await expect(node(page, 3)).to_be_visible()
    assert await card(page).inner_text() == waiting

    await _tab_to(page, card(page).get_by_role("button", name="Confirm"))
    await page.keyboard.press("Enter")

    await expect(card(page)).to_contain_text("At work")
    await expect(node(page, 1)).to_contain_text("Running")
    await expect(node(page, 2)).to_contain_text("Running")
    await expect(node(page, 3)).to_contain_text("Waiting for others")
    await expect(inbox(page)).not_to_contain_text("decision")
    await page.reload()
    await expect(node(page, 1)).to_contain_text("Running")
    await expect(node(page, 3)).to_contain_text("Waiting for others")
    gate.open()
    for number in (1, 2):
        await expect(node(page, number)).to_contain_text("Done")
    await expect(node(page, 3)).to_contain_text("Running")
    await expect(card(page).get_by_role("progressbar")).to_have_attribute("aria-valuetext", "2 of 3 tasks are over")
    last.open()

    await expect(answer(page)).to_contain_text("w0 w1")
    await expect(card(page)).to_contain_text(re.compile(r"\$\d+\.\d\d in .* · estimated \$\d+\.\d\d, "))
    await expect(node(page, 3)).to_contain_text(_MONEY)
    said, figures = await answer(page).inner_text(), await card(page).get_by_role("paragraph").first.inner_text()
    await page.reload()
    await expect(answer(page)).to_have_text(said, use_inner_text=True)
    await expect(card(page).get_by_role("paragraph").first).to_have_text(figures, use_inner_text=True)


async def test_a_plan_is_changed_and_the_run_follows_the_changes(maria: Person) -> None:
    await gather_team(maria)
    page = await asked(maria, request(_TWO))
    await card(page).get_by_role("button", name="Change tasks").click()

    await row(page, 1).get_by_role("button", name="Reword").click()
    await row(page, 1).get_by_role("textbox").fill("Say it better [[answer text=much_better]]")
    await row(page, 1).get_by_role("button", name="Done").click()
    await row(page, 2).get_by_role("button", name="Leave out").click()
    await row(page, 3).get_by_role("combobox").select_option("@writer")
    await expect(row(page, 3)).to_contain_text("changed")
    await page.reload()

    await expect(row(page, 1)).to_contain_text("Say it better")
    await expect(row(page, 2)).to_contain_text("Left out")
    await expect(row(page, 3).get_by_role("combobox")).to_have_value("writer")
    await card(page).get_by_role("button", name="Confirm with changes").click()

    await expect(answer(page)).to_contain_text("much better")
    await expect(card(page)).to_contain_text("2 tasks")
    await expect(card(page)).to_contain_text("2 of 2")
    run = await run_of(maria, page)
    assert {each["task_id"]: each["agent_id"].partition("_")[2] for each in run["tasks"]} == {
        "plan": "orchestrator",
        "t1": "coder",
        "t3": "writer",
        "synthesis": "orchestrator",
    }
    assert next(each for each in run["tasks"] if each["task_id"] == "t3")["dependencies"] == ["t1"]


async def test_changes_that_make_no_plan_are_said_so_and_kept(maria: Person) -> None:
    await gather_team(maria)
    page = await asked(maria, request(plan(task("t1"), task("t2", agent="writer"))))
    await card(page).get_by_role("button", name="Change tasks").click()

    for number in (1, 2):
        await row(page, number).get_by_role("button", name="Leave out").click()
    await expect(card(page)).to_contain_text("At least one task must stay.")
    await expect(card(page).get_by_role("button", name="Confirm with changes")).to_be_disabled()
    for number in (1, 2):
        await row(page, number).get_by_role("button", name="Take back in").click()
    await row(page, 1).get_by_role("button", name="Reword").click()
    await row(page, 1).get_by_role("textbox").fill("")
    await expect(row(page, 1).get_by_role("alert")).to_have_text("An instruction is needed, or the task left out.")
    await row(page, 1).get_by_role("textbox").fill("Kept words")
    writer = next(agent for agent in (await maria.api("GET", "/my/agents/"))["items"] if agent["handle"] == "writer")
    await maria.api("DELETE", f"/my/agents/{writer['agent_id']}/")
    await confirm(page)

    await expect(card(page).get_by_role("alert")).not_to_have_count(0)
    await expect(card(page)).to_contain_text("no active agent 'writer'")
    await expect(row(page, 1).get_by_role("textbox")).to_have_value("Kept words")
    await page.reload()
    await expect(row(page, 1)).to_contain_text("Kept words")
    await row(page, 2).get_by_role("combobox").select_option("@coder")
    await confirm(page)

    await expect(card(page)).to_contain_text("Done")
    await expect(answer(page)).to_contain_text("Kept words")


async def test_tabs_follow_each_others_decisions(maria: Person) -> None:
    gate = Gate()
    await gather_team(maria)
    first = await asked(maria, request(plan(task("t1", do=gate.directive), task("t2"))))
    second = await maria.page(first.url)
    for page in (first, second):
        await expect(card(page)).to_contain_text("Waiting for you")
        await expect(inbox(page)).to_contain_text("1 decision waits for you")

    await confirm(first)
    for page in (second, first):
        await expect(node(page, 1)).to_contain_text("Running")
        await expect(card(page).get_by_role("button", name="Confirm")).to_have_count(0)
        await expect(inbox(page)).not_to_contain_text("decision")
    gate.open()
    await expect(answer(second)).to_contain_text("w0 w1")

    await say(first, request(_TWO))
    for page in (first, second):
        await expect(card(page).last).to_contain_text("Waiting for you")
    await card(second).last.get_by_role("button", name="Reject").click()
    await second.get_by_role("textbox", name="Why not?").fill("too dear")
    await second.get_by_role("button", name="Reject the plan").click()
    for page in (first, second):
        await expect(card(page).last).to_contain_text("Rejected: too dear")
        await expect(inbox(page)).not_to_contain_text("decision")
    assert (await run_of(maria, first))["status"] == "cancelled"


async def test_changes_in_one_tab_are_not_lost_when_another_was_faster(maria: Person) -> None:
    await gather_team(maria)
    first = await asked(maria, request(_TWO))
    second = await maria.page(first.url)
    await card(second).get_by_role("button", name="Change tasks").click()
    await row(second, 2).get_by_role("button", name="Leave out").click()

    await confirm(first)

    await expect(card(second)).to_contain_text("The plan was confirmed in another window, without your changes.")
    await expect(card(second)).to_contain_text("Left out: Do t2.")
    await second.get_by_role("button", name="Discard").click()
    await expect(card(second)).not_to_contain_text("without your changes")
    await expect(answer(first)).to_contain_text("You said")


async def test_the_inbox_leads_to_what_waits(maria: Person) -> None:
    await gather_team(maria)
    page = await asked(maria, request(_TWO))
    await expect(card(page)).to_contain_text("Waiting for you")

    await inbox(page).click()
    entry = page.get_by_role("main").get_by_role("listitem")
    await expect(entry).to_contain_text("Together")
    await expect(entry).to_contain_text(re.compile(r"Plan: 3 tasks · about \$\d"))
    await entry.get_by_role("link").click()
    await confirm(page)
    await expect(card(page)).to_contain_text("Done")
    await inbox(page).click()

    await expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()


async def test_one_agent_is_enough_without_ceremony(maria: Person) -> None:
    await gather_team(maria)
    page = await maria.page()

    await ask(page, request(plan(task("t1", agent="writer", do="[[answer text=All_by_myself]]"))))

    await expect(answer(page)).to_have_text("All by myself")
    await expect(page.get_by_text("The orchestrator chose @writer")).to_be_visible()
    await expect(card(page)).to_have_count(0)
    await page.reload()
    await expect(page.get_by_text("The orchestrator chose @writer")).to_be_visible()
    await expect(card(page)).to_have_count(0)


async def test_without_a_plan_the_page_says_so_and_leads_to_the_settings(maria: Person) -> None:
    await gather_team(maria)
    page = await asked(maria, request("I would rather not plan."))

    await expect(page.get_by_text("The orchestrator found no plan that can be carried out", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Orchestrator settings").click()
    await expect(page.get_by_role("heading", name="Orchestrator", level=1)).to_be_visible()


async def test_a_part_of_the_page_that_cannot_be_loaded_yet_takes_nothing_with_it(maria: Person) -> None:
    await gather_team(maria)
    page = await maria.page(f"/chat/{await maria.chat()}")
    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()
    away = re.compile(r"/assets/PlanGraph|/healthz")
    await page.route(away, lambda route: route.abort())
    async with page.expect_event("requestfailed", lambda failed: "PlanGraph" in failed.url):
        await ask(page, request(_TWO))

    await expect(card(page).get_by_role("button", name="Confirm")).to_be_visible()
    await page.unroute(away)
    await expect(node(page, 3)).to_be_visible()
    # Its styles came too, although they had failed.
    await expect(page.locator(".react-flow__node").last).to_have_css("position", "absolute")
