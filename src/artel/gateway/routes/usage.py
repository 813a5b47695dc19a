"""What was spent, and the monthly budget."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import Query

from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.shapes import usage as shapes

router = resource("/my", "Usage")


@router.get("/usage/", summary="What my agents used")
async def usage(
    space: Space,
    since: Annotated[dt.date | None, Query(description="The first day (UTC); 30 days ago when left out.")] = None,
    until: Annotated[dt.date | None, Query(description="The last day (UTC); today when left out.")] = None,
    by: Annotated[
        list[shapes.UsageKey] | None, Query(description="What to group by; everything when left out.")
    ] = None,
) -> shapes.Usage:
    """Every model call is counted: tokens, cost, agent, model."""
    return shapes.usage(
        await space.usage.table(since, until, by or ("day", "agent", "model")), await space.usage.budget()
    )


@router.get("/budget/", summary="My monthly budget")
async def budget(space: Space) -> shapes.Budget:
    """The limit, and what of it is spent."""
    return shapes.budget(await space.usage.budget())


@router.put("/budget/", summary="Change my monthly budget")
async def put_budget(body: shapes.BudgetIn, space: Space) -> shapes.Budget:
    """Holds from the next model call on; what is over it is stopped, also in flight."""
    return shapes.budget(await space.usage.put_budget(body.monthly_usd))
