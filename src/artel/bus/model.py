"""What the bus is told and what it hands out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Protocol
from uuid import UUID

import orjson

from artel.kit.errors import NotFound
from artel.store.tx import UserTx

Mode = Literal["direct", "auto"]

ANSWER, PLANNING, TASK, SYNTHESIS, DELEGATED = "answer", "plan", "task", "synthesis", "delegated"
"""Kinds of tasks: all but `TASK` and `DELEGATED` speak for their run. See docs/plans.md and docs/tools.md."""

MAX_ATTEMPTS = 3
"""A task that failed so often has failed."""


@dataclass(frozen=True, slots=True)
class Call:
    """A user's message for one agent."""

    session_id: int
    agent_id: str
    content: str
    target_agent: str | None
    mode: Mode


@dataclass(frozen=True, slots=True)
class Submitted:
    """The ids a call was stored under; `answer_id` is the message the agent will write."""

    message_id: UUID
    run_id: UUID
    answer_id: UUID
    mode: Mode


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model call that was made: `cost` in US dollars, None when the price is unknown."""

    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    estimated: bool = False
    """The provider did not say; the tokens were counted from the text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a finished task has to say, and the model call that said it (earlier ones went into checkpoints)."""

    content: str
    use: ModelUse | None
    total: ModelUse | None = None
    """All model calls of the task together, where there were several; what the message says it cost."""


@dataclass(frozen=True, slots=True)
class Onward:
    """A task's end that is no answer but sets something in motion.

    `then` writes it in the transaction of the end, and answers what to tell once that is committed. `use` is a model
    call that no checkpoint holds.
    """

    then: Callable[[UserTx], Awaitable[Callable[[], None]]]
    use: ModelUse | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A task that waits for something outside of it: rows say for what. `said`: its answer so far."""

    said: str


Outcome = Answer | Onward | Parked


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a task failed: a stable code for programs, a sentence for people."""

    code: str
    detail: str

    def as_json(self) -> str:
        """As it is stored."""
        return orjson.dumps({"code": self.code, "detail": self.detail}).decode()


INTERNAL = Fault("internal", "Something went wrong on the server. It was recorded; try again.")


class NoSuchAgent(NotFound):
    """You have no agent of that name."""


class NoSuchSession(NotFound):
    """You have no chat under this id."""


class NoSuchRun(NotFound):
    """You have no run under this id."""


class NoSuchTask(NotFound):
    """This run has no task of that name."""


class TaskFailed(Exception):
    """A runner's word that the task cannot be finished; with `retryable`, that another try may succeed."""

    def __init__(self, fault: Fault, *, retryable: bool = False, use: ModelUse | None = None) -> None:
        self.fault = fault
        self.retryable = retryable
        self.use = use
        super().__init__(fault.code)


class LeaseLost(Exception):
    """Another process holds the task now, or its user cancelled it: nothing that is done for it counts any more."""


class Ending(Enum):
    """Why a running task is being stopped from outside."""

    CANCELLED = "cancelled by its user"
    LOST = "held by another process"
    HANDOVER = "this process is going away"


