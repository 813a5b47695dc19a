"""In which language a model is told to write."""

from __future__ import annotations

import pytest

from artel.agents.reading.language import in_its_language


@pytest.mark.parametrize(
    ("text", "is_russian"),
    [
        ("Мою собаку зовут Бублик", True),
        ("Почини def parse(line) в модуле", True),
        ("My dog is called Bublik", False),
        ("Translate слово, please, and then everything else", False),
        ("Мого собаку звуть Бублик, і він їсть", False),
        ("我的狗叫面包圈", False),
        ("", False),
    ],
)
def test_russian_is_named_and_the_rest_is_left_to_the_model(text: str, is_russian: bool) -> None:
    assert (in_its_language(text) == "Write in Russian.") == is_russian
