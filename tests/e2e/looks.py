"""What is wrong with how a page looks, or reads aloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
# What reaches out of the window and is not scrolled by anything around it: what is only cut cannot be read.
_OUTSIDE = """() => [...document.querySelectorAll("main *, [role=dialog] *")].filter(element => {
  const box = element.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1 || box.left >= innerWidth) return false;
  for (let parent = element.parentElement; parent; parent = parent.parentElement) {
    if (["auto", "scroll"].includes(getComputedStyle(parent).overflowX)) return false;
  }
  return true;
}).map(element => element.outerHTML.slice(0, 120))"""


async def faults(page: Page, *, but: str = "") -> list[str]:
    """What axe finds, as "rule: element"."""
    # It stays until another page is loaded, and takes as long to be read as a page to be looked at.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text())
    options = {"resultTypes": ["violations"], "rules": {but: {"enabled": False}} if but else {}}
    found: dict[str, Any] = await page.evaluate("options => axe.run(document, options)", options)
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]


async def too_wide(page: Page, width: int) -> list[str]:
    """What does not fit into a window of this width."""
    whole = await page.evaluate("document.documentElement.scrollWidth")
    return [f"the page: {whole}"] * (whole > width) + await page.evaluate(_OUTSIDE)
