"""The orchestrator's settings, and what its plans cost: usage and budgets."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.e2e.gates import Gate
from tests.e2e.person import Person
from tests.e2e.team import answer, asked, card, configure, confirm, gather_team, node
from tests.support.plans import plan, request, task

_TWO = plan(task("t1"), task("t2", agent="writer"))


async def test_the_orchestrator_is_set_and_tried(maria: Person) -> None:
    await gather_team(maria)
    page = await maria.page("/orchestrator")

    await page.get_by_label("Instructions for planning").fill("Prefer the writer.")
    await page.get_by_label("Tasks at once").fill("0")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Tasks at once")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Tasks at once").fill("2")
    await page.get_by_role("radio", name="Above a cost").click()
    await page.get_by_label("Ask above, US dollars").fill("0.5")
    await page.get_by_label("Message", exact=True).fill(request(_TWO))
    await expect(page.get_by_text("not saved yet")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The orchestrator was saved.")).to_be_visible()

    await page.get_by_role("button", name="Make a plan").click()
    await expect(page.get_by_text("Plan · 2 tasks")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"Planning cost \$\d+\.\d\d"))).to_be_visible()
    await expect(node(page, 2)).to_contain_text("@writer")
    saved = await maria.api("GET", "/my/orchestrators/")
    assert (
        saved["instructions"],
        saved["max_parallel"],
        saved["plan_approval"],
        float(saved["cost_threshold_usd"]),
    ) == (
        "Prefer the writer.",
        2,
        "above_cost",
        0.5,
    )
    assert (await maria.api("GET", "/my/chat/sessions/"))["items"] == []

    await page.get_by_label("Message", exact=True).fill(request("no"))
    await page.get_by_role("button", name="Make a plan").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_a_cheap_plan_asks_nobody(maria: Person) -> None:
    await gather_team(maria, plan_approval="above_cost", cost_threshold_usd=1000)
    page = await asked(maria, request(_TWO))
    await expect(card(page)).to_contain_text("2 of 2")
    await configure(maria, plan_approval="above_cost", cost_threshold_usd=0.001)

    other = await asked(maria, request(_TWO))

    await expect(card(other)).to_contain_text("Waiting for you")


async def _calls(page: Page, name: str) -> int:
    cells = page.get_by_role("row", name=re.compile(f"^{name} ")).get_by_role("cell")
    await expect(cells.first).to_be_visible()
    return int(await cells.first.inner_text())


async def test_usage_tells_the_calls_of_a_run_and_a_budget_of_a_month_holds(maria: Person) -> None:
    await gather_team(maria, plan_approval="never")
    page = await asked(maria, request(_TWO))
    await expect(card(page)).to_contain_text("2 of 2")
    await expect(answer(page)).to_contain_text("You said")
    chat = page.url

    await page.get_by_role("button", name=maria.email).click()
    await page.get_by_role("menuitem", name="Usage and budget").click()
    assert [await _calls(page, name) for name in ("Coder", "Writer", "Orchestrator", "Total")] == [1, 1, 2, 4]
    await page.get_by_role("radio", name="Model").click()
    assert await _calls(page, "openai · planner") == 2
    await page.get_by_label("Limit, US dollars").fill("many")
    await expect(page.get_by_text("Write an amount such as 20 or 7.50.")).to_be_visible()
    await page.get_by_label("Limit, US dollars").fill("0.01")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The budget was saved.")).to_be_visible()
    await expect(page.get_by_role("progressbar", name="Monthly budget")).to_have_attribute(
        "aria-valuetext", re.compile(r"\$\d+\.\d\d of \$0\.01 spent in ")
    )

    page = await maria.page(chat)
    await expect(answer(page)).to_be_visible()
    await page.get_by_role("textbox", name="Message", exact=True).fill("Once more")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The budget is used up", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Monthly budget").click()
    await page.get_by_label("Limit, US dollars").fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The budget was saved.")).to_be_visible()
    await page.go_back()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("The budget is used up", exact=True)).to_be_hidden()


async def test_a_run_that_spends_its_budget_says_so_and_goes_on_when_that_is_raised(maria: Person) -> None:
    gate = Gate()
    await gather_team(maria, budget_usd=1)
    # Planning costs 12 cents, the first answer 41, the second one dollar.
    dear = task("t2", "t1", agent="writer", do="[[answer tokens=100]]")
    page = await asked(maria, request(plan(task("t1", do=gate.directive), dear)))
    await confirm(page)
    meter = page.get_by_role("progressbar", name="Budget of this run")
    await expect(meter).to_have_attribute("aria-valuetext", "$0.12 of $1.00")
    gate.open()
    await expect(node(page, 1)).to_contain_text("$0.41")

    await expect(page.get_by_text("The budget is used up", exact=True).last).to_be_visible()
    await expect(page.get_by_text("The budget of this run ($1.00) is spent").last).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Budget of a run").click()
    await page.get_by_label("Budget of one run, US dollars").fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The orchestrator was saved.")).to_be_visible()
    await page.go_back()
    await page.get_by_role("main").get_by_role("button", name="Try again").click()
    await expect(answer(page)).to_contain_text("w0 w1")
