"""Questions of tools for everyone: screen readers, small screens, both themes and languages."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.looks import faults, too_wide
from tests.e2e.person import Person, answers
from tests.e2e.toolbox import dialog

_LONG = "https://example.org/" + "a-rather-long-path/" * 12
_MANY_LINES = "\\n".join(f"line {number}" for number in range(30))
_CLIPBOARD = f'{{"action": "write", "text": "{_LONG}\\n{_MANY_LINES}", "reason": "{_LONG}"}}'


class _Words:
    """The names of buttons in the user's language."""

    def __init__(self, locale: str) -> None:
        self._at = 0 if locale == "en" else 1

    def __call__(self, english: str, russian: str) -> re.Pattern[str]:
        return re.compile("^" + (english, russian)[self._at])


def _cards(page: Page) -> Locator:
    return page.locator("main article")


async def _prepare(person: Person, locale: str) -> Page:
    """Agents with a tool each, and a chat."""
    await person.api("PATCH", "/auth/me", {"locale": locale})
    tools: dict[str, Any] = {"clock": "current_time", "clip": "clipboard", "cam": "camera", "mic": "microphone",
                             "pick": "file_picker"}  # fmt: skip
    for handle, tool in tools.items():
        chosen = [{"tool_id": tool, "enabled": True, "policy": "ask"}]
        await person.agent(handle.title(), handle=handle, tools=chosen)
    return await person.page(f"/chat/{await person.chat('A chat about ' + 'something ' * 6)}")


async def _say(page: Page, handle: str, directive: str) -> None:
    await page.locator("main textarea").last.fill(f"@{handle} Please {directive}")
    await page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("theme", "locale", "width"),
    [("light", "en", 1280), ("dark", "ru", 1280), ("light", "ru", 360), ("dark", "en", 360)],
)
async def test_axe_finds_nothing_and_everything_fits(
    maria: Person, theme: Literal["light", "dark"], locale: str, width: int
) -> None:
    words = _Words(locale)
    page = await _prepare(maria, locale)
    await page.set_viewport_size({"width": width, "height": 740})
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    found: list[str] = []

    async def look(where: str) -> None:
        found.extend(f"{where} {each}" for each in await faults(page) + await too_wide(page, width))

    async def press(place: Page | Locator, english: str, russian: str) -> None:
        await place.get_by_role("button", name=words(english, russian)).first.click()

    await _say(page, "clock", "[[tool count=2 name=current_time]]")
    await expect(_cards(page)).to_have_count(2)
    await press(_cards(page).first, "Change", "Изменить")
    await press(_cards(page).last, "Reject", "Отклонить")
    await look("asking")
    await page.goto("/inbox")
    await expect(_cards(page)).to_have_count(2)
    await look("inbox")
    await page.go_back()
    await press(page, "Allow all once", "Разрешить все")
    await expect(answers(page).last).to_contain_text("Tool said")
    await press(page.get_by_role("list", name=words("Tools used", "Использованные")), "", "")
    await look("called")

    await _say(page, "clip", f"[[tool {_CLIPBOARD}]]")
    await expect(dialog(page)).to_be_visible()
    await look("clipboard")
    await press(dialog(page), "Show all", "Показать всё")
    await press(dialog(page), "Reject", "Отклонить")
    await look("refusing")
    await dialog(page).get_by_role("button", name=words("Reject the call", "Отклонить вызов")).click()
    await expect(dialog(page)).to_have_count(0)

    await _say(page, "cam", "[[tool {}]]")
    await press(dialog(page), "Open the camera", "Включить камеру")
    await expect(dialog(page).get_by_role("button", name=words("Take the photo", "Сделать снимок"))).to_be_enabled()
    await look("camera")
    await press(dialog(page), "Take the photo", "Сделать снимок")
    await look("photo")
    await press(dialog(page), "Send", "Отправить")
    await expect(answers(page).last).to_contain_text("[image_url]")
    await page.get_by_role("list", name=words("Tools used", "Использованные")).last.get_by_role("button").click()
    await expect(page.locator("main img").last).to_be_visible()
    await look("picture")

    await _say(page, "mic", "[[tool {}]]")
    await press(dialog(page), "Start recording", "Начать запись")
    await expect(dialog(page).get_by_role("button", name=words("Stop", "Остановить"))).to_be_enabled()
    await look("recording")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_have_count(0)
    await _say(page, "pick", f'[[tool {{"reason": "{_LONG}"}}]]')
    await (
        dialog(page)
        .locator("input[type=file]")
        .set_input_files([{"name": "long" * 30 + ".txt", "mimeType": "text/plain", "buffer": b"x"}])
    )
    await look("files")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_have_count(0)

    await page.goto("/inbox")
    await page.get_by_role("radio").last.click()
    await expect(page.get_by_role("main").get_by_role("listitem")).not_to_have_count(0)
    await look("answered")
    await page.goto("/decisions")
    await page.get_by_role("main").get_by_role("listitem").first.get_by_role("button").click()
    await look("decisions")
    [agent, *_] = (await maria.api("GET", "/my/agents/"))["items"]
    await page.goto(f"/agents/{agent['agent_id']}")
    await expect(page.locator("#agent-tools")).to_be_visible()
    await look("editor")
    assert found == []
