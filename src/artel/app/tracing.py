"""What is told of runs as traces, where an administrator wants them. Off, nothing of it is in anybody's way."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec

from artel import __version__
from artel.bus.model import ANSWER, PLANNING, Answer, Held, Outcome, Parked, Runner, TaskFailed
from artel.events.types import Event, ToolFinished
from artel.llm.calling import CallReport
from artel.memory.recall import RecallOutcome
from artel.settings import Settings
from artel.store.tx import UserTx
from artel.telemetry.traces import Attributes, Traces, Work

_MODULE: Final = "artel.telemetry.otel"
_P = ParamSpec("_P")


@asynccontextmanager
async def open_traces(settings: Settings) -> AsyncGenerator[Traces | None]:
    """Traces from now on; None where nobody wants them. What waits at the end is sent."""
    if settings.traces_endpoint is None:
        yield None
        return
    module = await asyncio.to_thread(importlib.import_module, _MODULE)
    traces: Traces = module.open_traces(__version__)
    try:
        yield traces
    finally:
        await asyncio.to_thread(traces.close)


def also_traced(
    traces: Traces | None, counted: Callable[_P, None], trace: Callable[Concatenate[Traces, _P], None]
) -> Callable[_P, None]:
    """What is counted, and traced too where there are traces."""
    if traces is None:
        return counted

    def both(*args: _P.args, **kwargs: _P.kwargs) -> None:
        counted(*args, **kwargs)
        trace(traces, *args, **kwargs)

    return both


def trace_call(traces: Traces, call: CallReport) -> None:
    """A call of a model is over."""
    traces.past(
        f"chat {call.model}",
        call.total_seconds,
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": call.provider,
            "gen_ai.request.model": call.model,
            "gen_ai.usage.input_tokens": call.usage.input_tokens,
            "gen_ai.usage.output_tokens": call.usage.output_tokens,
            "artel.attempts": call.attempts,
            "artel.queued_seconds": call.queued_seconds,
        },
        error=None if call.outcome in ("ok", "cancelled") else call.outcome,
        is_call=True,
    )


def trace_recall(traces: Traces, outcome: RecallOutcome, seconds: float) -> None:
    """Memory was asked."""
    attributes = {"gen_ai.operation.name": "retrieval", "artel.outcome": outcome}
    traces.past("retrieval memory", seconds, attributes, error=outcome if outcome == "unavailable" else None)


def trace_event(traces: Traces, event: Event) -> None:
    """Of all events the end of a tool is one that took time. What a user refused was not carried out."""
    if isinstance(event, ToolFinished) and event.status != "rejected":
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": event.tool_id,
            "gen_ai.tool.call.id": event.tool_call_id,
        }
        traces.past(
            f"execute_tool {event.tool_id}",
            event.duration_ms / 1_000,
            attributes,
            error="tool_failed" if event.status == "failed" else None,
            run_id=event.run_id,
        )


def traced_runner(traces: Traces | None, runner: Runner) -> Runner:
    """The runner, whose work is traced where there are traces."""
    return runner if traces is None else _TracedRunner(runner, traces)


@dataclass(frozen=True, slots=True)
class _TracedRunner:
    """The bus's runner."""

    runner: Runner
    traces: Traces

    async def prepare(self, tx: UserTx, held: Held) -> Any:
        """As the bus's Runner."""
        return await self.runner.prepare(tx, held)

    async def run(self, held: Held) -> Outcome:
        """As the bus's Runner."""
        operation = "plan" if held.kind == PLANNING else "invoke_agent"
        attributes = _of_task(held, operation)
        with self.traces.work(
            held.run_id, f"{operation} {held.agent_id}", attributes, is_first=_is_first(held)
        ) as work:
            try:
                outcome = await self.runner.run(held)
            except TaskFailed as failed:
                work.fail(failed.fault.code)
                raise
            except BaseException as error:
                work.fail("cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__)
                raise
            _tell_outcome(work, outcome)
            return outcome


def _is_first(held: Held) -> bool:
    """What a message set in motion, when it is begun for the first time."""
    return held.kind in (ANSWER, PLANNING) and held.task_id == held.kind and held.epoch == 1


def _of_task(held: Held, operation: str) -> Attributes:
    model = held.config["model"]
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.agent.id": held.agent_id,
        "gen_ai.conversation.id": str(held.session_id),
        "gen_ai.provider.name": model["provider"],
        "gen_ai.request.model": model["name"],
        "artel.user_id": held.user_id,
        "artel.run_id": str(held.run_id),
        "artel.task_id": held.task_id,
        "artel.kind": held.kind,
        "artel.attempt": held.epoch,
    }


def _tell_outcome(work: Work, outcome: Outcome) -> None:
    if isinstance(outcome, Parked):
        work.set({"artel.outcome": "waits"})
        return
    use = (outcome.total or outcome.use) if isinstance(outcome, Answer) else outcome.use
    if use is not None:
        work.set(
            {
                "gen_ai.response.model": use.model,
                "gen_ai.usage.input_tokens": use.input_tokens,
                "gen_ai.usage.output_tokens": use.output_tokens,
            }
        )
