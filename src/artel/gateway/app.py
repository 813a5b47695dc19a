"""The application: routes inside, the layers around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from artel.files.store import too_large
from artel.gateway import docs
from artel.gateway.bodies import BodyLimit, BodyRule
from artel.gateway.deps import GatewayDeps, GatewayOptions
from artel.gateway.edge import Edge
from artel.gateway.errors import ErrorAnswers
from artel.gateway.isolation import UserIsolation
from artel.gateway.pace import Pace
from artel.gateway.page import Page
from artel.gateway.routes import (
    accounts,
    admin,
    agents,
    api_keys,
    approvals,
    events,
    files,
    health,
    limits,
    mcp_servers,
    memory,
    messages,
    mine,
    models,
    oidc,
    orchestrators,
    runs,
    sessions,
    sign_ins,
    tools,
    usage,
)
from artel.gateway.uploads import FORM_BYTES

_ROUTES: tuple[APIRouter, ...] = (
    messages.router,
    events.router,
    sessions.router,
    agents.router,
    orchestrators.router,
    runs.router,
    approvals.router,
    models.router,
    tools.router,
    files.router,
    memory.router,
    mcp_servers.router,
    usage.router,
    mine.router,
    limits.router,
    accounts.router,
    oidc.router,
    sign_ins.router,
    api_keys.router,
    admin.router,
    health.router,
    docs.router,
)
"""The busiest first: they are tried in this order."""


_UPLOAD: Final = re.compile(r"POST /my/files/")
_UPLOAD_SECONDS: Final = 900.0
_CONFIRM: Final = re.compile(r"POST /my/tools/[^/]+/confirm/")
_CONFIRM_BYTES: Final = 10_000_000
"""A page sends the pictures and recordings that it made along with the yes."""


def create_app(deps: GatewayDeps) -> ASGIApp:
    """The whole of HTTP, ready for a server. It starts and stops nothing: whoever composed `deps` does."""
    inner = api(deps.version)
    inner.state.deps = deps
    ErrorAnswers(deps.foreign, deps.metrics).install(inner)
    options = deps.options
    inner.router.default = Page(options.page)
    app: ASGIApp = BodyLimit(inner, BodyRule(options.max_json_bytes), _larger_bodies(options))
    app = Pace(app, deps.quotas)
    app = UserIsolation(app, deps.authenticator, options.public_url)
    app = Edge(app, deps.metrics, deps.drains)
    if options.trusted_proxies:
        # The server has its own, equal types for the same protocol.
        app = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=options.trusted_proxies))
    return app


def create_probes(deps: GatewayDeps) -> ASGIApp:
    """What a process answers that serves no users: whether it is alive and can work, and its metrics."""
    inner = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    inner.router.routes.extend(health.router.routes)
    inner.state.deps = deps
    ErrorAnswers(deps.foreign, deps.metrics).install(inner)
    return Edge(inner, deps.metrics)


def _larger_bodies(options: GatewayOptions) -> Mapping[re.Pattern[str], BodyRule]:
    upload = BodyRule(
        options.max_upload_bytes + FORM_BYTES,
        _UPLOAD_SECONDS,
        streams=True,
        error=lambda: too_large(options.max_upload_bytes),
    )
    return {_UPLOAD: upload, _CONFIRM: BodyRule(max(options.max_json_bytes, _CONFIRM_BYTES))}


def api(version: str) -> FastAPI:
    """The routes alone: what the OpenAPI schema is made of."""
    app = FastAPI(title="Artel", version=version, openapi_url=None, docs_url=None, redoc_url=None)
    for router in _ROUTES:
        # One flat list: nested routers would each be asked, and the hot path would wait for them.
        app.router.routes.extend(router.routes)
    return app
