"""The server dies in the middle of an answer; the page stays open."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.e2e.person import numbered, say, sign_up
from tests.support.model_server import ModelServer
from tests.support.serve import StartServe


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def test_an_answer_is_whole_after_kill_9_and_a_restart(
    browser: Browser, start_serve: StartServe, tmp_path: Path, model_server: ModelServer
) -> None:
    environment = {
        "PORT": _free_port(),
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
