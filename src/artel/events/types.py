"""The closed union of everything that a user's space may say while it works (the contract's section 5).

Every event is a frozen dataclass; its `type` tells the members apart. `session_id` and `run_id` stand on each of them
and are None for what concerns the whole space. Its time (`ts`) and number (`id`) belong to the log, which gives both at
once, so an event does not carry them here.

Money is text such as "$0.0004" (`kit.money.format_usd`), as everywhere outside the house.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens a model counted for one answer."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why something failed: a stable code for programs and a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One task of a plan."""

    task_id: str
    agent_id: str
    instruction: str
    estimated_cost: str | None = None
    estimated_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEdge:
    """`target` waits for the result of `source` (task ids)."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGraph:
    """The tasks of a plan and what waits for what."""

    nodes: tuple[PlanNode, ...]
    edges: tuple[PlanEdge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledItem:
    """One memory that was put before the model, and how near it was (0 to 1; None: only its words were compared)."""

    id: UUID
    text: str
    score: float | None
    session_id: int | None = None
    why: Literal["meaning", "words", "both"] | None = None
    role: str | None = None
    agent_id: str | None = None
    created_at: str | None = None
    """When it was said, in ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    session_id: int | None = None
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunEnvelope:
    run_id: UUID
    session_id: int | None = None


# Direct calls and agents


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectAgentCall(_Envelope):
    """A user addressed one agent."""

    agent_id: str
    status: Literal["queued", "running"]
    type: Literal["direct_agent_call"] = "direct_agent_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus(_Envelope):
    """An agent's status changed."""

    agent_id: str
    status: Literal["ready", "busy", "error"]
    type: Literal["agent_status"] = "agent_status"


# Plans and approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlanCreated(_Envelope):
    """The orchestrator made a plan; `tasks` is their count."""

    plan_id: UUID
    tasks: int
    estimated_cost: str | None
    estimated_seconds: float | None
    graph: PlanGraph
    revision: int = 1
    """Above 1: the rest of a run was planned anew."""
    type: Literal["task_plan_created"] = "task_plan_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest(_Envelope):
    """A plan waits for the user's approval; `tasks` is their count."""

    approval_id: UUID
    plan_id: UUID
    tasks: int
    estimated_cost: str | None
    estimated_seconds: float | None
    graph: PlanGraph
    type: Literal["plan_request"] = "plan_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest(_Envelope):
    """A tool call waits for the user's approval, or for the user's page to carry it out."""

    approval_id: UUID
    tool_id: str
    agent_id: str
    arguments: dict[str, Any]
    kind: Literal["builtin", "browser", "mcp"] = "builtin"
    tool_call_id: str = ""
    message_id: UUID | None = None
    task_id: str | None = None
    remembered: bool = False
    """The user has allowed it before; what remains is to be done by the page."""
    expires_at: str | None = None
    type: Literal["tool_request"] = "tool_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalResolved(_Envelope):
    """An approval was answered, or no longer needs an answer."""

    approval_id: UUID
    status: Literal["confirmed", "rejected", "expired", "cancelled"]
    type: Literal["approval_resolved"] = "approval_resolved"


# Tasks of a run


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksProgress(_Envelope):
    """How many tasks of the run are over, out of how many."""

    completed: int
    total: int
    type: Literal["tasks_progress"] = "tasks_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted(_Envelope):
    """A task took its seat."""

    task_id: str
    agent_id: str
    attempt: int = 1
    type: Literal["task_started"] = "task_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(_Envelope):
    """A task has its result."""

    task_id: str
    agent_id: str
    type: Literal["task_completed"] = "task_completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed(_Envelope):
    """A task failed for good; with the code "cancelled", its user stopped it while the rest goes on."""

    task_id: str
    agent_id: str
    error: Failure | None = None
    type: Literal["task_failed"] = "task_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSkipped(_Envelope):
    """A task will not run, because one that it waits for failed."""

    task_id: str
    agent_id: str
    type: Literal["task_skipped"] = "task_skipped"


# Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStarted(_Envelope):
    """An agent begins to write (again, if `attempt` rose): the text so far is empty. Comes before the first delta."""

    message_id: UUID
    agent_id: str
    attempt: int = 1
    task_id: str | None = None
    type: Literal["message_started"] = "message_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDelta(_Envelope):
    """More text of an answer.

    A delta is kept only while its message is open under the same attempt: what a superseded worker still sends is
    dropped by the log.
    """

    message_id: UUID
    agent_id: str
    text: str
    attempt: int = 1
    task_id: str | None = None
    type: Literal["message_delta"] = "message_delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCompleted(_Envelope):
    """An answer is over; `content` is the whole text and replaces what the deltas built."""

    message_id: UUID
    agent_id: str
    content: str
    usage: Usage | None = None
    cost: str | None = None
    status: Literal["complete", "failed", "cancelled"] = "complete"
    error: Failure | None = None
    attempt: int = 1
    role: Literal["assistant"] = "assistant"
    task_id: str | None = None
    type: Literal["message_completed"] = "message_completed"


# Tools and memory


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted(_Envelope):
    """A tool begins to work for an agent."""

    tool_call_id: str
    tool_id: str
    agent_id: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    """As its user may have changed them."""
    message_id: UUID | None = None
    task_id: str | None = None
    type: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished(_Envelope):
    """A tool is done with one call."""

    tool_call_id: str
    tool_id: str
    agent_id: str
    status: Literal["ok", "failed", "rejected"]
    duration_ms: int
    message_id: UUID | None = None
    task_id: str | None = None
    type: Literal["tool_finished"] = "tool_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecalled(_Envelope):
    """What was found in memory and put before the model, and for which agent. missed: memory did not answer in time,
    and the agent goes on without; told only then, for an empty memory is no news."""

    items: tuple[RecalledItem, ...]
    missed: bool = False
    agent_id: str | None = None
    message_id: UUID | None = None
    task_id: str | None = None
    attempt: int = 1
    type: Literal["memory_recalled"] = "memory_recalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryChanged(_Envelope):
    """Memories were added, edited or forgotten; without ids: perhaps many."""

    reason: Literal["saved", "edited", "forgotten", "learned"]
    ids: tuple[UUID, ...] = ()
    type: Literal["memory_changed"] = "memory_changed"


# Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted(_RunEnvelope):
    """A run is over and its answer stands."""

    cost: str | None = None
    type: Literal["run_completed"] = "run_completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled(_RunEnvelope):
    """A run was stopped by its user."""

    type: Literal["run_cancelled"] = "run_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(_RunEnvelope):
    """A run failed."""

    error: Failure | None = None
    type: Literal["run_failed"] = "run_failed"


# The stream itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync(_Envelope):
    """Events are missing from here on back: load the history again and go on from this id.

    `trimmed`: the asked id is older than the log; `unknown_id`: this log never gave that id; `lost`: the log lost its
    tail; `overflow`: too much happened while the log could not be reached.
    """

    reason: Literal["trimmed", "unknown_id", "lost", "overflow"]
    type: Literal["resync"] = "resync"


Event = (
    DirectAgentCall
    | AgentStatus
    | TaskPlanCreated
    | PlanRequest
    | ToolRequest
    | ApprovalResolved
    | TasksProgress
    | TaskStarted
    | TaskCompleted
    | TaskFailed
    | TaskSkipped
    | MessageStarted
    | MessageDelta
    | MessageCompleted
    | ToolStarted
    | ToolFinished
    | MemoryRecalled
    | MemoryChanged
    | RunCompleted
    | RunCancelled
    | RunFailed
    | Resync
)
"""Every event there is."""
