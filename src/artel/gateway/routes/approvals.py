"""What waits for its user: the inbox, F12 and F13."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from artel.accounts.principal import Principal
from artel.agents.consent import Yes
from artel.approvals.audit import Actor
from artel.gateway.cursors import Cursor, Limit, message_cursor, next_link, read_message_cursor
from artel.gateway.deps import SignedIn, Space
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import plans as shapes
from artel.gateway.shapes.common import ApprovalId

router = resource("/my", "Approvals")


@router.get("/approvals/", summary="What waits for me")
async def approvals(
    request: Request,
    response: Response,
    space: Space,
    status: Annotated[shapes.ApprovalStatus | None, Query(description="Only these.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> shapes.ApprovalList:
    """The newest first. They wait for days and cost nothing meanwhile."""
    views, more = await space.plans.approvals(status, limit, read_message_cursor(cursor))
    following = message_cursor(views[-1].row.id) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    return shapes.ApprovalList(items=[shapes.approval(view) for view in views], next_cursor=following)


@router.post("/tools/{approval_id}/confirm/", summary="Say yes", responses=problems(404, 409))
async def confirm(
    approval_id: ApprovalId, body: shapes.ConfirmIn, space: Space, principal: SignedIn
) -> shapes.Approval:
    """The first answer wins; the same again changes nothing. What cannot be carried out (an edited plan that is none,
    arguments or a result of another shape) leaves the approval open."""
    yes = Yes(body.changed, body.result, body.remember)
    return shapes.approval(await space.confirm(approval_id, yes, _actor(principal)))


@router.post("/tools/{approval_id}/reject/", summary="Say no", responses=problems(404, 409))
async def reject(approval_id: ApprovalId, body: shapes.RejectIn, space: Space, principal: SignedIn) -> shapes.Approval:
    """A plan's run is cancelled; an agent reads the reason and goes on without the tool."""
    return shapes.approval(await space.reject(approval_id, body.reason, _actor(principal)))


def _actor(principal: Principal) -> Actor:
    return Actor("api_key" if principal.api_key_id else "browser", principal.proof)
