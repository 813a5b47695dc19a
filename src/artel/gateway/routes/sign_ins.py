"""Where one is signed in."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from artel.gateway.deps import Deps, SignedIn
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import accounts as shapes

router = resource("/auth/sessions", "Account")


@router.get("/", summary="My sign-ins")
async def sign_ins(principal: SignedIn, deps: Deps) -> shapes.SignInList:
    """Browsers that are signed in, the last seen first."""
    views = await deps.sign_ins.all(principal.user_id)
    return shapes.SignInList(items=[shapes.sign_in(view, principal) for view in views])


@router.delete("/{sign_in_id}/", status_code=204, summary="End a sign-in", responses=problems(404))
async def revoke(sign_in_id: UUID, principal: SignedIn, deps: Deps) -> Response:
    """That browser is signed out at once, and its open streams end."""
    await deps.sign_ins.revoke(principal.user_id, sign_in_id)
    return Response(status_code=204)
