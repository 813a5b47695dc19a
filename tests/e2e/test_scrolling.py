"""Long chats: nothing jumps, nothing lags, and the reader decides what is in view."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Locator, Page, Route, expect

from tests.e2e.person import Person, answers, say

_NOW = "2026-11-22T10:00:00Z"
_TOP = "document.querySelector('section[aria-label=Messages]').scrollTop"
_BOX = "document.querySelector('section[aria-label=Messages]')"


async def test_the_end_is_followed_until_the_reader_scrolls_away(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()
    await page.set_viewport_size({"width": 1000, "height": 500})
    await say(page, "First [[answer tokens=1200]]")
    await expect(answers(page).last).to_contain_text("w1199")
    # The text stands there a frame before the list has followed it.
    await page.wait_for_function(f"{_BOX}.scrollHeight - {_BOX}.scrollTop - {_BOX}.clientHeight < 60")

    await say(page, "More [[answer tokens=300 delay_ms=15]]")
    await expect(answers(page).last).to_contain_text("w20 ")
    await page.mouse.move(500, 200)
    await page.mouse.wheel(0, -600)
    await expect(page.get_by_role("button", name="Jump to the latest")).to_be_visible()
    before = await page.evaluate(_TOP)
    await expect(answers(page).last).to_contain_text("w299", timeout=20_000)

    assert abs(await page.evaluate(_TOP) - before) <= 1
    await page.get_by_role("button", name="Jump to the latest").click()
    await expect(page.get_by_role("button", name="Jump to the latest")).to_be_hidden()


def _id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def _chat(chat: int) -> dict[str, Any]:
    return {"id": chat, "title": "Long", "created_at": _NOW, "updated_at": _NOW, "running": False, "memory": True}


def _message(chat: int, number: int) -> dict[str, Any]:
    is_answer = number % 2 == 1
    return {
        "id": _id(number),
        "session_id": chat,
        "run_id": f"00000000-0000-7000-9000-{number // 2:012d}",
        "role": "assistant" if is_answer else "user",
        "content": f"Message {number}. " + "Some **words** of `text`. " * (number % 37),
        "agent_id": "user1_coder" if is_answer else None,
        "target_agent": None if is_answer else "user1_coder",
        "status": "complete",
        "error": None,
        "usage": None,
        "cost": None,
        "attempt": 1,
        "created_at": _NOW,
        "tool_calls": [],
        "attachments": [],
        "recalled": [],
    }


async def _long_chat(page: Page, chat: int, length: int, page_size: int) -> None:
    """Lets the page see a chat of that length; pages of history as the server cuts them."""

    async def answer(route: Route) -> None:
        end = int(parse_qs(urlsplit(route.request.url).query).get("cursor", [str(length)])[0])
        start = max(0, end - page_size)
        await route.fulfill(
            json={
                "session": _chat(chat),
                "items": [_message(chat, number) for number in range(start, end)],
                "runs": [],
                "plans": [],
                "approvals": [],
                "next_cursor": str(start) if start else None,
                "last_event_id": 0,
            }
        )

    await page.route(f"**/my/chat/{chat}/?*", answer)


async def test_older_messages_load_above_without_a_jump(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Long")
    page = await maria.page()
    await _long_chat(page, chat, 400, 50)
    await page.goto(f"/chat/{chat}")
    await expect(page.get_by_text("Message 399.")).to_be_in_viewport()

    await page.mouse.move(700, 300)
    jumps: list[float] = []
    for oldest in range(350, 100, -50):
        first = page.get_by_text(f"Message {oldest}.")
        await page.evaluate(f"{_BOX}.scrollTop = 0")
        await expect(first).to_be_visible()
        top = await _top(first)
        await expect(page.locator(f'[data-chunk="{_id(oldest - 50)}"]')).to_be_attached()
        await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        jumps.append(abs(await _top(first) - top))
    # The line "Loading earlier messages" comes and goes above.
    assert max(jumps) < 40, jumps


async def _top(row: Locator) -> float:
    return (await row.bounding_box() or {"y": 0.0})["y"]


async def test_ten_thousand_messages_stay_fast(maria: Person) -> None:
    await maria.agent()
    chat = await maria.chat("Very long")
    page = await maria.page()
    await _long_chat(page, chat, 10_000, 10_000)
    await page.goto(f"/chat/{chat}")
    await expect(page.get_by_text("Message 9999.")).to_be_in_viewport(timeout=30_000)

    slow = await page.evaluate(
        """async () => {
            const box = document.querySelector('section[aria-label=Messages]');
            let slowest = 0;
            for (let step = 0; step < 40; step++) {
                const began = performance.now();
                box.scrollTop -= 4000;
                await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
                slowest = Math.max(slowest, performance.now() - began);
            }
            return slowest;
        }"""
    )
    assert slow < 1000, f"a step of scrolling took {slow:.0f} ms"
    await page.get_by_role("textbox", name="Message", exact=True).press_sequentially("typing")
    typed = await page.evaluate(
        """async () => {
            const began = performance.now();
            const field = document.querySelector('textarea');
            field.focus();
            document.execCommand('insertText', false, 'x');
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            return performance.now() - began;
        }"""
    )
    assert typed < 500, f"a key took {typed:.0f} ms"
