"""JSON schemas that strangers wrote: which are taken, and how arguments are held against one within bounds.

A schema can be a weapon: references to the network, regular expressions that never end, branches that double at each
level, depth that exhausts the stack. What is taken is a copy with known keywords in their right shapes and references
that stay inside. What is checked leaves regular expressions to the server, and stops after a number of steps.
Source: JSON Schema 2020-12; `items` may be a list, as before 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import jsonschema
import jsonschema.validators
import orjson
from referencing import Registry

from artel.kit.errors import FieldProblem, Figures
from artel.kit.faults import figures_in
from artel.tools.mcp.model import JsonObject
from artel.tools.tool import BadArguments

MAX_SCHEMA_CHARS: Final = 16_000
MAX_DEPTH: Final = 20
MAX_NODES: Final = 2_000
MAX_ARGUMENT_CHARS: Final = 200_000
MAX_ARGUMENT_DEPTH: Final = 40
MAX_STEPS: Final = 20_000
"""Keywords that are looked at in one check: a few tenths of a second at worst."""
_MAX_PROBLEMS: Final = 5
_MAX_MESSAGE: Final = 300

_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_ONE: Final = frozenset(
    {"additionalProperties", "propertyNames", "contains", "not", "if", "then", "else", "additionalItems"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
_MANY: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_NUMBERS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_COUNTS: Final = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"}
)
_CHECKED: Final = (
    *("type", "enum", "const", "properties", "required", "additionalProperties", "propertyNames", "items"),
    *("prefixItems", "contains", "allOf", "anyOf", "oneOf", "not", "if", "dependentRequired", "dependentSchemas"),
    *(_NUMBERS | _COUNTS - {"minContains", "maxContains"}),
)
"""Not among them: pattern, patternProperties and format (regular expressions), uniqueItems (quadratic), and the
unevaluated ones (they walk on their own, uncounted)."""


class SchemaRefused(Exception):
    """A schema that is not taken; the text says why, in words that go after the tool's name."""


class _TooManySteps(Exception):
    """The check was stopped."""


def take(schema: object) -> JsonObject:
    """A clean copy of a tool's schema, which is one of an object.

    Raises:
        SchemaRefused: it is too large, too deep, not a schema, or refers to something outside.
    """
    if not isinstance(schema, dict):
        raise SchemaRefused("its schema is no object")
    taken = _Taker().copy(cast(JsonObject, schema), 0)
    assert isinstance(taken, dict)
    if taken.setdefault("type", "object") != "object":
        raise SchemaRefused("its schema is not one of an object")
    try:
        size = len(orjson.dumps(taken))
    except TypeError as error:
        raise SchemaRefused("its schema holds something that is no JSON") from error
    if size > MAX_SCHEMA_CHARS:
        raise SchemaRefused(f"its schema is longer than {MAX_SCHEMA_CHARS} characters")
    _check_references(taken, taken)
    return taken


