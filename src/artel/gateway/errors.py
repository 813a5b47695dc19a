"""Which problem each exception becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from artel.accounts.principal import Principal
from artel.agents.handles import owner_of
from artel.gateway.bodies import BodyCutOff
from artel.gateway.problems import problem
from artel.kit.errors import ArtelError, BadRequest, Invalid, IsolationViolation, NotFound
from artel.kit.faults import field_problem
from artel.space.addressing import AnothersAgent
from artel.space.foreign import ForeignIds
from artel.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)

_MAX_FIELDS = 50
_KINDS = {
    "session_id": "session",
    "run_id": "run",
    "approval_id": "approval",
    "sign_in_id": "sign_in",
    "key_id": "api_key",
    "file_id": "file",
    "server_id": "mcp_server",
    "memory_id": "memory",
}
"""Path parameters, and what `ForeignIds` calls the things they name."""


class NoSuchPage(NotFound):
    """There is nothing under this address."""


class MethodNotAllowed(BadRequest):
    """This address does not take this method."""

    status = 405
    slug = "method-not-allowed"


class ErrorAnswers:
    """Turns exceptions into problems, and counts what looks like an attempt on somebody else's data."""

    def __init__(self, foreign: ForeignIds, metrics: Metrics) -> None:
        self._foreign = foreign
        self._metrics = metrics

    def install(self, app: FastAPI) -> None:
        """Registers all of them; nothing else answers an error."""
        app.add_exception_handler(ArtelError, self.known)
        app.add_exception_handler(RequestValidationError, self.not_valid)
        app.add_exception_handler(HTTPException, self.of_the_framework)
        app.add_exception_handler(ClientDisconnect, self.cut_off)
        app.add_exception_handler(Exception, self.unknown)

    async def known(self, request: Request, error: Exception) -> Response:
        """An error of the house."""
        error = cast(ArtelError, error)
        if isinstance(error, NotFound):
            await self._count_if_foreign(request, error)
        if isinstance(error, IsolationViolation):
            _log.error("isolation_violation", path=request.scope.get("path"))
        elif error.status >= 500:
            _log.warning("request_failed", slug=error.slug, error=str(error))
        return problem(error)

    async def not_valid(self, request: Request, error: Exception) -> Response:
        """A request whose parts are not what the route takes."""
        del request
        faults = cast(Sequence[Mapping[str, Any]], cast(RequestValidationError, error).errors())
        if any(fault["type"] == "json_invalid" for fault in faults):
            return problem(BadRequest("The body is not valid JSON.", reason="body-not-json"))
        fields = [field_problem(_place(fault["loc"]), fault) for fault in faults[:_MAX_FIELDS]]
        return problem(Invalid(fields=fields))

    async def of_the_framework(self, request: Request, error: Exception) -> Response:
        """Unknown address, wrong method, unreadable body."""
        del request
        error = cast(HTTPException, error)
        answer = problem(_as_ours(error))
        if error.headers:
            answer.headers.update(error.headers)
        return answer

    async def cut_off(self, request: Request, error: Exception) -> Response:
        """The client went away before the body ended."""
        del request, error
        return problem(BodyCutOff())

    async def unknown(self, request: Request, error: Exception) -> Response:
        """A bug. The log has the whole of it, the client nothing."""
        del request
        _log.error("request_crashed", exc_info=error)
        return problem(ArtelError("Something went wrong on our side. The log has the details under this request's id."))

    async def _count_if_foreign(self, request: Request, error: NotFound) -> None:
        principal = cast(Principal | None, getattr(request.state, "principal", None))
        if principal is not None and await self._is_foreign(request, error, principal.user_id):
            self._metrics.user_isolation_denied.inc()
            _log.warning("isolation_denied", path=request.scope.get("path"))

    async def _is_foreign(self, request: Request, error: NotFound, user_id: int) -> bool:
        if isinstance(error, AnothersAgent):
            return True
        for name, value in request.path_params.items():
            if name == "agent_id" and owner_of(str(value)) not in (None, user_id):
                return True
            if name in _KINDS and await self._foreign.is_anothers(_KINDS[name], str(value), user_id):
                return True
        return False


def _place(location: Sequence[Any]) -> Sequence[Any]:
    """("body", "model", "name") is model.name; a fault of the whole body is "body"."""
    return location[1:] if len(location) > 1 else location


def _as_ours(error: HTTPException) -> ArtelError:
    if error.status_code == 404:
        return NoSuchPage()
    if error.status_code == 405:
        return MethodNotAllowed()
    return BadRequest(str(error.detail))
