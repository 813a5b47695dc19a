"""The catalogue of tools, and who decided what about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from artel.gateway.cursors import Cursor, Limit, message_cursor, next_link, read_message_cursor
from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.shapes import tools as shapes

router = resource("/my", "Tools")


@router.get("/tools/", summary="Tools that agents may be given")
async def tools(space: Space) -> shapes.ToolList:
    """Each with what happens by default when a model calls it; those of the caller's MCP servers too."""
    return shapes.ToolList(items=[shapes.tool(known) for known in await space.tools.all()])


@router.get("/audit/", summary="Who allowed what")
async def audit(
    request: Request,
    response: Response,
    space: Space,
    tool_id: Annotated[str | None, Query(max_length=120)] = None,
    agent_id: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> shapes.DecisionList:
    """Every decision about plans and tool calls, the newest first: who, when, by which proof, with which arguments."""
    rows, more = await space.tools.decisions(limit, read_message_cursor(cursor), tool_id=tool_id, agent_id=agent_id)
    following = message_cursor(rows[-1].id) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    return shapes.DecisionList(items=[shapes.decision(row) for row in rows], next_cursor=following)
