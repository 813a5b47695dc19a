"""Schemas that strangers wrote: what is taken, what is refused and why, and that a check ends."""

from __future__ import annotations

from typing import Any

import pytest

from artel.tools.mcp.schema import MAX_ARGUMENT_CHARS, Check, SchemaRefused, take
from artel.tools.tool import BadArguments

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def nested(depth: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


def doubling(levels: int) -> dict[str, Any]:
    """Each level asks the next one twice."""
    names = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(levels)}
    return {"type": "object", "$defs": {**names, f"d{levels}": {"type": "object"}}, "$ref": "#/$defs/d0"}


REFUSED: list[tuple[Any, str]] = [
    (None, "no object"),
    ([], "no object"),
    ({"type": "string"}, "not one of an object"),
    ({"type": ["object", "null"]}, "not one of an object"),
    (nested(30), "deeper than 20"),
    ({"default": [[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}, "deeper than 20"),
    ({"properties": {f"p{n}": {} for n in range(2_001)}}, "more than 2000 parts"),
    ({"description": "x" * 16_001}, "longer than 16000"),
    ({"description": "\ud800"}, "no JSON"),
    ({"default": 10**30}, "no JSON"),
    ({"properties": {"x": {"$ref": "https://example.org/schema.json"}}}, "outside itself"),
    ({"properties": {"x": {"$ref": "other.json#/a"}}}, "outside itself"),
    ({"properties": {"x": {"$ref": "#anchor"}}}, "outside itself"),
    ({"properties": {"x": {"$ref": "#/$defs/none"}}}, "not there"),
    ({"allOf": [{}], "properties": {"x": {"$ref": "#/allOf/7"}}}, "not there"),
    ({"required": ["x"], "properties": {"x": {"$ref": "#/required"}}}, "no schema"),
    ({"properties": []}, "wrong 'properties'"),
    ({"properties": {"x": "string"}}, "not a JSON schema"),
    ({"properties": {"x": {"type": "text"}}}, "wrong 'type'"),
    ({"properties": {"x": {"type": []}}}, "wrong 'type'"),
    ({"required": "x"}, "wrong 'required'"),
    ({"required": [5]}, "wrong 'required'"),
    ({"properties": {"x": {"enum": "a"}}}, "wrong 'enum'"),
    ({"properties": {"x": {"minimum": "1"}}}, "wrong 'minimum'"),
    ({"properties": {"x": {"minimum": True}}}, "wrong 'minimum'"),
    ({"properties": {"x": {"multipleOf": 0}}}, "wrong 'multipleOf'"),
    ({"properties": {"x": {"maxLength": -1}}}, "wrong 'maxLength'"),
    ({"properties": {"x": {"maxLength": 1.5}}}, "wrong 'maxLength'"),
    ({"properties": {"x": {"anyOf": []}}}, "wrong 'anyOf'"),
    ({"properties": {"x": {"anyOf": {}}}}, "wrong 'anyOf'"),
    ({"properties": {"x": {"$ref": 5}}}, "wrong '$ref'"),
    ({"dependentRequired": {"x": "y"}}, "wrong 'dependentRequired'"),
]


@pytest.mark.parametrize(
    ("schema", "why"),
    REFUSED,
)
def test_what_is_refused(schema: Any, why: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        take(schema)

    assert why in str(refused.value)


def test_what_leads_elsewhere_is_left_out() -> None:
    taken = take(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://example.org/",
            "properties": {"x": {"$dynamicAnchor": "a", "type": "string"}, "$id": {"type": "string"}},
            "examples": [{"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://x.example/", "a": 1}],
        }
    )

    assert taken == {
        "type": "object",
        "properties": {"x": {"type": "string"}, "$id": {"type": "string"}},
        "examples": [{"a": 1}],
    }


FITTING: list[tuple[Any, Any]] = [
    (CITY, {"city": "Тула", "more": [1, None]}),
    ({}, {}),
    ({"properties": {"x": {"pattern": "^(a+)+$", "type": "string"}}}, {"x": "a" * 40 + "!"}),
    ({"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, {"a" * 40 + "!": 1}),
    ({"properties": {"x": {"uniqueItems": True, "type": "array"}}}, {"x": [1, 1]}),
    ({"properties": {"x": {"items": [{"type": "integer"}, {"type": "string"}]}}}, {"x": [1, "a", None]}),
    ({"$defs": {"a/b~c": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a~1b~0c"}}}, {"x": "a"}),
    ({"allOf": [True, {}], "properties": {"x": {"$ref": "#/allOf/0"}}}, {"x": 1}),
    # A tree that refers to itself is no danger where the arguments end.
    ({"properties": {"child": {"$ref": "#"}}, "additionalProperties": False}, {"child": {"child": {}}}),
]


@pytest.mark.parametrize(
    ("schema", "arguments"),
    FITTING,
)
def test_what_fits(schema: Any, arguments: Any) -> None:
    assert Check(take(schema))(arguments) is arguments


@pytest.mark.parametrize(
    ("schema", "arguments", "place", "says"),
    [
        (CITY, {}, "edited", "required"),
        (CITY, {"city": 5}, "edited.city", "not of type 'string'"),
        ({"properties": {"x": {"items": {"minimum": 3}}}}, {"x": [4, 2]}, "edited.x.1", "less than the minimum"),
        ({"properties": {"x": {"items": [{"type": "integer"}]}}}, {"x": ["a"]}, "edited.x.0", "not of type"),
        ({"additionalProperties": False}, {"x": 1}, "edited", "Additional properties"),
        ({"properties": {"x": {"enum": ["a"]}}}, {"x": "b"}, "edited.x", "not one of"),
        ({"properties": {"x": {"if": {"const": 1}, "then": False}}}, {"x": 1}, "edited.x", "False schema"),
        ({"type": "object", "$ref": "#"}, {}, "edited", "too complicated"),
        (doubling(18), {}, "edited", "too complicated"),
        ({"examples": [{"properties": 5}], "$ref": "#/examples/0"}, {"x": 1}, "edited", "cannot be checked"),
        (CITY, {"city": "x" * MAX_ARGUMENT_CHARS}, "edited", "longer than 200000"),
        ({}, {"x": 10**40}, "edited", "cannot be sent"),
        ({}, {"x": nested(30)}, "edited", "deeper than 40"),
    ],
)
def test_what_does_not_fit(schema: Any, arguments: Any, place: str, says: str) -> None:
    with pytest.raises(BadArguments) as refused:
        Check(take(schema))(arguments)

    [problem, *_] = refused.value.fields
    assert problem.field == place
    assert says in problem.message


def test_a_wide_check_ends() -> None:
    schema = take({"properties": {"x": {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}})

    assert Check(schema)({"x": [1] * 5_000})
    with pytest.raises(BadArguments) as refused:
        Check(schema)({"x": [1] * 90_000})
    assert "too complicated" in refused.value.fields[0].message


def test_a_schema_cannot_bring_its_own_validator() -> None:
    # Once more a reference to where anything may stand: what would be checked there by another draft's keywords.
    schema = take({"examples": [{"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a+)+$"}],
                   "properties": {"x": {"$ref": "#/examples/0"}}})  # fmt: skip

    assert Check(schema)({"x": "a" * 40 + "!"})


def test_at_most_five_problems_are_named() -> None:
    schema = take({"properties": {"x": {"items": {"type": "string"}}}})

    with pytest.raises(BadArguments) as refused:
        Check(schema)({"x": list(range(100))})
    assert len(refused.value.fields) == 5
