"""The page has words of its own, in its reader's language, for every error that a request can be answered with."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Final, cast

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from artel.gateway import routes
from artel.kit.errors import ArtelError
from artel.llm.errors import ModelError
from artel.orchestrator.dry_run import OverBudget
from artel.orchestrator.plan import Draft
from artel.tools import browser
from artel.tools.mcp import schema
from artel.tools.tool import Arguments

_ROOT: Final = Path(__file__).parents[2]
_SRC: Final = _ROOT / "src/artel"
_TEXTS: Final = _ROOT / "web/src/lib/i18n"
_PLURAL: Final = re.compile(r"_(one|few|many|other)$")

_OPERATORS: Final = re.compile(
    r"artel\.(app|cli|settings|kit\.sealed_stream|store\.(backup|moves|embedded|migrate|phases|restoring))\b"
)
"""Rooms whose errors are read in a terminal."""
_SAID_BY_THE_SERVER: Final = (ModelError, OverBudget)
"""Their details are in the account's language already, with what the provider or the budget says."""
_WORKERS: Final = frozenset({"lease-lost", "reader-lost", "spoken-in"})
"""Never answered: a worker raises and catches them."""


def _classes(root: type[ArtelError]) -> Iterator[type[ArtelError]]:
    for child in root.__subclasses__():
        yield child
        yield from _classes(child)


_REASON_STANDS_AT: Final = {"FieldProblem": 2, "Flaw": 1, "PydanticCustomError": 0}
_MADE_UP: Final = {
    "messages-used-up",
    "tokens-used-up",
    *(f"schema_{name}" for name in schema._CHECKED if name not in ("$ref", "allOf", "if")),  # pyright: ignore[reportPrivateUsage]
}
"""Reasons that are put together of parts."""

_BOUNDS: Final = {
    "ge": "greater_than_equal",
    "gt": "greater_than",
    "le": "less_than_equal",
    "lt": "less_than",
    "multiple_of": "multiple_of",
}
_OF_KIND: Final[Mapping[str, Mapping[str, str]]] = {
    "str": {
        "": "string_type",
        "min_length": "string_too_short",
        "max_length": "string_too_long",
        "pattern": "string_pattern_mismatch",
    },
    "int": {"": "int_type int_parsing int_parsing_size int_from_float", **_BOUNDS},
    "float": {"": "float_type float_parsing finite_number", **_BOUNDS},
    "decimal": {
        "": "decimal_type decimal_parsing finite_number",
        "max_digits": "decimal_max_digits decimal_whole_digits",
        "decimal_places": "decimal_max_places",
        **_BOUNDS,
    },
    "bool": {"": "bool_type bool_parsing"},
    "list": {"": "list_type", "min_length": "too_short", "max_length": "too_long"},
    "tuple": {"": "tuple_type", "min_length": "too_short", "max_length": "too_long"},
    "dict": {"": "dict_type", "min_length": "too_short", "max_length": "too_long"},
    "model": {"": "model_type model_attributes_type"},
    "model-fields": {"": "missing extra_forbidden"},
    "literal": {"": "literal_error"},
    "none": {"": "none_required"},
    "uuid": {"": "uuid_type uuid_parsing", "version": "uuid_version"},
    "date": {"": "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact"},
    "datetime": {"": "datetime_type datetime_parsing datetime_from_date_parsing", "tz_constraint": "timezone_aware"},
}
"""What pydantic may find wrong with each kind of schema: in any case, and by each constraint."""
_HARMLESS: Final = frozenset(
    {"any", "default", "nullable", "union", "definitions", "definition-ref", "model-field", "computed-field"}
    | {f"function-{when}" for when in ("before", "after", "wrap", "plain")}
)
_NO_SCHEMAS: Final = frozenset({"metadata", "serialization", "ref", "default", "expected", "function"})


def _texts(language: str) -> set[str]:
    return {_PLURAL.sub("", key) for key in json.loads((_TEXTS / f"problems.{language}.json").read_text())}


def _reasons_of_classes() -> set[str]:
    list(_routes())
    return {
        kind.own_reason()
        for kind in (ArtelError, *_classes(ArtelError))
        if kind.__module__.startswith("artel.")
        and not _OPERATORS.match(kind.__module__)
        and not issubclass(kind, _SAID_BY_THE_SERVER)
    } - _WORKERS


def _reasons_written() -> set[str]:
    list(_routes())
    raised = {"_bad", *(kind.__name__ for kind in _classes(ArtelError))}
    found: set[str] = set()
    for file in _SRC.rglob("*.py"):
        module = ".".join(("artel", *file.relative_to(_SRC).with_suffix("").parts))
        if not _OPERATORS.match(module):
            found.update(*(_reasons_in(node, raised) for node in ast.walk(ast.parse(file.read_text()))))
    return found


def _reasons_in(node: ast.AST, raised: Set[str]) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = getattr(node.func, "id", "")
    given = [keyword.value for keyword in node.keywords if keyword.arg == "reason" and name in raised]
    if name in _REASON_STANDS_AT:
        given += node.args[_REASON_STANDS_AT[name] :][:1]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def _routes() -> Iterator[APIRoute]:
    for module in pkgutil.walk_packages(routes.__path__, f"{routes.__name__}."):
        router = getattr(importlib.import_module(module.name), "router", None)
        yield from (route for route in getattr(router, "routes", ()) if isinstance(route, APIRoute))


def _asked_for(dependant: Dependant) -> Iterator[Any]:
    """Schemas of what a request is read into."""
    for each in (*dependant.path_params, *dependant.query_params, *dependant.header_params, *dependant.body_params):
        yield each._type_adapter.core_schema  # pyright: ignore[reportPrivateUsage]
    for inner in dependant.dependencies:
        yield from _asked_for(inner)


def _reasons_of_pydantic() -> set[str]:
    results = [each for name, each in vars(browser).items() if name.endswith("Result") and isinstance(each, type)]
    models: list[Any] = [Draft, *Arguments.__subclasses__(), *(each for each in results if issubclass(each, BaseModel))]
    schemas = [schema for route in _routes() for schema in _asked_for(route.dependant)]
    schemas += [TypeAdapter(model).core_schema for model in models]
    return {reason for schema in schemas for reason in _walk(schema)}


def _walk(node: object) -> Iterator[str]:
    if isinstance(node, list | tuple):
        for each in cast(Sequence[object], node):
            yield from _walk(each)
    if not isinstance(node, dict):
        return
    schema = cast(dict[str, object], node)
    kind = schema.get("type")
    if isinstance(kind, str):
        assert kind in _OF_KIND or kind in _HARMLESS, f"what can pydantic find wrong with a {kind!r}?"
        for constraint, reasons in _OF_KIND.get(kind, {}).items():
            if not constraint or schema.get(constraint) is not None:
                yield from reasons.split()
    for key, each in schema.items():
        if key not in _NO_SCHEMAS:
            yield from _walk(each)


def test_in_russian_the_page_has_words_for_every_error() -> None:
    reasons = _reasons_of_classes() | _reasons_written() | _MADE_UP | _reasons_of_pydantic()

    assert reasons - _texts("ru") == set()


def test_in_english_the_page_puts_what_pydantic_says_into_words_for_people() -> None:
    assert _reasons_of_pydantic() - _texts("en") == set()
