"""Thinking between tags: any cut of the text gives the same thinking and the same answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.llm.deltas import TextDelta
from artel.llm.thinking import ThinkTags


def split(*pieces: str) -> tuple[str, str]:
    tags = ThinkTags()
    deltas = [delta for piece in pieces for delta in tags.split(piece)] + tags.finish()
    answer = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    thinking = "".join(delta.text for delta in deltas if not isinstance(delta, TextDelta))
    return thinking, answer


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("hello", "", "hello"),
        ("<think>hm</think>hello", "hm", "hello"),
        ("<think>\nhm\n</think>\n\nhello", "hm\n", "hello"),
        ("\n <think>hm</think> hello", "hm", "hello"),
        ("<think></think>\n\nhello", "", "hello"),
        ("say <think> to me</think>", "", "say <think> to me</think>"),
        ("<thin", "", "<thin"),
        ("<thinner> than", "", "<thinner> than"),
        ("<think>never closed </thi", "never closed </thi", ""),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
        ("  indented", "", "  indented"),
        ("", "", ""),
    ],
)
def test_what_is_thinking_and_what_is_answer(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)


PARTS = st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "th", "ink>", " ", "\n", "hm", "да"]), max_size=12)


@given(PARTS, st.data())
def test_any_cut_gives_the_same(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    cuts = [text[start:stop] for start, stop in zip([0, *places], [*places, len(text)], strict=True)]
    assert split(*cuts) == split(text)
    assert split(*text) == split(text)
