"""What one may use, and what is used of it."""

from __future__ import annotations

from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.shapes import limits as shapes

router = resource("/my", "Usage")


@router.get("/limits/", summary="My limits")
async def limits(space: Space) -> shapes.MyLimits:
    """What an administrator lets this account use. Above it answers are 429 `limit-reached` with Retry-After."""
    return shapes.my_limits(await space.limits.read())
