"""What is remembered: looked through, noted, edited, forgotten, taken along."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from starlette.responses import StreamingResponse

from artel.gateway.cursors import Cursor, Limit, memory_cursor, next_link, read_memory_cursor
from artel.gateway.deps import Space
from artel.gateway.idempotency import OnceDep, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import memory as shapes
from artel.kit.ids import MAX_NUMBER
from artel.memory.finder import Sought
from artel.memory.memories import MemoryCursor
from artel.memory.views import CallType, MemoryKind, MemoryView
from artel.space.memory import UserMemory

router = resource("/my/memory", "Memory")

_MOST_FOUND = 50
_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A JSON object a line: the profile, then every memory.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
_SessionFilter = Annotated[int | None, Query(ge=1, le=MAX_NUMBER, description="Only of this chat.")]
_Moment = Annotated[datetime | None, Query(description="ISO 8601; UTC when it names no zone.")]


@router.get("/", summary="What is remembered", responses=problems(404, 503))
async def memories(
    request: Request,
    response: Response,
    space: Space,
    q: Annotated[str | None, Query(max_length=1000, description="What to search for, by meaning and words.")] = None,
    session_id: _SessionFilter = None,
    call_type: Annotated[CallType | None, Query()] = None,
    kind: Annotated[MemoryKind | None, Query()] = None,
    agent_id: Annotated[str | None, Query(max_length=100)] = None,
    since: _Moment = None,
    until: _Moment = None,
    superseded: Annotated[bool, Query(description="Facts that no longer hold, too.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> shapes.MemoryList:
    """The newest first. With `q` the nearest first: at most 50, on one page, however far they are."""
    wanted = Sought(
        session_id=session_id,
        call_type=call_type,
        kind=kind,
        agent_id=agent_id,
        since=_zoned(since),
        until=_zoned(until),
        superseded=superseded,
    )
    if q is not None and q.strip():
        hits = await space.memory.search(q.strip(), wanted, min(limit, _MOST_FOUND))
        titles = await space.memory.titles([hit.memory for hit in hits])
        return shapes.MemoryList(items=[shapes.found(hit, titles) for hit in hits], next_cursor=None)
    views, more = await space.memory.page(wanted, limit, read_memory_cursor(cursor))
    following = memory_cursor(MemoryCursor(views[-1].created_at, views[-1].id)) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    titles = await space.memory.titles(views)
    return shapes.MemoryList(items=[shapes.memory(view, titles) for view in views], next_cursor=following)


@router.post("/", status_code=201, response_model=shapes.Memory, summary="Remember something", responses=problems(404))
async def note(space: Space, once: OnceDep, body: shapes.MemoryIn) -> Response:
    """A note of the user's own."""
    content, _ = await once.create(lambda also: space.memory.note(body.text, body.session_id, also=also), _content)
    return json_answer(content, 201)


@router.delete("/", status_code=204, summary="Forget a chat, or everything", responses=problems(404))
async def forget_many(space: Space, session_id: _SessionFilter = None) -> Response:
    """For good. With `session_id` what was remembered of that chat; without, everything, and the profile's text.

    The chats themselves stay: delete them to remove what was said.
    """
    await space.memory.forget_many(session_id)
    return Response(status_code=204)


@router.get("/export/", summary="Take everything along", responses=_LINES, response_class=Response)
async def export(space: Space) -> Response:
    """The profile and every memory, the oldest first."""
    profile = shapes.profile(await space.memory.profile())
    first = shapes.ExportedProfile(**profile.model_dump()).model_dump_json() + "\n"
    headers = {"Content-Disposition": 'attachment; filename="memory.ndjson"'}
    return StreamingResponse(_lines(space.memory, first), media_type="application/x-ndjson", headers=headers)


@router.get("/state/", summary="How the index stands")
async def state(space: Space) -> shapes.MemoryState:
    """Whether everything can be found by now, and what is wrong if not. Answers go on without memory."""
    return shapes.state(await space.memory.state())


@router.get("/profile/", summary="What every agent is told about me")
async def profile(space: Space) -> shapes.Profile:
    """In each prompt; empty until it is written."""
    return shapes.profile(await space.memory.profile())


@router.put("/profile/", summary="Change what every agent is told about me")
async def put_profile(body: shapes.ProfileIn, space: Space) -> shapes.Profile:
    """The next answer follows."""
    return shapes.profile(await space.memory.put_profile(body.text, learn=body.learn))


@router.patch("/{memory_id}/", summary="Correct a memory", responses=problems(404))
async def edit(memory_id: shapes.MemoryId, body: shapes.MemoryPatch, space: Space) -> shapes.Memory:
    """The next answer follows. The message that it was made of stays as it was said."""
    edited = await space.memory.edit(memory_id, body.text)
    return shapes.memory(edited, await space.memory.titles([edited]))


@router.delete("/{memory_id}/", status_code=204, summary="Forget a memory", responses=problems(404))
async def forget(memory_id: shapes.MemoryId, space: Space) -> Response:
    """For good. The message that it was made of stays."""
    await space.memory.forget(memory_id)
    return Response(status_code=204)


async def _lines(memory: UserMemory, first: str) -> AsyncGenerator[str]:
    yield first
    async for batch in memory.every():
        titles = await memory.titles(batch)
        yield "".join(shapes.memory(view, titles).model_dump_json() + "\n" for view in batch)


def _content(view: MemoryView) -> dict[str, Any]:
    return shapes.memory(view, {}).model_dump(mode="json")


def _zoned(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
