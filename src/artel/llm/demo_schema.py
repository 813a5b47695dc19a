"""An example that fits a JSON schema, for the demo model's structured answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

Json = dict[str, Any]
_MAX_DEPTH: Final = 12


def example_of(schema: Mapping[str, Any], text: str) -> Any:
    """The smallest value with one item in each list; texts are `text`, choices are the first one."""
    return _example(schema, cast("Mapping[str, Json]", schema.get("$defs", {})), text, 0)


def _example(schema: Mapping[str, Any], definitions: Mapping[str, Json], text: str, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return None
    if reference := schema.get("$ref"):
        return _example(definitions.get(str(reference).rsplit("/", 1)[-1], {}), definitions, text, depth + 1)
    if "const" in schema:
        return schema["const"]
    if choices := schema.get("enum"):
        return choices[0]
    if "default" in schema:
        return schema["default"]
    for union in ("anyOf", "oneOf", "allOf"):
        if options := schema.get(union):
            return _example(options[0], definitions, text, depth + 1)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        required = schema.get("required", [])
        properties = cast("Mapping[str, Json]", schema.get("properties", {}))
        return {
            name: _example(field, definitions, text, depth + 1)
            for name, field in properties.items()
            if name in required
        }
    if kind == "array":
        count = max(1, int(schema.get("minItems", 1)))
        return [_example(schema.get("items", {}), definitions, text, depth + 1) for _ in range(count)]
    return _scalar(kind, schema, text)


def _scalar(kind: object, schema: Mapping[str, Any], text: str) -> Any:
    if kind == "integer":
        return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    if kind == "number":
        return float(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    words = text.ljust(int(schema.get("minLength", 0)), ".") or "demo"
    return words[: int(schema.get("maxLength", len(words)))]
