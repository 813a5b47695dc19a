"""How the API describes itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from artel.events.codec import json_schema
from artel.gateway.cookies import SESSION_COOKIE
from artel.gateway.problems import PROBLEM_TYPE, Problem

_SCHEMAS: Final = "#/components/schemas"
_DESCRIPTION: Final = """
Every user owns a team of agents; nothing is shared between users.

Sign in with `POST /auth/login` (a cookie), or send an API key as `Authorization: Bearer <key>`.
Errors are `application/problem+json` (RFC 9457). An id of another user is 404, as one that does not exist.
Lists answer `{items, next_cursor}` and take `?limit=&cursor=`. Requests that create take `Idempotency-Key`.
"""
_ALWAYS: Final = (400, 401, 413, 415, 422)

EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`text/event-stream`; each `data:` is one Event, each `id:` its number.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "itemSchema": {"$ref": f"{_SCHEMAS}/Event"},
                "example": 'id: 1790000000000001\ndata: {"type":"message_delta","text":"Hello","session_id":7}\n\n',
            }
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers of a route, besides those every route has."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": f"{_SCHEMAS}/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


ALWAYS: Final = problems(*_ALWAYS)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI schema, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes)
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template=f"{_SCHEMAS}/{{model}}")
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        # An event's parts may have the names of other shapes: those of the API stay.
        for name, part in json_schema(f"{_SCHEMAS}/Event{{model}}").items():
            schemas[name if name == "Event" else f"Event{name}"] = part
        components["securitySchemes"] = {
            "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
            "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
        }
        schema["security"] = [{"cookie": []}, {"key": []}]
        app.openapi_schema = schema
    return app.openapi_schema
