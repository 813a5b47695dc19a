"""The catalogue of tools."""

from __future__ import annotations

from artel.gateway.deps import Deps, SignedIn
from artel.gateway.json_route import resource
from artel.gateway.shapes import agents as shapes

router = resource("/my/tools", "Agents")


@router.get("/", summary="Tools that agents may be given")
async def tools(principal: SignedIn, deps: Deps) -> shapes.ToolList:
    """Each with what happens by default when a model calls it."""
    del principal
    return shapes.ToolList(items=[shapes.tool(known) for known in deps.tools.all()])