@dataclass(slots=True)
class Held:
    """A task that this process holds: `worker` and `epoch` fence everything it writes."""

    user_id: int
    id: UUID
    session_id: int
    run_id: UUID
    task_id: str
    kind: str
    agent_id: str
    message_id: UUID
    instruction: str | None
    attempt: int
    """Failures so far."""
    max_attempts: int
    epoch: int
    """Starts so far; clients know it as the attempt of an answer."""
    worker: str
    config: Any
    """The agent's configuration as it was when the task was seated (JSON)."""
    history: Any
    """The last checkpoint (JSON), or None."""
    plan_id: UUID | None = None
    """The plan it belongs to."""
    parent: UUID | None = None
    """The task that asked for it, and waits for it."""
    depth: int = 0
    """How many tasks wait for each other above it."""
    seated_at: float = field(default_factory=time.monotonic)
    """By this process's monotonic clock, in seconds."""
    prepared: Any = None
    """What `Runner.prepare` read in the transaction that seated the task."""
    text: list[str] = field(default_factory=list[str])
    """The answer so far, in pieces; kept if the user stops it."""
    use_so_far: Callable[[], ModelUse | None] | None = None
    """What the model call in flight is estimated to have used, should the user stop it."""
    recalled: list[dict[str, Any]] | None = None
    """What its model was told of memory (JSON); kept with its answer. Empty: memory did not answer."""
    ending: Ending | None = None
    is_at_work: bool = False
    """The runner runs and may be interrupted; afterwards the end is written, which nothing interrupts."""
    job: asyncio.Task[None] | None = None

    @property
    def is_direct(self) -> bool:
        """It is the answer to a message that its user sent to this agent."""
        return self.kind == ANSWER and self.plan_id is None

    @property
    def is_planned(self) -> bool:
        """It belongs to an orchestrated run, which more than one task may write to at once."""
        return self.kind not in (ANSWER, DELEGATED) or self.plan_id is not None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A task that will not run, since one that it waits for did not succeed."""

    task_id: str
    agent_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What the end of a plan's task means for its run."""

    over: int
    total: int
    """Of the plan's tasks."""
    skipped: Sequence[Skipped] = ()
    run: Literal["goes on", "failed", "cancelled"] = "goes on"
    fault: Fault | None = None
    """Why the run failed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that came to its end in the database, as observers hear of it."""

    status: Literal["complete", "failed", "cancelled"]
    content: str
    use: ModelUse | None
    fault: Fault | None
    agent_busy: bool
    """The agent has other running tasks."""
    progress: Progress | None = None
    """For a plan's tasks; others end their run."""
    run_cost: Decimal | None = None
    """Of a run that ended, in US dollars; None when a price is unknown."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A task that its user cancelled."""

    session_id: int
    run_id: UUID
    task: UUID
    agent_id: str
    message_id: UUID
    epoch: int
    worker: str | None
    """The process that was running it, if one was."""
    task_id: str = ANSWER
    kind: str = ANSWER
    said: str = ""
    """Its answer so far, if it was parked."""


class Runner(Protocol):
    """Does the work of a task; declared here, built above."""

    async def prepare(self, tx: UserTx, held: Held) -> Any:
        """Reads what the task needs, in the transaction that seats it."""
        ...

    async def run(self, held: Held) -> Outcome:
        """Runs the task to its answer, or to what follows from it.

        Raises:
            TaskFailed: it cannot be finished.
            LeaseLost: a checkpoint was refused.
        """
        ...


class Observer(Protocol):
    """Hears of everything after it is committed; must not block. Declared here, built above."""

    def queued(self, user_id: int, call: Call, submitted: Submitted) -> None: ...
    def started(self, held: Held) -> None: ...
    def retried(self, held: Held, fault: Fault, delay: float) -> None: ...
    def finished(self, held: Held, finished: Finished) -> None: ...
    def parked(self, held: Held, *, agent_busy: bool) -> None:
        """A task gave its seat back and waits."""
        ...

    def moved_on(self, held: Held, *, agent_busy: bool) -> None:
        """A task ended by setting something else in motion."""
        ...

    def progressed(self, user_id: int, session_id: int, run_id: UUID, progress: Progress) -> None:
        """A plan changed without the end of a running task: its user stopped one."""
        ...

    def stopped(self, user_id: int, stopped: Sequence[Stopped], runs: Sequence[tuple[int, UUID]]) -> None:
        """A user stopped tasks, and these runs (by chat and id) with them."""
        ...

    def settled(self, user_id: int, session_id: int, run_id: UUID, approval_id: UUID) -> None:
        """An approval needs no answer any more: its run was stopped."""
        ...

    def lost(self, held: Held) -> None: ...
    def interrupted(self, user_ids: Sequence[int]) -> None:
        """A process died; these users may have missed the last of its events."""
        ...


TellOthers = Callable[[int, Sequence[UUID]], Awaitable[None]]
"""Tells the other processes that these tasks of a user were cancelled."""
