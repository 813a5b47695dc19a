"""What PostgreSQL refuses is left out, and nothing else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.kit.stored import stored_json, stored_text


@pytest.mark.parametrize(
    ("text", "stored"),
    [("plain", "plain"), ("a\0b", "ab"), ("да\0нет", "данет"), ("lone \ud800 one", "lone ? one"), ("👩‍🚀", "👩‍🚀")],
)
def test_a_text_keeps_everything_but_that(text: str, stored: str) -> None:
    assert stored_text(text) == stored


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_that_can_be_stored_is_left_alone(text: str) -> None:
    assert stored_text(text) == text


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"a\0": ["b\0", 1, None, {"c": "\0"}]}, {"a": ["b", 1, None, {"c": ""}]}),
        ({"args": '{"x": "\\u0000"}'}, {"args": '{"x": "\\u0000"}'}),
        (["\ud800"], ["?"]),
    ],
)
def test_json_is_cleaned_in_depth(value: Any, stored: Any) -> None:
    assert orjson.loads(stored_json(value)) == stored


def test_what_is_no_json_is_made_so_by_whoever_knows_it() -> None:
    assert stored_json({"at": object()}, default=lambda _: "an object") == '{"at":"an object"}'
    with pytest.raises(TypeError):
        stored_json(object())
