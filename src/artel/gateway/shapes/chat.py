"""Conversations, messages, runs and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from artel.bus.model import Submitted
from artel.chat.history import HistoryPage
from artel.chat.recalled import RecalledView
from artel.chat.sessions import MAX_TITLE, SessionView
from artel.chat.views import MessageView, RunView, TaskView
from artel.gateway.shapes.common import Body, Fault, Money, Shape, Tokens, fault, tokens, usd
from artel.gateway.shapes.files import File, file
from artel.gateway.shapes.plans import Approval, Plan, approval, plan
from artel.gateway.shapes.tools import ToolCall, tool_call
from artel.memory.views import Why
from artel.orchestrator.views import ApprovalView, PlanView
from artel.store.tables import Task as TaskRow

MAX_CONTENT = 100_000
MAX_ATTACHMENTS = 10

Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TITLE)]
MessageStatus = Literal["complete", "streaming", "failed", "cancelled"]
RunStatus = Literal["queued", "running", "waiting", "completed", "failed", "cancelled"]
Mode = Literal["direct", "auto"]


class SessionIn(Body):
    """A new chat; without a title the first message gives it one."""

    title: Title = Field(default="", examples=["Holiday plans"])


class SessionPatch(Body):
    """What is to become another; the rest stays."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE)] | None = None
    memory: bool | None = Field(default=None, description="Is what is said here remembered, and recalled for it?")


class Session(Shape):
    """A chat in the list."""

    id: int
    title: str
    created_at: datetime
    updated_at: datetime
    running: bool = Field(description="Something in it is being worked on.")
    memory: bool = Field(description="What is said here is remembered, and memories are recalled for it.")


class SessionList(Shape):
    """The most recently used first."""

    items: list[Session]
    next_cursor: str | None


class MessageIn(Body):
    """A message to `target_agent`, or to the @handle at its beginning, or else to the orchestrator."""

    # First, because what may be said depends on it.
    attachments: tuple[UUID, ...] = Field(
        default=(), max_length=MAX_ATTACHMENTS, description="Ids of files that were uploaded before."
    )
    content: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_CONTENT)] = Field(
        examples=["@coder Write a haiku about queues."], description="May be empty when files are attached."
    )
    target_agent: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, examples=["coder"], description="`user1_coder`, `coder` or `@coder`."
    )

    @field_validator("content")
    @classmethod
    def _says_something(cls, content: str, info: ValidationInfo) -> str:
        if not content and not info.data.get("attachments"):
            raise PydanticCustomError("nothing_said", "Write something, or attach a file.")
        return content


class Sent(Shape):
    """The message is stored; the answer comes as events, and into the history under `answer_id`."""

    message_id: UUID
    run_id: UUID
    mode: Mode
    answer_id: UUID


class Recalled(Shape):
    """A memory that an answer was told, as it says now."""

    id: UUID
    score: float | None = Field(description="How near it was to the question, 0 to 1.")
    why: Why
    text: str | None = Field(description="Null: forgotten since.")
    session_id: int | None
    session_title: str | None
    role: str | None
    agent_id: str | None
    created_at: datetime | None = Field(description="When it was said.")


class Message(Shape):
    """A message. While its answer is being written, `status` is streaming and `content` the text so far."""

    id: UUID
    session_id: int
    run_id: UUID
    role: Literal["user", "assistant"]
    content: str
    agent_id: str | None
    target_agent: str | None
    status: MessageStatus
    error: Fault | None
    usage: Tokens | None
    cost: Money
    attempt: int
    created_at: datetime
    tool_calls: list[ToolCall]
    attachments: list[File] = Field(description="Files that were sent along.")
    recalled: list[Recalled] = Field(description="What the agent was told from memory for this answer.")
    memory_missed: bool = Field(description="Memory did not answer in time, and the agent went on without.")


class Answered(Message):
    """`?wait` was long enough: the ids of `Sent`, and the answer."""

    message_id: UUID
    mode: Mode
    answer_id: UUID


class Task(Shape):
    """A unit of a run's work."""

    task_id: str
    run_id: UUID
    agent_id: str
    status: Literal["pending", "ready", "running", "waiting", "done", "failed", "skipped", "cancelled"]
    dependencies: list[str]
    attempt: int
    error: Fault | None
    message_id: UUID | None
    started_at: datetime | None
    finished_at: datetime | None


