"""Personal agents: F1 to F5."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from artel.agents.config import AgentConfig
from artel.agents.roster import AgentView
from artel.gateway.deps import Space
from artel.gateway.idempotency import OnceDep, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import agents as shapes
from artel.gateway.shapes.common import AgentId, SessionId
from artel.space.space import UserWorkerSpace

router = resource("/my/agents", "Agents")


@router.get("/", summary="My agents")
async def agents(space: Space) -> shapes.AgentList:
    """All agents with their live status, oldest first."""
    return shapes.AgentList(items=[shapes.agent(view) for view in await space.roster.all()])


@router.post("/", status_code=201, response_model=shapes.Agent, summary="Make an agent", responses=problems(409))
async def make(space: Space, once: OnceDep, body: shapes.AgentIn) -> Response:
    """Its id is `user<your id>_<handle>`; the handle is made of the name when none is given."""
    config = await _checked(body, space)
    content, _ = await once.create(lambda also: space.roster.create(config, body.handle, also=also), _content)
    return json_answer(content, 201)


@router.put("/{agent_id}/", summary="Change an agent", responses=problems(404))
async def replace(agent_id: AgentId, body: shapes.AgentIn, space: Space) -> shapes.Agent:
    """Replaces the whole configuration; an error that stood on the agent is forgotten."""
    config = await _checked(body, space)
    return shapes.agent(await space.replace_agent(agent_id, config, body.handle))


@router.delete("/{agent_id}/", status_code=204, summary="Delete an agent", responses=problems(404))
async def delete(agent_id: AgentId, space: Space) -> Response:
    """Its running work is cancelled; what it wrote stays in the chats."""
    await space.delete_agent(agent_id)
    return Response(status_code=204)


@router.get("/available/{session_id}/", summary="Agents one can talk to in a chat", responses=problems(404))
async def available(session_id: SessionId, space: Space) -> shapes.AgentList:
    """The active agents with their live status."""
    await space.sessions.require(session_id)
    views = [view for view in await space.roster.all() if view.config.is_active]
    return shapes.AgentList(items=[shapes.agent(view) for view in views])


async def _checked(body: shapes.AgentIn, space: UserWorkerSpace) -> AgentConfig:
    config = body.config()
    space.models.check(config)
    await space.tools.check(tool.tool_id for tool in config.tools)
    return config


def _content(view: AgentView) -> dict[str, Any]:
    return shapes.agent(view).model_dump(mode="json")
