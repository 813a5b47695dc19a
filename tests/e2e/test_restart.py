"""The server dies in the middle of an answer or of a plan; the page stays open."""

from __future__ import annotations

import signal
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.e2e.gates import Gate
from tests.e2e.person import numbered, say, sign_up
from tests.e2e.team import answer, asked, card, confirm, gather_team, node, panel, run_of, tasks_of
from tests.support.model_server import ModelServer
from tests.support.plans import plan, request, task
from tests.support.ports import free_port
from tests.support.serve import StartServe


async def test_an_answer_is_whole_after_kill_9_and_a_restart(
    browser: Browser, start_serve: StartServe, tmp_path: Path, model_server: ModelServer
) -> None:
    environment = {
        "PORT": str(free_port()),
        "OPENAI_BASE_URL": model_server.base_url,
        "OPENAI_API_KEY": "test-key",
    }
    first = start_serve(tmp_path / "data", **environment)
    context = await browser.new_context(base_url=first.url(), locale="en-US")
    maria = await sign_up(context, "maria@example.org")
    await maria.agent()
    page = await maria.page()
    await say(page, "Tell me [[answer tokens=60 delay_ms=60]]")
    await expect(page.locator(".prose-answer").last).to_contain_text("w9")

    first.send(signal.SIGKILL)
    first.wait()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    start_serve(tmp_path / "data", **environment).url()

    await numbered(page, 60, seconds=60)
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden()
    await page.reload()
    await numbered(page, 60)
    await context.close()


async def test_a_plan_outlives_kill_9_while_it_waits_and_while_it_is_at_work(
    browser: Browser, start_serve: StartServe, tmp_path: Path, model_server: ModelServer
) -> None:
    environment = {
        "PORT": str(free_port()),
        "OPENAI_BASE_URL": model_server.base_url,
        "OPENAI_API_KEY": "test-key",
    }
    serve = start_serve(tmp_path / "data", **environment)
    context = await browser.new_context(base_url=serve.url(), locale="en-US", viewport={"width": 1280, "height": 800})
    maria = await sign_up(context, "maria@example.org")
    await gather_team(maria)
    gate = Gate()
    graph = plan(
        task("t1", do="[[answer text=Kept_before]]"),
        task("t2", "t1", agent="writer", do=gate.directive),
        task("t3", "t2"),
    )
    page = await asked(maria, request(graph))
    await expect(card(page)).to_contain_text("Waiting for you")

    serve.send(signal.SIGKILL)
    serve.wait()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    serve = start_serve(tmp_path / "data", **environment)
    serve.url()
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden(timeout=60_000)
    await confirm(page)
    await expect(node(page, 1)).to_contain_text("Done")
    await node(page, 2).click()
    await expect(panel(page).locator(".prose-answer")).to_have_text(gate.half)

    serve.send(signal.SIGKILL)
    serve.wait()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    gate.open()
    start_serve(tmp_path / "data", **environment).url()

    await expect(panel(page).locator(".prose-answer")).to_have_text(gate.whole, timeout=60_000)
    await expect(answer(page)).to_contain_text("Kept before", timeout=60_000)
    await expect(card(page)).to_contain_text("3 of 3")
    await expect(page.get_by_text("Reconnecting…")).to_be_hidden()
    run = tasks_of(await run_of(maria, page))
    assert (run["plan"], run["t1"]) == (("done", 1), ("done", 1))
    await context.close()
