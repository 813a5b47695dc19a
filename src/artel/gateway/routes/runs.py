"""What messages set in motion."""

from __future__ import annotations

from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import chat as shapes
from artel.gateway.shapes.common import RunId, TaskId

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


@router.get("/{run_id}/tasks/{task_id}/", summary="A task of a run", responses=problems(404))
async def task(run_id: RunId, task_id: TaskId, space: Space) -> shapes.TaskDetail:
    """What it was told and what it has said so far."""
    return shapes.task_detail(await space.task(run_id, task_id))


@router.post("/{run_id}/tasks/{task_id}/cancel/", summary="Stop a task", responses=problems(404))
async def cancel_task(run_id: RunId, task_id: TaskId, space: Space) -> shapes.Run:
    """What waits for it is skipped; the rest of the plan goes on. Harmless when it is over."""
    await space.cancel_task(run_id, task_id)
    return shapes.run(await space.runs.get(run_id))


@router.post(
    "/{run_id}/tasks/{task_id}/retry/", status_code=202, summary="Try a task again", responses=problems(404, 409)
)
async def retry_task(run_id: RunId, task_id: TaskId, space: Space) -> shapes.Run:
    """For a task that failed or was stopped, with what was skipped because of it. Finished ones are kept."""
    await space.retry_task(run_id, task_id)
    return shapes.run(await space.runs.get(run_id))
