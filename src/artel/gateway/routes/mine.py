"""All of a user's data at once: taken along, or removed for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

import structlog
from fastapi import Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from artel.accounts.leaving import Consent
from artel.gateway.cookies import clear_cookie
from artel.gateway.deps import Deps, GatewayDeps, SignedIn, Space
from artel.gateway.downloads import disposition
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.requests import address_of, is_secure
from artel.gateway.shapes import mine as shapes
from artel.kit.clock import utc_now
from artel.space.export.desk import Parcel, name_of
from artel.space.retention import Terms

router = resource("/my", "My data")

_FIRST_LOOK_SECONDS: Final = 20.0

_ZIP: Final = "application/zip"
_ARCHIVE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A ZIP; README.txt in it says what is what.",
        "content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}},
    },
    **problems(429, 503),
}

_log = structlog.get_logger(__name__)


class _Archive(StreamingResponse):
    """Gives back what the parcel holds, also when nobody takes it."""

    def __init__(self, parcel: Parcel) -> None:
        super().__init__(parcel.pieces, headers=_headers(parcel.name))
        self._parcel = parcel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._parcel.pieces.aclose()
            self._parcel.close()


@router.get("/export/", summary="Take everything along", responses=_ARCHIVE, response_class=Response)
async def export(space: Space, deps: Deps) -> Response:
    """A ZIP with everything that is mine, in open formats, as it stands at this moment; no passwords, keys or tokens.

    It begins when all but the files is read, and is then sent piece by piece. One at a time, ten an hour.
    """
    return _Archive(await deps.exports.open(await deps.users.get(space.user_id), space.files))


@router.head("/export/", summary="What it is called", responses=_ARCHIVE, response_class=Response)
async def about_export(principal: SignedIn) -> Response:
    """Type and name, without making anything."""
    del principal
    return Response(headers=_headers(name_of(utc_now())))


@router.get("/export/summary/", summary="How much everything is")
async def extent(space: Space, deps: Deps) -> shapes.Extent:
    """Before it is exported, or removed."""
    return shapes.Extent(**asdict(await deps.exports.extent(space.user_id)))


@router.get("/retention/", summary="How long my things are kept")
async def retention(space: Space) -> shapes.Retention:
    """For ever, unless chosen otherwise or bounded by the installation."""
    terms = await space.retention.get()
    return shapes.retention(terms, space.retention.bounds, await space.retention.old(terms))


@router.put("/retention/", summary="Change how long my things are kept")
async def put_retention(body: shapes.RetentionIn, space: Space) -> shapes.Retention:
    """What is older goes within a day, and once a day from then on. `going` is how much that is."""
    terms = await space.retention.put(shapes.terms_in(body))
    return shapes.retention(terms, space.retention.bounds, await space.retention.old(terms))


@router.get("/retention/preview/", summary="What would go")
async def preview(
    space: Space,
    chats_days: shapes.DaysQuery = None,
    files_days: shapes.DaysQuery = None,
    memories_days: shapes.DaysQuery = None,
    decisions_days: shapes.DaysQuery = None,
    usage_days: shapes.DaysQuery = None,
) -> shapes.TooOld:
    """If these were chosen; nothing is changed."""
    terms = Terms(chats_days, files_days, memories_days, decisions_days, usage_days)
    return shapes.too_old(await space.retention.old(terms))


@router.delete("/", status_code=204, summary="Delete my account", responses=problems(403, 409, 429, 503))
async def leave(request: Request, principal: SignedIn, deps: Deps, body: shapes.Farewell | None = None) -> Response:
    """For good, with everything in every store. The body may be left out; what is in it must be right. A browser that
    signed in more than an hour ago has to send the password.

    The account ends at once; with very much data the rest is removed in the background.
    """
    sent, user_id = body or shapes.Farewell(), principal.user_id
    if sent.password is not None:
        account = await deps.users.get(user_id)
        await deps.attempts.count(account.email, address_of(request))
    await deps.leaving.check(user_id, Consent(sent.password, sent.confirm, principal.sign_in_id))
    # Whoever asked may go away: what was begun goes on.
    await asyncio.shield(asyncio.create_task(_end(deps, user_id)))
    return Response(status_code=204, headers={"Set-Cookie": clear_cookie(secure=is_secure(request))})


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


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Type": _ZIP,
        "Content-Disposition": disposition("attachment", name),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
