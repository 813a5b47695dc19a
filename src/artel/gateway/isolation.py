"""Whose request is it? Asked once, before anything else; whatever is behind works in that user's space only."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from artel.accounts.authentication import Authenticator
from artel.accounts.principal import Principal
from artel.agents.handles import user_prefix
from artel.gateway.cookies import read_cookie
from artel.gateway.problems import problem
from artel.kit.errors import ArtelError, Forbidden, Unauthenticated
from artel.telemetry.context import log_context

_OWN: Final = ("/my/", "/admin/")
_OPEN: Final = re.compile(r"/my/(docs(/.*)?|openapi\.json)")
"""Under /my/, and the same for everyone."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER: Final = "bearer "
_WRONG_KEY: Final = "This API key is not valid. It may have been deleted. Send it as 'Authorization: Bearer <key>'."


class CrossSite(Forbidden):
    """The request comes from another site. Only this server's own page may use the cookie."""

    slug = "cross-site"


class UserIsolation:
    """Pure ASGI. Puts `principal`, `user_id`, `user_prefix` and `db_filters` into `scope["state"]`.

    A cookie is believed only on requests that a page of this server made; an API key in `Authorization` always.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator, public_url: str | None) -> None:
        """public_url: how browsers reach this server when a proxy in front of it changes the Host header."""
        self._app = app
        self._authenticator = authenticator
        self._public_host = urlsplit(public_url).netloc.lower() if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._principal(scope)
        except ArtelError as error:
            await problem(error)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(_state(principal))
        if principal is None:
            await self._app(scope, receive, send)
            return
        with log_context(user_id=principal.user_id):
            await self._app(scope, receive, send)

    async def _principal(self, scope: Scope) -> Principal | None:
        headers = Headers(scope=scope)
        authorization = headers.get("authorization")
        if authorization is not None:
            # Whoever sends a key means it: a wrong one is not helped by a cookie that came along.
            principal = await self._of_key(authorization)
        else:
            if scope["method"] not in _SAFE:
                self._check_origin(headers)
            principal = await self._of_cookie(headers)
        if principal is None and _needs_principal(scope["path"]):
            raise Unauthenticated(_WRONG_KEY, reason="wrong-api-key") if authorization else Unauthenticated
        return principal

    async def _of_key(self, authorization: str) -> Principal | None:
        if authorization[: len(_BEARER)].lower() != _BEARER:
            return None
        return await self._authenticator.api_key(authorization[len(_BEARER) :].strip())

    async def _of_cookie(self, headers: Headers) -> Principal | None:
        token = read_cookie(headers.get("cookie", ""))
        return await self._authenticator.sign_in(token) if token else None

    def _check_origin(self, headers: Headers) -> None:
        """Refuses what another site's page sends; programs send neither header and carry no cookie by accident."""
        site = headers.get("sec-fetch-site")
        if site is not None and site not in ("same-origin", "none"):
            raise CrossSite
        origin = headers.get("origin")
        if origin is None:
            return
        host = urlsplit(origin).netloc.lower()
        if not host or host not in (headers.get("host", "").lower(), self._public_host):
            raise CrossSite


def _needs_principal(path: str) -> bool:
    return path.startswith(_OWN) and not _OPEN.fullmatch(path)


def _state(principal: Principal | None) -> dict[str, Any]:
    if principal is None:
        return {"principal": None}
    return {
        "principal": principal,
        "user_id": principal.user_id,
        "user_prefix": user_prefix(principal.user_id),
        "db_filters": {"user_id": principal.user_id},
    }
