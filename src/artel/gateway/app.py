"""The application: routes inside, the layers around them."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from artel.gateway.bodies import BodyLimit
from artel.gateway.deps import GatewayDeps
from artel.gateway.docs import add_docs
from artel.gateway.edge import Edge
from artel.gateway.errors import ErrorAnswers
from artel.gateway.isolation import UserIsolation
from artel.gateway.page import Page
from artel.gateway.routes import (
    accounts,
    agents,
    api_keys,
    approvals,
    events,
    health,
    mcp_servers,
    messages,
    models,
    orchestrators,
    runs,
    sessions,
    sign_ins,
    tools,
    usage,
)

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
    mcp_servers.router,
    usage.router,
    accounts.router,
    sign_ins.router,
    api_keys.router,
    health.router,
)
"""The busiest first: they are tried in this order."""


def create_app(deps: GatewayDeps) -> ASGIApp:
    """The whole of HTTP, ready for a server. It starts and stops nothing: whoever composed `deps` does."""
    inner = api(deps.version)
    inner.state.deps = deps
    ErrorAnswers(deps.foreign, deps.metrics).install(inner)
    options = deps.options
    inner.router.default = Page(options.page)
    app: ASGIApp = BodyLimit(inner, options.max_json_bytes)
    app = UserIsolation(app, deps.authenticator, options.public_url)
    app = Edge(app, deps.metrics)
    if options.trusted_proxies:
        # The server has its own, equal types for the same protocol.
        app = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=options.trusted_proxies))
    return app


def api(version: str) -> FastAPI:
    """The routes alone: what the OpenAPI schema is made of."""
    app = FastAPI(title="Artel", version=version, openapi_url=None, docs_url=None, redoc_url=None)
    for router in _ROUTES:
        # One flat list: nested routers would each be asked, and the hot path would wait for them.
        app.router.routes.extend(router.routes)
    add_docs(app)
    return app