@dataclass(slots=True)
class _Taker:
    nodes: int = 0

    def copy(self, schema: object, depth: int) -> JsonObject | bool:
        """A schema, or the true or false that stands for one."""
        self._count(depth)
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise SchemaRefused("its schema is not a JSON schema")
        copied: JsonObject = {}
        for key, value in cast(dict[object, object], schema).items():
            keyword = str(key)
            # $schema and $id would lead the validator elsewhere; anchors are refused with the references to them.
            if keyword.startswith("$") and keyword not in ("$ref", "$defs"):
                continue
            copied[keyword] = self._keyword(keyword, value, depth)
        return copied

    def _keyword(self, keyword: str, value: object, depth: int) -> Any:
        is_list = isinstance(cast(Any, value), list)
        if keyword in _ONE or (keyword == "items" and not is_list):
            return self.copy(value, depth + 1)
        if keyword in _MANY or keyword == "items":
            return [self.copy(each, depth + 1) for each in _list(value, keyword)]
        if keyword in _NAMED:
            return {str(name): self.copy(each, depth + 1) for name, each in _object(value, keyword).items()}
        _check_shape(keyword, value)
        return self._plain(value, depth + 1)

    def _plain(self, value: object, depth: int) -> Any:
        """Anything else: defaults, examples, keywords nobody knows."""
        self._count(depth)
        if isinstance(value, dict):
            # A reference may lead here, so that even this may be taken for a schema.
            items = ((str(k), v) for k, v in cast(dict[object, object], value).items())
            return {k: self._plain(v, depth + 1) for k, v in items if k not in ("$schema", "$id")}
        if isinstance(value, list):
            return [self._plain(each, depth + 1) for each in cast(list[object], value)]
        return value

    def _count(self, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise SchemaRefused(f"its schema is nested deeper than {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise SchemaRefused(f"its schema has more than {MAX_NODES} parts")


def _check_shape(keyword: str, value: object) -> None:
    fits = True
    if keyword == "type":
        names = cast(list[object], value) if isinstance(value, list) else [value]
        fits = bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)
    elif keyword == "required":
        fits = isinstance(value, list) and all(isinstance(name, str) for name in cast(list[object], value))
    elif keyword == "enum":
        fits = isinstance(value, list)
    elif keyword in _NUMBERS:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and not (keyword == "multipleOf" and cast(float, value) <= 0)
    elif keyword in _COUNTS:
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    elif keyword == "dependentRequired":
        fits = isinstance(value, dict) and all(isinstance(names, list) for names in cast(JsonObject, value).values())
    elif keyword in ("$ref", "pattern", "description", "title"):
        fits = isinstance(value, str)
    if not fits:
        raise SchemaRefused(f"its schema has a wrong {keyword!r}")


def _list(value: object, keyword: str) -> list[object]:
    if not isinstance(value, list) or (not value and keyword != "items"):
        raise SchemaRefused(f"its schema has a wrong {keyword!r}")
    return cast(list[object], value)


def _object(value: object, keyword: str) -> dict[object, object]:
    if not isinstance(value, dict):
        raise SchemaRefused(f"its schema has a wrong {keyword!r}")
    return cast(dict[object, object], value)


def _check_references(node: object, root: JsonObject) -> None:
    if isinstance(node, list):
        for each in cast(list[object], node):
            _check_references(each, root)
    elif isinstance(node, dict):
        for key, value in cast(JsonObject, node).items():
            if key == "$ref" and isinstance(value, str):
                _resolve(root, value)
            else:
                _check_references(value, root)


def _resolve(root: JsonObject, reference: str) -> JsonObject | bool:
    """What a JSON pointer within the schema names (RFC 6901).

    Raises:
        SchemaRefused: nothing, or something outside.
    """
    head, *steps = reference.split("/")
    node: Any = root
    if head != "#":
        raise SchemaRefused("its schema refers to something outside itself")
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and name in node:
            node = cast(JsonObject, node)[name]
        elif isinstance(node, list) and name.isdecimal() and len(name) < 6 and int(name) < len(cast(list[Any], node)):
            node = cast(list[Any], node)[int(name)]
        else:
            raise SchemaRefused("its schema refers to a part of itself that is not there")
    if not isinstance(node, dict | bool):
        raise SchemaRefused("its schema refers to something that is no schema")
    return cast(JsonObject | bool, node)


_NO_REGISTRY: Final[Any] = cast(Any, Registry)()
_Keyword = Callable[[Any, Any, Any, Any], Iterable[Any] | None]
_KEYWORDS: Final[Mapping[str, _Keyword]] = {
    name: cast(Any, jsonschema.Draft202012Validator).VALIDATORS[name] for name in _CHECKED
}


@dataclass(slots=True)
class Check:
    """Holds arguments against a schema that was taken."""

    schema: JsonObject = field(repr=False)

    def __call__(self, arguments: JsonObject) -> JsonObject:
        """The arguments, when they fit.

        Raises:
            BadArguments: they do not, or are too large, or cannot be checked within bounds.
        """
        _check_size(arguments)
        try:
            problems = list(self._problems(arguments))
        except (_TooManySteps, RecursionError) as error:
            raise _bad(
                "The tool's schema is too complicated to check these arguments against.", reason="schema_too_large"
            ) from error
        except (ArithmeticError, TypeError, ValueError, AttributeError, KeyError) as error:
            # Numbers beyond all measure, or a schema whose parts contradict each other.
            raise _bad(
                "These arguments cannot be checked against the tool's schema.", reason="schema_unclear"
            ) from error
        if problems:
            raise BadArguments(fields=problems)
        return arguments

    def _problems(self, arguments: JsonObject) -> Iterator[FieldProblem]:
        # Made for one check, since it counts; without a registry references to the network lead nowhere.
        table = _Counted(self.schema).table()
        checker: Any = cast(Any, jsonschema.validators).create(meta_schema={}, validators=table)
        for number, error in enumerate(checker(self.schema, registry=_NO_REGISTRY).iter_errors(arguments)):
            if number == _MAX_PROBLEMS:
                return
            place = ".".join(map(str, ("edited", *error.absolute_path)))
            yield FieldProblem(
                place[:_MAX_MESSAGE],
                str(error.message)[:_MAX_MESSAGE],
                f"schema_{error.validator}",
                figures_in({"wanted": _as_figure(error.validator_value)}),
            )


def _as_figure(wanted: object) -> object:
    """What a keyword wants, as one can say it: of a list the words in it."""
    if isinstance(wanted, list):
        return ", ".join(str(each) for each in cast(list[object], wanted) if isinstance(each, str | int | float))
    return wanted


@dataclass(slots=True)
class _Counted:
    root: JsonObject
    steps: int = 0

    def table(self) -> dict[str, _Keyword]:
        """The keywords that are checked, each counted."""
        table = {name: self._counted(keyword) for name, keyword in _KEYWORDS.items()}
        table["$ref"] = self._counted(self._reference)
        table["items"] = self._counted(_items)
        table["additionalProperties"] = self._counted(_additional_properties)
        return table

    def _counted(self, keyword: _Keyword) -> _Keyword:
        def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[Any] | None:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise _TooManySteps
            return keyword(validator, value, instance, schema)

        return counted

    def _reference(self, validator: Any, reference: str, instance: Any, schema: Any) -> Iterable[Any]:
        del schema
        return validator.descend(instance, _resolve(self.root, reference))


def _items(validator: Any, items: Any, instance: Any, schema: Any) -> Iterable[Any] | None:
    # As a list it is what prefixItems became.
    name = "prefixItems" if isinstance(items, list) else "items"
    return _KEYWORDS[name](validator, items, instance, schema)


def _additional_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[Any] | None:
    # Which ones are additional is then said by regular expressions.
    if "patternProperties" in schema:
        return None
    return _KEYWORDS["additionalProperties"](validator, value, instance, schema)


def _check_size(arguments: JsonObject) -> None:
    try:
        size = len(orjson.dumps(arguments))
    except TypeError as error:
        # Integers beyond 64 bits, lone surrogates, or deeper than its own limit.
        raise _bad("The arguments hold something that cannot be sent.", reason="arguments_unsendable") from error
    if size > MAX_ARGUMENT_CHARS:
        raise _bad(
            f"The arguments are longer than {MAX_ARGUMENT_CHARS} characters.",
            reason="arguments_too_long",
            figures={"limit": MAX_ARGUMENT_CHARS},
        )
    if _depth(arguments) > MAX_ARGUMENT_DEPTH:
        raise _bad(
            f"The arguments are nested deeper than {MAX_ARGUMENT_DEPTH} levels.",
            reason="arguments_too_deep",
            figures={"limit": MAX_ARGUMENT_DEPTH},
        )


def _depth(value: object) -> int:
    deepest, pending = 0, [(value, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        if isinstance(node, dict):
            pending += [(each, depth + 1) for each in cast(dict[str, object], node).values()]
        elif isinstance(node, list):
            pending += [(each, depth + 1) for each in cast(list[object], node)]
    return deepest


def _bad(message: str, *, reason: str, figures: Figures | None = None) -> BadArguments:
    return BadArguments(fields=[FieldProblem("edited", message, reason, figures or {})])
