"""Tells users what the bus does, as events, and the operator, as metrics. Called after the commit, never before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

from artel.agents.places import RunPlace, answer_place, run_place
from artel.bus.model import (
    ANSWER,
    DELEGATED,
    PLANNING,
    TASK,
    Call,
    Fault,
    Finished,
    Held,
    ModelUse,
    Progress,
    Stopped,
    Submitted,
)
from artel.events.types import (
    AgentStatus,
    ApprovalResolved,
    DirectAgentCall,
    Event,
    Failure,
    MessageCompleted,
    Resync,
    RunCancelled,
    RunCompleted,
    RunFailed,
    TaskCompleted,
    TaskFailed,
    TaskSkipped,
    TasksProgress,
    TaskStarted,
    Usage,
)
from artel.kit.money import format_usd
from artel.telemetry.metrics import Metrics

CANCELLED = "cancelled"
"""The code of a task's failure that is its user's own stop."""


class Announcer:
    """The bus's observer."""

    def __init__(
        self,
        emit: Callable[[int, Event], None],
        metrics: Metrics,
        said: Callable[[int], None] = lambda user_id: None,
    ) -> None:
        """said: told whose answer, or task's result, was stored; must not block."""
        self._emit = emit
        self._metrics = metrics
        self._said = said

    def queued(self, user_id: int, call: Call, submitted: Submitted) -> None:
        """A call waits for a seat of its agent."""
        if call.mode == "direct":
            self._emit(
                user_id,
                DirectAgentCall(
                    session_id=call.session_id, run_id=submitted.run_id, agent_id=call.agent_id, status="queued"
                ),
            )

    def started(self, held: Held) -> None:
        """A task took its seat here."""
        where = run_place(held)
        if held.kind == ANSWER and not held.is_planned:
            self._emit(held.user_id, DirectAgentCall(**where, agent_id=held.agent_id, status="running"))
        self._emit(held.user_id, AgentStatus(agent_id=held.agent_id, status="busy"))
        if held.kind != PLANNING:
            self._emit(
                held.user_id, TaskStarted(**where, task_id=held.task_id, agent_id=held.agent_id, attempt=held.epoch)
            )

    def retried(self, held: Held, fault: Fault, delay: float) -> None:
        """A task failed and will be tried again; the next attempt says so itself."""
        self._metrics.tasks_finished.labels("retried").inc()

    def finished(self, held: Held, finished: Finished) -> None:
        """A task came to its end: the answer is stored."""
        self._metrics.tasks_finished.labels(finished.status).inc()
        if held.is_direct and finished.status == "complete":
            self._metrics.direct_call_seconds.observe(time.monotonic() - held.seated_at)
        where = run_place(held)
        failure = _failure(finished.fault)
        self._emit(
            held.user_id,
            MessageCompleted(
                **answer_place(held),
                content=finished.content,
                usage=_usage(finished.use),
                cost=_cost(finished.use),
                status=finished.status,
                error=failure,
                attempt=held.epoch,
            ),
        )
        self._tell_task(held, finished, failure)
        if finished.progress is not None:
            self._tell_progress(held.user_id, where, finished.progress)
        # The end of a stopped run was told when its user stopped it; a delegated task ends no run.
        elif held.kind == DELEGATED:
            pass
        elif finished.status == "complete":
            self._emit(held.user_id, RunCompleted(**where, cost=_usd(finished.run_cost)))
        elif finished.status == "failed":
            self._emit(held.user_id, RunFailed(**where, error=failure))
        self._emit(held.user_id, AgentStatus(agent_id=held.agent_id, status=_status(finished)))
        self._said(held.user_id)

    def _tell_task(self, held: Held, finished: Finished, failure: Failure | None) -> None:
        where = run_place(held)
        if held.kind == PLANNING:
            return
        if finished.status == "complete":
            self._emit(held.user_id, TaskCompleted(**where, task_id=held.task_id, agent_id=held.agent_id))
        elif finished.status == "failed":
            self._emit(held.user_id, TaskFailed(**where, task_id=held.task_id, agent_id=held.agent_id, error=failure))

    def _tell_progress(self, user_id: int, where: RunPlace, progress: Progress) -> None:
        for task in progress.skipped:
            self._emit(user_id, TaskSkipped(**where, task_id=task.task_id, agent_id=task.agent_id))
        self._emit(user_id, TasksProgress(**where, completed=progress.over, total=progress.total))
        if progress.run == "failed":
            self._emit(user_id, RunFailed(**where, error=_failure(progress.fault)))
        elif progress.run == "cancelled":
            self._emit(user_id, RunCancelled(**where))

    def parked(self, held: Held, *, agent_busy: bool) -> None:
        """A task waits for its user, or for another agent; what for was told when it was asked."""
        self._metrics.tasks_finished.labels("parked").inc()
        self._emit(held.user_id, AgentStatus(agent_id=held.agent_id, status="busy" if agent_busy else "ready"))

    def moved_on(self, held: Held, *, agent_busy: bool) -> None:
        """The orchestrator planned; what came of it is told by whoever wrote it."""
        self._metrics.tasks_finished.labels("complete").inc()
        self._emit(held.user_id, AgentStatus(agent_id=held.agent_id, status="busy" if agent_busy else "ready"))

    def progressed(self, user_id: int, session_id: int, run_id: UUID, progress: Progress) -> None:
        """A user stopped one task of a plan."""
        self._tell_progress(user_id, {"session_id": session_id, "run_id": run_id}, progress)

    def stopped(self, user_id: int, stopped: Sequence[Stopped], runs: Sequence[tuple[int, UUID]]) -> None:
        """A user stopped tasks. What was running tells its last words itself, as soon as they are kept."""
        ended = {run_id for _session_id, run_id in runs}
        for task in stopped:
            where = run_place(task)
            # A plan's task that never began has nothing to say, and if its run is over too, that is told for all.
            if task.worker is None and (task.kind != TASK or task.epoch > 0):
                self._emit(
                    user_id,
                    MessageCompleted(
                        **where,
                        message_id=task.message_id,
                        agent_id=task.agent_id,
                        content=task.said,
                        status="cancelled",
                        attempt=task.epoch,
                        task_id=task.task_id,
                    ),
                )
            if task.run_id not in ended:
                stop = Failure(code=CANCELLED, detail="")
                self._emit(user_id, TaskFailed(**where, task_id=task.task_id, agent_id=task.agent_id, error=stop))
        for session_id, run_id in runs:
            self._emit(user_id, RunCancelled(session_id=session_id, run_id=run_id))

    def settled(self, user_id: int, session_id: int, run_id: UUID, approval_id: UUID) -> None:
        """An approval went with its run."""
        self._emit(
            user_id,
            ApprovalResolved(session_id=session_id, run_id=run_id, approval_id=approval_id, status="cancelled"),
        )

    def lost(self, held: Held) -> None:
        """A task is no longer ours, or was left to another process."""
        self._metrics.leases_lost.inc()

    def interrupted(self, user_ids: Sequence[int]) -> None:
        """A process died; the last events of these users may have died with it."""
        for user_id in user_ids:
            self._emit(user_id, Resync(reason="lost"))


def _status(finished: Finished) -> Literal["ready", "busy", "error"]:
    if finished.status == "failed":
        return "error"
    return "busy" if finished.agent_busy else "ready"


def _failure(fault: Fault | None) -> Failure | None:
    return Failure(code=fault.code, detail=fault.detail) if fault else None


def _usage(use: ModelUse | None) -> Usage | None:
    return Usage(input_tokens=use.input_tokens, output_tokens=use.output_tokens) if use else None


def _cost(use: ModelUse | None) -> str | None:
    return _usd(use.cost) if use else None


def _usd(amount: Decimal | None) -> str | None:
    return format_usd(amount) if amount is not None else None