class TaskDetail(Task):
    """A task with what it was told and what it has said, also while it is being written."""

    instruction: str | None
    content: str
    usage: Tokens | None
    cost: Money
    tool_calls: list[ToolCall]
    last_event_id: int = Field(description="Events after it are not in the content.")


class Run(Shape):
    """What one message set in motion."""

    id: UUID
    session_id: int
    mode: Mode
    status: RunStatus
    message_id: UUID
    answer_id: UUID
    agent_id: str | None
    error: Fault | None
    cost: Money
    created_at: datetime
    finished_at: datetime | None
    tasks: list[Task]


class History(Shape):
    """A page in reading order, the newest page first; subscribe to events from `last_event_id` on to miss nothing."""

    session: Session
    items: list[Message]
    runs: list[Run]
    plans: list[Plan]
    approvals: list[Approval]
    next_cursor: str | None
    last_event_id: int


def session(view: SessionView) -> Session:
    """A chat as clients see it."""
    return Session(
        id=view.id,
        title=view.title,
        created_at=view.created_at,
        updated_at=view.updated_at,
        running=view.running,
        memory=view.memory,
    )


def message(view: MessageView) -> Message:
    """A message as clients see it."""
    return Message.model_construct(
        id=view.id,
        session_id=view.session_id,
        run_id=view.run_id,
        role=view.role,
        content=view.content,
        agent_id=view.agent_id,
        target_agent=view.target_agent,
        status=view.status,
        error=fault(view.error),
        usage=tokens(view.usage),
        cost=usd(view.cost),
        attempt=view.attempt,
        created_at=view.created_at,
        tool_calls=[tool_call(call) for call in view.tool_calls],
        attachments=[file(row) for row in view.attachments],
        recalled=[recalled(each) for each in view.recalled],
        memory_missed=view.memory_missed,
    )


def recalled(view: RecalledView) -> Recalled:
    """What was recalled as clients see it."""
    return Recalled.model_construct(
        id=view.id,
        score=view.score,
        why=view.why,
        text=view.text,
        session_id=view.session_id,
        session_title=view.session_title,
        role=view.role,
        agent_id=view.agent_id,
        created_at=view.created_at,
    )


def sent(submitted: Submitted) -> dict[str, str]:
    """`Sent`, ready for JSON: on the hot path nothing validates what we made ourselves."""
    return {
        "message_id": str(submitted.message_id),
        "run_id": str(submitted.run_id),
        "mode": submitted.mode,
        "answer_id": str(submitted.answer_id),
    }


def task(row: TaskRow) -> Task:
    """A task as clients see it."""
    return Task.model_construct(
        task_id=row.task_id,
        run_id=row.run_id,
        agent_id=row.assigned_agent,
        status=row.status,
        dependencies=row.dependencies,
        attempt=row.epoch,
        error=fault(row.error),
        message_id=row.message_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def run(view: RunView) -> Run:
    """A run as clients see it."""
    row = view.run
    return Run.model_construct(
        id=row.id,
        session_id=row.session_id,
        mode=row.mode,
        status=view.status,
        message_id=row.message_id,
        answer_id=row.answer_id,
        agent_id=row.agent_id,
        error=fault(row.error),
        cost=usd(row.cost),
        created_at=row.created_at,
        finished_at=row.finished_at,
        tasks=[task(each) for each in view.tasks],
    )


def task_detail(detail: TaskView) -> TaskDetail:
    """A task with its text as clients see it."""
    return TaskDetail.model_construct(
        **dict(task(detail.row)),
        instruction=detail.row.instruction,
        content=detail.content,
        usage=tokens(detail.usage),
        cost=usd(detail.cost),
        tool_calls=[tool_call(call) for call in detail.tool_calls],
        last_event_id=detail.last_event_id,
    )


def history(
    page: HistoryPage, plans: Sequence[PlanView], approvals: Sequence[ApprovalView], next_cursor: str | None
) -> History:
    """A page as clients see it."""
    return History.model_construct(
        session=session(page.session),
        items=[message(view) for view in page.messages],
        runs=[run(view) for view in page.runs],
        plans=[plan(view) for view in plans],
        approvals=[approval(view) for view in approvals],
        next_cursor=next_cursor,
        last_event_id=page.last_event_id,
    )
