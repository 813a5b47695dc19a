"""Files: uploaded here, sent along with messages, read by agents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query, Request, Response
from starlette.responses import StreamingResponse

from artel.gateway.cursors import Cursor, Limit, message_cursor, next_link, read_message_cursor
from artel.gateway.deps import Deps, Space
from artel.gateway.downloads import etag_of, headers_of, kept_by_browsers, span_of
from artel.gateway.idempotency import IdempotencyKey, Once, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import files as shapes
from artel.gateway.shapes.common import FileId
from artel.gateway.uploads import FORM
from artel.store.tool_tables import StoredFile

router = resource("/my/files", "Files")

_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes, with the file's own media type.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The range that was asked for."},
    304: {"description": "Still the one the client has."},
    **problems(404, 416),
}


@router.post(
    "/",
    status_code=201,
    response_model=shapes.File,
    summary="Upload a file",
    openapi_extra=FORM,
    responses=problems(408, 409),
)
async def upload(request: Request, space: Space, deps: Deps, idempotency_key: IdempotencyKey = None) -> Response:
    """One file, which agents can read once it is attached to a message, or with their `files` tool.

    Its type is found in its bytes. The text in it is read at once; where that fails the file is kept all the same.
    """
    async with deps.uploads.of(request, space.user_id) as sent:
        once = Once.of(deps.idempotency, space.user_id, idempotency_key, request, sent.fingerprint)
        content, _ = await once.create(lambda also: space.files.add(sent.name, sent.content, also=also), _content)
    return json_answer(content, 201)


@router.get("/", summary="My files")
async def files(
    request: Request, response: Response, space: Space, limit: Limit = 50, cursor: Cursor = None
) -> shapes.FileList:
    """The newest first: uploads, and what tools made."""
    rows, more = await space.files.page(limit, read_message_cursor(cursor))
    following = message_cursor(rows[-1].id) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    room = shapes.room(await space.files.room())
    return shapes.FileList(items=[shapes.file(row) for row in rows], next_cursor=following, room=room)


@router.get("/{file_id}/", summary="About a file", responses=problems(404))
async def file(file_id: FileId, space: Space) -> shapes.File:
    """Without its bytes."""
    return shapes.file(await space.files.get(file_id))


@router.get("/{file_id}/content/", summary="A file's bytes", responses=_BYTES, response_class=Response)
async def content(
    request: Request,
    file_id: FileId,
    space: Space,
    download: Annotated[bool, Query(description="To be saved, not shown.")] = False,
    range: Annotated[str | None, Header(max_length=200, description="One range of bytes.")] = None,
    if_range: Annotated[str | None, Header(max_length=200)] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Pictures, PDFs, plain texts and recordings open in a browser; everything else is saved."""
    row = await space.files.get(file_id)
    del range, if_range  # named for the documentation; `span_of` reads them
    if if_none_match is not None and etag_of(row) in if_none_match:
        return Response(status_code=304, headers=kept_by_browsers(row))
    span = span_of(row, request.headers)
    headers = headers_of(row, span, download=download)
    return StreamingResponse(space.files.content(file_id, span.start, span.end), 206 if span.is_part else 200, headers)


@router.delete("/{file_id}/", status_code=204, summary="Delete a file", responses=problems(404))
async def delete(file_id: FileId, space: Space) -> Response:
    """For good. The messages it was sent with stay, without it."""
    await space.files.remove(file_id)
    return Response(status_code=204)


def _content(row: StoredFile) -> dict[str, Any]:
    return shapes.file(row).model_dump(mode="json")
