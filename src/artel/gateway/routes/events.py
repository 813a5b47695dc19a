"""Event streams: F10, and one for the whole space."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from artel.gateway.deps import SignedIn, Space, deps_of
from artel.gateway.json_route import resource
from artel.gateway.openapi import EVENT_STREAM, problems
from artel.gateway.shapes.common import SessionId
from artel.gateway.sse import EventStreamResponse
from artel.kit.errors import Unauthenticated

router = resource("/my", "Events")

LastEventHeader = Annotated[str | None, Header(alias="Last-Event-ID", max_length=40)]
LastEventQuery = Annotated[
    str | None, Query(max_length=40, description="Replays what came after this id; the header of that name goes first.")
]


@router.get(
    "/events/", response_class=Response, summary="All my events", responses={**EVENT_STREAM, **problems(429, 503)}
)
async def all_events(
    request: Request,
    principal: SignedIn,
    space: Space,
    last_event_header: LastEventHeader = None,
    last_event_id: LastEventQuery = None,
) -> Response:
    """Server-sent events of the whole space: each `data:` is one JSON object of the schema Event.

    When the server no longer knows what came after the id, a `resync` event says so: load the history again.
    """
    return await _stream(request, principal, space, None, last_event_header or last_event_id)


@router.get(
    "/chat/{session_id}/events/",
    response_class=Response,
    summary="A chat's events",
    responses={**EVENT_STREAM, **problems(404, 429, 503)},
)
async def session_events(
    request: Request,
    session_id: SessionId,
    principal: SignedIn,
    space: Space,
    last_event_header: LastEventHeader = None,
    last_event_id: LastEventQuery = None,
) -> Response:
    """As `/my/events/`, only what concerns this chat or the whole space."""
    return await _stream(request, principal, space, session_id, last_event_header or last_event_id)


async def _stream(
    request: Request, principal: SignedIn, space: Space, session_id: int | None, last_event_id: str | None
) -> Response:
    deps = deps_of(request)
    leave = await deps.quotas.open_stream(principal.user_id)
    try:
        subscription = await space.subscribe(principal, session_id=session_id, last_event_id=last_event_id)
    except BaseException:
        leave()
        raise
    try:
        # From here on a revocation closes the subscription; one that came a moment earlier found nothing to close.
        if not await deps.authenticator.is_valid(principal):
            raise Unauthenticated
    except BaseException:
        subscription.close()
        leave()
        raise
    return EventStreamResponse(subscription, deps.pulse, leave)
