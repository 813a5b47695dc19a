"""All of a user's data at once: taken along, or removed for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from fastapi import Request, Response

from artel.accounts.leaving import Consent
from artel.gateway.cookies import clear_cookie
from artel.gateway.deps import Deps, GatewayDeps, SignedIn
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import mine as shapes

router = resource("/my", "My data")

_FIRST_LOOK_SECONDS: Final = 20.0

_log = structlog.get_logger(__name__)


@router.delete("/", status_code=204, summary="Delete my account", responses=problems(403, 409, 429, 503))
async def leave(request: Request, principal: SignedIn, deps: Deps, body: shapes.Farewell | None = None) -> Response:
    """For good, with everything in every store. The body may be left out; what is in it must be right. A browser that
    signed in more than an hour ago has to send the password.

    The account ends at once; with very much data the rest is removed in the background.
    """
    sent, user_id = body or shapes.Farewell(), principal.user_id
    if sent.password is not None:
        account = await deps.users.get(user_id)
        await deps.attempts.count(account.email, request.client.host if request.client else "")
    await deps.leaving.check(user_id, Consent(sent.password, sent.confirm, principal.sign_in_id))
    # Whoever asked may go away: what was begun goes on.
    await asyncio.shield(asyncio.create_task(_end(deps, user_id)))
    secure = request.url.scheme == "https" or (deps.options.public_url or "").startswith("https://")
    return Response(status_code=204, headers={"Set-Cookie": clear_cookie(secure=secure)})


async def _end(deps: GatewayDeps, user_id: int) -> None:
    await deps.erasures.begin(user_id)
    deps.spaces.forget(user_id)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK_SECONDS):
                await deps.erasures.carry_on(user_id)
    except Exception:
        # The account has ended; whoever looks next goes on.
        _log.exception("erasure_interrupted", user_id=user_id)
