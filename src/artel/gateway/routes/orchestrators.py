"""The personal orchestrator: F6, F7."""

from __future__ import annotations

from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import agents as shapes
from artel.gateway.shapes import plans
from artel.orchestrator.config import OrchestratorConfig
from artel.space.models import check_choice

router = resource("/my/orchestrators", "Agents")


@router.get("/", summary="My orchestrator")
async def get(space: Space) -> shapes.Orchestrator:
    """Its configuration; the defaults until something is changed."""
    return shapes.orchestrator(await space.orchestrator.get())


@router.put("/", summary="Change my orchestrator")
async def put(body: OrchestratorConfig, space: Space) -> shapes.Orchestrator:
    """Replaces the whole configuration."""
    if body.model is not None:
        check_choice(body.model, "model")
    await space.orchestrator.put(body)
    return shapes.orchestrator(body)


@router.post("/test/", summary="Try my orchestrator", responses=problems(502))
async def dry_run(body: plans.TestIn, space: Space) -> plans.DryRun:
    """The plan it would make, with its estimate. Runs nothing; only asking the planner costs."""
    return plans.dry_run(await space.dry_run(body.content))
