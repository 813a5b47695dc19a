"""How many requests a minute a user may send, where an administrator set a limit."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from artel.accounts.quotas import Quotas
from artel.gateway.problems import problem
from artel.kit.errors import ArtelError

_COUNTED: Final = ("/my/", "/v1/")


class Pace:
    """Pure ASGI, behind `UserIsolation`, which says who asks."""

    def __init__(self, app: ASGIApp, quotas: Quotas) -> None:
        self._app = app
        self._quotas = quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        user_id: int | None = scope.get("state", {}).get("user_id")
        if user_id is not None and scope["path"].startswith(_COUNTED):
            try:
                await self._quotas.request(user_id)
            except ArtelError as error:
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
