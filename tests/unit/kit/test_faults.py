"""What pydantic finds wrong becomes problems of fields, with a reason and its figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from artel.kit.errors import FieldProblem
from artel.kit.faults import figures_in, problems_of


class _Shelf(BaseModel):
    name: Annotated[str, Field(max_length=3)]
    price: Annotated[Decimal, Field(ge=Decimal("0.5"))]
    books: list[int]

    @field_validator("books")
    @classmethod
    def _some(cls, books: list[int]) -> list[int]:
        if not books:
            raise ValueError("no books")
        return books


def test_each_fault_has_its_place_its_reason_and_its_figures() -> None:
    with pytest.raises(ValidationError) as caught:
        _Shelf.model_validate({"name": "long", "price": "0.1", "books": ["x"]})

    found = problems_of(caught.value, "edited")

    assert [(each.field, each.reason, each.figures) for each in found] == [
        ("edited.name", "string_too_long", {"max_length": 3}),
        ("edited.price", "greater_than_equal", {"ge": 0.5}),
        ("edited.books.0", "int_parsing", {}),
    ]


def test_what_a_validator_raised_is_no_figure() -> None:
    with pytest.raises(ValidationError) as caught:
        _Shelf.model_validate({"name": "a", "price": 1, "books": []})

    assert problems_of(caught.value, "body") == [
        FieldProblem("body.books", "Value error, no books", "value_error"),
    ]


def test_a_figure_is_never_long() -> None:
    assert len(str(figures_in({"tag": "x" * 10_000})["tag"])) == 200
