"""A conversation as it stands in the page: read from its oldest message to its newest, and judged."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Page

_DIRECTIVE: Final = re.compile(r"\s*\[\[.*?\]\]")
_STEP_PX: Final = 1_500
_FRAME_SECONDS: Final = 0.05
_MOST_STEPS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """A message that is shown. role: user or assistant."""

    id: str
    role: str
    text: str


async def read_all(page: Page) -> list[Row]:
    """Scrolls to the oldest message, so that the page loads what is older, and reads on the way back. A message that
    is drawn twice at the same time is in the answer twice."""
    for _ in range(_MOST_STEPS):
        if await page.evaluate(_UP):
            break
        await asyncio.sleep(_FRAME_SECONDS)
    rows: dict[str, Row] = {}
    doubled: list[Row] = []
    for _ in range(_MOST_STEPS):
        looked = [Row(*each) for each in await page.evaluate(_ROWS)]
        doubled += [row for row, times in Counter(looked).items() if times > 1]
        rows.update((row.id, row) for row in looked)
        if await page.evaluate(_DOWN, _STEP_PX):
            break
        await asyncio.sleep(_FRAME_SECONDS)
    return [*rows.values(), *dict.fromkeys(doubled)]


def wrongs(said: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """What is not as it must be: each text stands there once and has one answer, which repeats it."""
    questions = Counter(row.text for row in rows if row.role == "user")
    answers = Counter(" ".join(row.text.split()) for row in rows if row.role == "assistant")
    found = [f"{text[:40]!r} stands there {questions[text]} times" for text in said if questions[text] != 1]
    found += [f"nobody said {text[:40]!r}" for text in questions if text not in said]
    for text in said:
        if answers.pop(answer := answer_to(text), 0) != 1:
            found.append(f"{answer[:40]!r} is not there once")
    return [*found, *(f"answered {text[:80]!r}, which answers nothing" for text in answers)]


def answer_to(text: str) -> str:
    """What the scripted model says to it."""
    return f"You said: {_DIRECTIVE.sub('', text).strip()}"


_UP: Final = """() => {
  const box = document.querySelector('section[aria-label=Messages]');
  const before = box.scrollTop;
  box.scrollTop = 0;
  const loads = box.textContent.includes('Loading earlier') || box.querySelector('.animate-spin') !== null;
  return before === 0 && !loads;
}"""
_DOWN: Final = """(step) => {
  const box = document.querySelector('section[aria-label=Messages]');
  const before = box.scrollTop;
  box.scrollTop = before + step;
  return box.scrollTop === before;
}"""
_ROWS: Final = """() => [...document.querySelectorAll('section[aria-label=Messages] [data-message]')].map(row => {
  const said = row.querySelector('p.whitespace-pre-wrap');
  if (said) {
    const addressed = said.querySelector('span')?.textContent ?? '';
    return [row.dataset.message, 'user', said.textContent.slice(addressed.length)];
  }
  const text = [...row.querySelectorAll('.prose-answer')].map(each => each.textContent).join(' ');
  return [row.dataset.message, 'assistant', text];
})"""
