"""Tools, calls of them, and the record of decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from artel.agents.tool_desk import CallStatus
from artel.approvals.audit import Action, ActorKind
from artel.gateway.shapes.common import Money, Shape, usd
from artel.store.tool_tables import AuditEntry
from artel.store.tool_tables import ToolCall as CallRow
from artel.tools.tool import Kind, Policy
from artel.tools.tool import Tool as KnownTool


class Tool(Shape):
    """A tool that agents may be given."""

    tool_id: str = Field(examples=["current_time"])
    label: str
    description: str
    policy: Policy = Field(description="What happens by default when a model calls it.")
    kind: Kind
    arguments_schema: dict[str, Any] = Field(description="JSON schema of its arguments.")
    server: str | None = Field(description="The handle of the MCP server it is of.")


class ToolList(Shape):
    """The catalogue."""

    items: list[Tool]
    next_cursor: None = None


class ToolCall(Shape):
    """One call that an agent made."""

    id: str
    tool_id: str
    agent_id: str
    status: CallStatus
    arguments: dict[str, Any]
    result: Any = Field(description="As the model reads it; null while there is none.")
    approval_id: UUID | None
    started_at: datetime | None
    duration_ms: int | None
    cost: Money
    files: list[UUID] = Field(description="Files that came of it.")


class Actor(Shape):
    """Who decided."""

    kind: ActorKind
    name: str | None = Field(description="Of the API key, or of the browser, as it was then.")


class Decision(Shape):
    """An entry of the audit log."""

    id: UUID
    at: datetime
    action: Action
    actor: Actor
    agent_id: str | None
    tool_id: str | None
    session_id: int | None
    run_id: UUID | None
    approval_id: UUID | None
    arguments: Any
    detail: Any


class DecisionList(Shape):
    """The newest first."""

    items: list[Decision]
    next_cursor: str | None


def tool(known: KnownTool) -> Tool:
    """One row of the catalogue."""
    return Tool(
        tool_id=known.tool_id,
        label=known.label,
        description=known.description,
        policy=known.policy,
        kind=known.kind,
        arguments_schema=dict(known.schema),
        server=known.server,
    )


def tool_call(row: CallRow) -> ToolCall:
    """A call as clients see it."""
    result = row.result or {}
    lasted = row.finished_at - row.started_at if row.finished_at and row.started_at else None
    return ToolCall.model_construct(
        id=row.call_id,
        tool_id=row.tool_id,
        agent_id=row.agent_id,
        status=row.status,
        arguments=row.arguments,
        result=result.get("value"),
        approval_id=row.approval_id,
        started_at=row.started_at,
        duration_ms=round(lasted.total_seconds() * 1000) if lasted is not None else None,
        cost=usd(row.cost),
        files=[UUID(file) for file in result.get("files", ())],
    )


def decision(row: AuditEntry) -> Decision:
    """An entry as clients see it."""
    return Decision.model_construct(
        id=row.id,
        at=row.at,
        action=row.action,
        actor=Actor.model_construct(kind=row.actor["kind"], name=row.actor.get("name")),
        agent_id=row.agent_id,
        tool_id=row.tool_id,
        session_id=row.session_id,
        run_id=row.run_id,
        approval_id=row.approval_id,
        arguments=row.arguments,
        detail=row.detail,
    )
