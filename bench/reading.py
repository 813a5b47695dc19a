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
    rows: dict[str, tuple[tuple[int, int], Row]] = {}
    doubled: list[Row] = []
    for _ in range(_MOST_STEPS):
        # The page draws a chunk of messages at a time, and the last one always: where it stands says its chunk.
        looked = [(chunk, Row(*each)) for chunk, *each in await page.evaluate(_ROWS)]
        doubled += [row for row, times in Counter(row for _, row in looked).items() if times > 1]
        rows.update((row.id, ((chunk, place), row)) for place, (chunk, row) in enumerate(looked))
        if await page.evaluate(_DOWN, _STEP_PX):
            break
        await asyncio.sleep(_FRAME_SECONDS)
    in_order = sorted(rows.values(), key=lambda each: each[0])
    return [*(row for _, row in in_order), *dict.fromkeys(doubled)]


async def flaws_now(page: Page, said: Sequence[str]) -> list[str]:
    """What nobody may see at any moment, whatever is away: a text twice, an answer that says something else or a part
    of it twice. said: what was sent, and what is being sent."""
    questions, answers = await page.evaluate(_LOOK)
    expected = [answer_to(text) for text in said]
    return flaws(questions, answers, expected)


def flaws(questions: Sequence[str], answers: Sequence[str], expected: Sequence[str]) -> list[str]:
    """The same, of what is drawn. expected: whole answers; what is drawn may be their beginnings."""
    found = [f"{text[:40]!r} stood there {times} times" for text, times in Counter(questions).items() if times > 1]
    for text in answers:
        words = " ".join(text.split())
        if not any(each.startswith(words) for each in expected):
            found.append(f"an answer said {words[:200]!r}")
    return found


def wrongs(said: Sequence[str], rows: Sequence[Row], *, in_order: bool) -> list[str]:
    """What is not as it must be: each text stands there once, and behind it one answer, which repeats it.

    in_order: none was sent again by hand, so they stand there as they were said.
    """
    questions = [row.text for row in rows if row.role == "user"]
    answers = [" ".join(row.text.split()) for row in rows if row.role == "assistant"]
    places = {" ".join(row.text.split()): place for place, row in enumerate(rows)}
    found: list[str] = []
    for text in said:
        answer = answer_to(text)
        if questions.count(text) != 1:
            found.append(f"{text[:40]!r} stands there {questions.count(text)} times")
        elif answers.count(answer) != 1:
            found.append(f"{answer[:40]!r} stands there {answers.count(answer)} times")
        elif places[answer] < places[" ".join(text.split())]:
            found.append(f"{text[:40]!r} stands behind its answer")
    found += [f"nobody said {text[:40]!r}" for text in questions if text not in said]
    expected = {answer_to(text) for text in said}
    found += [f"{text[:80]!r} answers nothing" for text in answers if text not in expected]
    if in_order and not found and questions != list(said):
        found.append(f"not in the order they were said: {[text.split()[0] for text in questions]}")
    return found


def answer_to(text: str) -> str:
    """What the scripted model says to it."""
    return f"You said: {_DIRECTIVE.sub('', text).strip()}"


_LOOK: Final = """() => {
  const box = document.querySelector('section[aria-label=Messages]');
  if (!box) return [[], []];
  const said = [...box.querySelectorAll('p.whitespace-pre-wrap')].map(
    each => each.textContent.slice((each.querySelector('span')?.textContent ?? '').length));
  return [said, [...box.querySelectorAll('.prose-answer')].map(each => each.textContent)];
}"""
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
_ROWS: Final = """() => {
  const box = document.querySelector('section[aria-label=Messages]');
  const chunks = [...box.querySelectorAll('[data-chunk]')];
  return [...box.querySelectorAll('[data-message]')].map(row => {
    const chunk = chunks.indexOf(row.closest('[data-chunk]'));
    const said = row.querySelector('p.whitespace-pre-wrap');
    if (said) {
      const addressed = said.querySelector('span')?.textContent ?? '';
      return [chunk, row.dataset.message, 'user', said.textContent.slice(addressed.length)];
    }
    const text = [...row.querySelectorAll('.prose-answer')].map(each => each.textContent).join(' ');
    return [chunk, row.dataset.message, 'assistant', text];
  });
}"""
