"""Tells users what the bus does, as events, and the operator, as metrics. Called after the commit, never before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from artel.agents.places import answer_place, run_place
from artel.bus.model import Call, Fault, Finished, Held, ModelUse, Stopped, Submitted
from artel.events.types import (
    AgentStatus,
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
    TaskStarted,
    Usage,
)
from artel.kit.money import format_usd
from artel.telemetry.metrics import Metrics


class Announcer:
    """The bus's observer."""

    def __init__(self, emit: Callable[[int, Event], None], metrics: Metrics) -> None:
        self._emit = emit
        self._metrics = metrics

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
        self._emit(held.user_id, DirectAgentCall(**where, agent_id=held.agent_id, status="running"))
        self._emit(held.user_id, AgentStatus(agent_id=held.agent_id, status="busy"))
        self._emit(held.user_id, TaskStarted(**where, task_id=held.task_id, agent_id=held.agent_id, attempt=held.epoch))

    def retried(self, held: Held, fault: Fault, delay: float) -> None:
        """A task failed and will be tried again; the next attempt says so itself."""
        self._metrics.tasks_finished.labels("retried").inc()

    def finished(self, held: Held, finished: Finished) -> None:
        """A task came to its end: the answer is stored."""
        self._metrics.tasks_finished.labels(finished.status).inc()
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
        # The end of a stopped run was told when its user stopped it.
        if finished.status == "complete":
            self._emit(held.user_id, TaskCompleted(**where, task_id=held.task_id, agent_id=held.agent_id))
            self._emit(held.user_id, RunCompleted(**where, cost=_cost(finished.use)))
        elif finished.status == "failed":
            self._emit(held.user_id, TaskFailed(**where, task_id=held.task_id, agent_id=held.agent_id, error=failure))
            self._emit(held.user_id, RunFailed(**where, error=failure))
        self._emit(held.user_id, AgentStatus(agent_id=held.agent_id, status=_status(finished)))

    def stopped(self, user_id: int, stopped: Sequence[Stopped]) -> None:
        """A user stopped tasks. What was running tells its last words itself, as soon as they are kept."""
        for task in stopped:
            where = run_place(task)
            if task.worker is None:
                self._emit(
                    user_id,
                    MessageCompleted(
                        **where,
                        message_id=task.message_id,
                        agent_id=task.agent_id,
                        content="",
                        status="cancelled",
                        attempt=task.epoch,
                    ),
                )
        for session_id, run_id in dict.fromkeys((task.session_id, task.run_id) for task in stopped):
            self._emit(user_id, RunCancelled(session_id=session_id, run_id=run_id))

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
    return format_usd(use.cost) if use and use.cost is not None else None
