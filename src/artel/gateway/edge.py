"""The outermost layer: an id for each request, security headers on each answer, numbers for the metrics."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artel.telemetry.context import log_context
from artel.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_CSP: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(self), microphone=(self), geolocation=(self), clipboard-read=(self), clipboard-write=(self), "
        b"payment=(), usb=(), serial=(), midi=(), display-capture=(), browsing-topics=()",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE: Final = (b"cache-control", b"no-store")
_CLOSE: Final = (b"connection", b"close")
_STREAM: Final = b"text/event-stream"


class Edge:
    """Pure ASGI; adds nothing to an event of a stream."""

    def __init__(self, app: ASGIApp, metrics: Metrics, leaving: Callable[[], bool] = lambda: False) -> None:
        """leaving: connections are not kept any more, so that clients go to another process."""
        self._app = app
        self._metrics = metrics
        self._leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        answer = _Answer(scope, send, request_id, self._metrics, self._leaving)
        with log_context(request_id=request_id.decode()):
            try:
                await self._app(scope, receive, answer.send)
            except Exception:
                # The application has answered and logged it already; the server would only log it again.
                if not answer.started:
                    _log.exception("request_crashed_unanswered")
            finally:
                answer.over()


class _Answer:
    """One answer on its way out."""

    def __init__(
        self, scope: Scope, send: Send, request_id: bytes, metrics: Metrics, leaving: Callable[[], bool]
    ) -> None:
        self.started = False
        self._leaving = leaving
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._metrics = metrics
        self._began = time.perf_counter()
        self._status = 0
        self._is_stream = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        await self._send(message)

    def _begin(self, message: Message) -> None:
        self.started = True
        self._status = message["status"]
        headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
        names = {name for name, _ in headers}
        headers += [header for header in _HEADERS if header[0] not in names]
        if self._scope["scheme"] == "https":
            headers.append(_HSTS)
        if b"cache-control" not in names:
            headers.append(_NO_STORE)
        headers.append((b"x-request-id", self._request_id))
        if self._leaving():
            headers.append(_CLOSE)
        message["headers"] = headers
        self._is_stream = any(name == b"content-type" and value.startswith(_STREAM) for name, value in headers)

    def over(self) -> None:
        method = self._scope["method"] if self._scope["method"] in _METHODS else "other"
        route = _template(self._scope)
        self._metrics.http_requests.labels(method, route, self._status).inc()
        seconds = time.perf_counter() - self._began
        _log.debug("request", method=method, route=route, status=self._status, ms=round(seconds * 1_000, 2))
        if not self._is_stream:
            self._metrics.http_seconds.labels(method, route).observe(seconds)


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The one a proxy gave, or a new one."""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value
    return secrets.token_hex(8).encode()


def _template(scope: Scope) -> str:
    """The route's template: never what a client wrote, so the metrics stay few."""
    route: Any = scope.get("route")
    return getattr(route, "path", "other")
