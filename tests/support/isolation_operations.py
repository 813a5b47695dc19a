"""What the product can be asked for, as its OpenAPI document says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

_METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    path_parameters: tuple[str, ...]
    fields: tuple[str, ...]
    """Everything else a client may send: "query.cursor", "header.idempotency-key", "body.model.provider"."""
    has_body: bool
    is_open: bool
    """Nobody needs to sign in for it."""
    successes: frozenset[int]

    @property
    def name(self) -> str:
        """As "PUT /my/agents/{agent_id}/"."""
        return f"{self.method} {self.path}"

    def target(self, values: Mapping[str, str], query: Mapping[str, str] | None = None) -> str:
        """The address with its ids filled in, encoded."""
        path = self.path
        for parameter in self.path_parameters:
            path = path.replace(f"{{{parameter}}}", quote(values[parameter], safe=""))
        pairs = "&".join(f"{quote(name)}={quote(value)}" for name, value in (query or {}).items())
        return f"{path}?{pairs}" if pairs else path


def operations(document: Json) -> list[Operation]:
    """Every operation of the document."""
    return [
        _operation(document, path, method, item)
        for path, item in cast(dict[str, Any], document["paths"]).items()
        for method in _METHODS
        if method in item
    ]


def of_users(document: Json) -> list[Operation]:
    """Those that anybody who is signed in may ask for; `test_admin.py` has the others."""
    return [operation for operation in operations(document) if not operation.path.startswith("/admin/")]


def of_admins(document: Json) -> list[Operation]:
    """Those of administrators."""
    return [operation for operation in operations(document) if operation.path.startswith("/admin/")]


def _operation(document: Json, path: str, method: str, item: Json) -> Operation:
    operation = item[method]
    parameters = [_resolved(document, each) for each in (*item.get("parameters", ()), *operation.get("parameters", ()))]
    fields = [f"{each['in']}.{each['name'].lower()}" for each in parameters if each["in"] != "path"]
    contents = operation.get("requestBody", {}).get("content", {})
    for content in contents.values():
        fields += _fields(document, content["schema"], "body", ())
    return Operation(
        method=method.upper(),
        path=path,
        path_parameters=tuple(re.findall(r"\{(\w+)", path)),
        fields=tuple(dict.fromkeys(fields)),
        has_body=bool(contents),
        is_open=operation.get("security", document.get("security")) == [],
        successes=frozenset(int(status) for status in operation["responses"] if status.startswith(("2", "3"))),
    )


def _fields(document: Json, schema: Json, place: str, above: tuple[str, ...]) -> Iterator[str]:
    """The names of all values that a body of this schema may hold. above: schemas we are inside of."""
    reference = schema.get("$ref")
    if reference is not None:
        if reference in above:
            return
        above = (*above, reference)
        schema = _resolved(document, schema)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _fields(document, alternative, place, above)
    for name, part in schema.get("properties", {}).items():
        yield from _fields(document, part, f"{place}.{name}", above)
    for inside in (schema.get("items"), *schema.get("prefixItems", ()), schema.get("additionalProperties")):
        if isinstance(inside, dict):
            yield from _fields(document, cast(Json, inside), f"{place}", above)
    if "properties" not in schema and schema.get("type") not in (None, "null", "array"):
        yield place


def _resolved(document: Json, part: Json) -> Json:
    reference: str | None = part.get("$ref")
    if reference is None:
        return part
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return cast(Json, found)
