"""Swagger UI under our own content security policy: no other server, no inline script."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from artel.gateway.idempotency import json_answer
from artel.gateway.openapi import describe
from artel.kit.errors import NotFound

_ASSETS: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Artel API</title>
<link rel="stylesheet" href="/my/docs/swagger-ui.css">
<link rel="icon" href="/my/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/my/docs/swagger-ui-bundle.js"></script>
<script src="/my/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/my/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
_KEEP: Final = {"Cache-Control": "public, max-age=86400"}


# Routes that are made once, not for each application: FastAPI remembers functions, and with one that holds an
# application it would keep the whole house.
router = APIRouter(include_in_schema=False)


@router.get("/my/openapi.json")
async def schema(request: Request) -> Response:
    """The same for everyone."""
    return json_answer(describe(request.app))


@router.get("/my/docs")
async def page() -> Response:
    """What a person looks at."""
    return Response(_PAGE, media_type="text/html")


@router.get("/my/docs/start.js")
async def start() -> Response:
    """Begins what the page shows."""
    return Response(_START, media_type="text/javascript", headers=_KEEP)


@router.get("/my/docs/{asset}")
async def asset(asset: str) -> Response:
    """Swagger UI's own files.

    Raises:
        NotFound: it has none of this name.
    """
    media_type = _ASSETS.get(asset)
    if media_type is None:
        raise NotFound
    content = (files("fastapi_swagger") / "resources" / asset).read_bytes()
    return Response(content, media_type=media_type, headers=_KEEP)
