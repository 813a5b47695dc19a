"""Chats: F8 and F11."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from artel.chat.sessions import SessionCursor, SessionView
from artel.gateway.cursors import (
    Cursor,
    Limit,
    message_cursor,
    next_link,
    read_message_cursor,
    read_session_cursor,
    session_cursor,
)
from artel.gateway.deps import Space
from artel.gateway.idempotency import OnceDep, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import chat as shapes
from artel.gateway.shapes.common import SessionId

router = resource("/my/chat", "Chat")


@router.get("/sessions/", summary="My chats")
async def sessions(
    request: Request, response: Response, space: Space, limit: Limit = 50, cursor: Cursor = None
) -> shapes.SessionList:
    """The most recently used first."""
    views, more = await space.sessions.page(limit, read_session_cursor(cursor))
    following = session_cursor(SessionCursor(views[-1].updated_at, views[-1].id)) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    return shapes.SessionList(items=[shapes.session(view) for view in views], next_cursor=following)


@router.post("/sessions/", status_code=201, response_model=shapes.Session, summary="Begin a chat")
async def make(space: Space, once: OnceDep, body: shapes.SessionIn) -> Response:
    """Without a title the first message gives it one."""
    content, _ = await once.create(lambda also: space.sessions.create(body.title, also=also), _content)
    return json_answer(content, 201)


@router.get("/{session_id}/", response_model=shapes.History, summary="A chat's history", responses=problems(404))
async def history(
    request: Request, session_id: SessionId, space: Space, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """The newest page first, each page in reading order, with the text so far of answers that are being written.

    Subscribe to the events with `last_event_id` to go on from here without gap or repetition.
    """
    page = await space.history.page(session_id, limit, read_message_cursor(cursor))
    following = message_cursor(page.older) if page.older else None
    headers = {"Link": next_link(request, following)} if following else None
    plans, waiting = await space.plans.of_runs([view.run.id for view in page.runs])
    body = shapes.history(page, plans, waiting, following).model_dump_json()
    return Response(body, headers=headers, media_type="application/json")


@router.patch("/{session_id}/", summary="Rename a chat, or switch its memory", responses=problems(404))
async def change(session_id: SessionId, body: shapes.SessionPatch, space: Space) -> shapes.Session:
    """Its place in the list stays. What was remembered of it before it was switched off stays too, until forgotten."""
    return shapes.session(await space.sessions.change(session_id, title=body.title, memory=body.memory))


@router.delete("/{session_id}/", status_code=204, summary="Delete a chat", responses=problems(404))
async def delete(session_id: SessionId, space: Space) -> Response:
    """Running work is cancelled, and everything in the chat is removed."""
    await space.delete_session(session_id)
    return Response(status_code=204)


def _content(view: SessionView) -> dict[str, Any]:
    return shapes.session(view).model_dump(mode="json")
