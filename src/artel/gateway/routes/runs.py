"""What messages set in motion."""

from __future__ import annotations

from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import chat as shapes
from artel.gateway.shapes.common import RunId

router = resource("/my/runs", "Chat")


@router.get("/{run_id}/", summary="A run", responses=problems(404))
async def get(run_id: RunId, space: Space) -> shapes.Run:
    """A run with its tasks."""
    return shapes.run(await space.runs.get(run_id))


@router.post("/{run_id}/cancel/", summary="Stop a run", responses=problems(404))
async def cancel(run_id: RunId, space: Space) -> shapes.Run:
    """Stops the model and the bill within a second, wherever the run is. Harmless when it is over."""
    await space.cancel_run(run_id)
    return shapes.run(await space.runs.get(run_id))


@router.post("/{run_id}/retry/", status_code=202, summary="Try a run again", responses=problems(404, 409))
async def retry(run_id: RunId, space: Space) -> shapes.Run:
    """For a run that failed or was stopped."""
    await space.retry_run(run_id)
    return shapes.run(await space.runs.get(run_id))
