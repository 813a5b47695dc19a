"""A user's own MCP servers."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from artel.gateway.deps import Deps, SignedIn, Space
from artel.gateway.idempotency import OnceDep, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import mcp as shapes
from artel.tools.mcp.model import Returned, ServerView
from artel.tools.mcp.sign_in import UnknownSignIn

router = resource("/my/mcp-servers", "Tools")

_PAGE: Final = "/settings/servers"
_BACK: Final = "/my/mcp-servers/callback/"

Text = Annotated[str | None, Query(max_length=4_000)]


@router.get("/", summary="My MCP servers")
async def servers(space: Space, principal: SignedIn) -> shapes.McpServerList:
    """The oldest first, each with the tools it listed last."""
    views = await space.mcp.all()
    allowed = space.mcp.may_add_programs(principal.role)
    return shapes.McpServerList(items=[shapes.server(view) for view in views], programs_allowed=allowed)


@router.post(
    "/", status_code=201, response_model=shapes.McpServer, summary="Add an MCP server", responses=problems(403, 409)
)
async def add(space: Space, once: OnceDep, body: shapes.McpServerIn) -> Response:
    """Asks it for its tools at once, for half a minute at most; what came of that is in `status` and `error`."""
    content, _ = await once.create(lambda also: space.mcp.add(body.new(), also=also), _content)
    return json_answer(content, 201)


@router.get("/callback/", status_code=303, summary="Back from a sign-in", response_class=RedirectResponse)
async def callback(
    space: Space,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Text = None,
    iss: Text = None,
    error: Text = None,
) -> Response:
    """Where a sign-in server sends the user's browser. Leads on to the page, which shows what came of it."""
    try:
        server_id = await space.mcp.finish_sign_in(state, Returned(code, iss, error))
    except UnknownSignIn:
        return RedirectResponse(f"{_PAGE}?{urlencode({'sign_in': 'unknown'})}", 303)
    return RedirectResponse(f"{_PAGE}?{urlencode({'server': str(server_id)})}", 303)


@router.post("/{server_id}/refresh/", summary="Ask an MCP server anew", responses=problems(404))
async def refresh(server_id: UUID, space: Space) -> shapes.McpServer:
    """Lists its tools again. One that became another tool is asked about again, even where it was allowed before."""
    return shapes.server(await space.mcp.refresh(server_id))


@router.post("/{server_id}/sign-in/", summary="Sign in at an MCP server", responses=problems(404))
async def sign_in(
    server_id: UUID, space: Space, request: Request, deps: Deps, body: shapes.SignInIn | None = None
) -> shapes.SignInAt:
    """Answers the address to open. The browser that opens it must be signed in here: it is who comes back."""
    base = deps.options.public_url or str(request.base_url).rstrip("/")
    url = await space.mcp.begin_sign_in(server_id, f"{base}{_BACK}", body.own() if body else None)
    return shapes.SignInAt(url=url)


@router.delete("/{server_id}/", status_code=204, summary="Remove an MCP server", responses=problems(404))
async def remove(server_id: UUID, space: Space) -> Response:
    """Forgets it with its secrets; its tools are taken from the agents."""
    await space.mcp.remove(server_id)
    return Response(status_code=204)


def _content(view: ServerView) -> dict[str, Any]:
    return shapes.server(view).model_dump(mode="json")
