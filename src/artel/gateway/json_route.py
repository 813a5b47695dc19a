"""Routes whose bodies are JSON, read strictly and fast."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, cast

import orjson
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from artel.gateway.openapi import ALWAYS
from artel.kit.errors import BadRequest, FieldProblem, Invalid

_ESCAPED_NUL = b"\\u0000"


class NotJson(BadRequest):
    """Send the body as JSON, with the header 'Content-Type: application/json'."""

    status = 415
    slug = "not-json"


class JsonRequest(Request):
    """Strict: UTF-8 without lone surrogates, no NaN, no depth that exhausts the stack."""

    async def json(self) -> Any:
        """The body.

        Raises:
            json.JSONDecodeError: it is not JSON.
        """
        return orjson.loads(await self.body())


class JsonRoute(APIRoute):
    """An API route that reads its body with `JsonRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """For FastAPI."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_json(request: Request) -> Response:
            json_request = JsonRequest(request.scope, request.receive)
            body = await json_request.body()
            if body and not _is_json(request.headers.get("content-type", "")):
                raise NotJson
            # The search is cheap and finds nearly nothing; only then is looked closely.
            if _ESCAPED_NUL in body:
                _refuse_nuls(body)
            return await handle(json_request)

        return handle_json


def resource(prefix: str, tag: str) -> APIRouter:
    """A router for the routes of one resource, with the problems that any of them may answer."""
    return APIRouter(prefix=prefix, tags=[tag], responses=ALWAYS, route_class=JsonRoute)


def _is_json(content_type: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def _refuse_nuls(body: bytes) -> None:
    """PostgreSQL cannot store NUL characters in texts.

    Raises:
        Invalid: one is there. A backslash before the escape would make it innocent, so the texts themselves are asked.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return  # who reads it next says so
    fields = [FieldProblem(place, "It holds a NUL character.", "nul_character") for place in _nuls(value, "")]
    if fields:
        raise Invalid("Texts may not hold NUL characters.", reason="nul-character", fields=fields[:10])


def _nuls(value: object, place: str) -> Iterator[str]:
    if isinstance(value, str):
        if "\0" in value:
            yield place or "body"
    elif isinstance(value, dict):
        for key, item in cast(dict[str, object], value).items():
            yield from _nuls(key, f"{place}.{key}".strip(".").replace("\0", "?"))
            yield from _nuls(item, f"{place}.{key}".strip("."))
    elif isinstance(value, list):
        for index, item in enumerate(cast(list[object], value)):
            yield from _nuls(item, f"{place}.{index}".strip("."))
