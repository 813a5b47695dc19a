"""Files in the page: how they get in, and where they are seen."""

from __future__ import annotations

import base64
from typing import Any

from playwright.async_api import Locator, Page

_HELD = """({ name, type, data }) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}"""


def payload(name: str, content: bytes, kind: str = "") -> Any:
    """A file as Playwright gives it to an input."""
    return {"name": name, "mimeType": kind, "buffer": content}


async def choose(page: Page, *files: Any) -> None:
    """Chooses files with the button's dialog."""
    async with page.expect_file_chooser() as opening:
        await page.get_by_role("button", name="Attach files").click()
    await (await opening.value).set_files(list(files))


async def drop(page: Page, name: str, content: bytes, kind: str = "") -> None:
    """Drops a file on the page."""
    held = await _held(page, name, content, kind)
    await page.dispatch_event("main", "dragenter", {"dataTransfer": held})
    await page.dispatch_event("main", "dragover", {"dataTransfer": held})
    await page.dispatch_event("main", "drop", {"dataTransfer": held})


async def hold_over(page: Page, name: str, content: bytes) -> None:
    """Drags a file over the page without letting go."""
    await page.dispatch_event("main", "dragenter", {"dataTransfer": await _held(page, name, content, "")})


async def paste(field: Locator, name: str, content: bytes, kind: str) -> None:
    """Pastes a file into a field."""
    held = await _held(field.page, name, content, kind)
    await field.evaluate(
        """(field, transfer) => field.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }))""",
        held,
    )


def tray(page: Page) -> Locator:
    """What goes with the next message."""
    return page.get_by_role("list", name="Attached files").get_by_role("listitem")


async def _held(page: Page, name: str, content: bytes, kind: str) -> Any:
    data = {"name": name, "type": kind, "data": base64.b64encode(content).decode()}
    return await page.evaluate_handle(_HELD, data)
