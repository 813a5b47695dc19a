"""Rough counts of tokens, against what tokenizers of today make of such texts."""

from __future__ import annotations

import pytest

from artel.agents.tokens import count_tokens, within_tokens

RUSSIAN = "Мою собаку зовут Бублик, и каждое утро мы гуляем у реки. "
ENGLISH = "My dog's name is Bublik, and every morning we walk along the river. "


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        (ENGLISH * 100, 1_500, 2_000),
        (RUSSIAN * 100, 1_900, 2_300),
        ("我的狗叫面包圈，" * 100, 600, 900),
        ("👍" * 100, 100, 300),
        ("déjà vu " * 100, 200, 300),
        ("\ud800" * 10, 0, 10),
    ],
)
def test_a_count_is_about_right_in_any_script(text: str, least: int, most: int) -> None:
    assert least <= count_tokens(text) <= most


@pytest.mark.parametrize("text", [ENGLISH * 100, RUSSIAN * 100])
def test_a_cut_text_is_as_long_as_it_may_be(text: str) -> None:
    cut = within_tokens(text, 500)

    assert text.startswith(cut)
    assert 490 <= count_tokens(cut) <= 505


def test_what_fits_is_not_cut() -> None:
    assert within_tokens(RUSSIAN, 500) == RUSSIAN
