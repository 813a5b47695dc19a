"""What pydantic finds wrong, as problems of fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, cast

from pydantic import ValidationError

from artel.kit.errors import FieldProblem, Figures

_MAX_PLACE: Final = 200
_MAX_FIGURE: Final = 200
"""Characters."""


def problems_of(error: ValidationError, place: str) -> list[FieldProblem]:
    """What is wrong, each with the place where it is. place: what was validated, such as "edited"."""
    faults = error.errors(include_url=False, include_input=False)
    return [field_problem((place, *fault["loc"]), cast(Mapping[str, Any], fault)) for fault in faults]


def field_problem(place: Iterable[int | str], fault: Mapping[str, Any]) -> FieldProblem:
    """fault: one of `ValidationError.errors()`; its `type` is the reason, its `ctx` the figures."""
    return FieldProblem(
        ".".join(map(str, place))[:_MAX_PLACE], fault["msg"], fault["type"], figures_in(fault.get("ctx", {}))
    )


def figures_in(context: Mapping[str, Any]) -> Figures:
    """What of a context can be told: numbers, and texts, which are cut short."""
    return {
        name: value[:_MAX_FIGURE] if isinstance(value, str) else float(value) if isinstance(value, Decimal) else value
        for name, value in context.items()
        if isinstance(value, str | int | float | Decimal)
    }
