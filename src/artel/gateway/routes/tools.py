"""The catalogue of tools."""

from __future__ import annotations

from fastapi import APIRouter

from artel.gateway.deps import Deps, SignedIn
from artel.gateway.shapes import agents as shapes

router = APIRouter(prefix="/my/tools", tags=["Agents"])


@router.get("/", summary="Tools that agents may be given")
async def tools(principal: SignedIn, deps: Deps) -> shapes.ToolList:
    """Each with what happens by default when a model calls it."""
    del principal
    return shapes.ToolList(items=[shapes.tool(known) for known in deps.tools.all()])
