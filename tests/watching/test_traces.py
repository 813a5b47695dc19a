"""Traces: a run is one, whichever processes do its work; its spans say what was done, and never what was said."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from artel.app.gateway import gateway_for
from artel.app.house import Part
from artel.app.tracing import also_traced, trace_call, trace_recall, traced_runner
from artel.bus.model import Answer, Fault, Held, Outcome, Parked, TaskFailed
from artel.kit.ids import IdMaker
from artel.llm.calling import CallReport
from artel.telemetry.otel import OtelTraces, ids_of, open_traces
from tests.support.api import Person, Site
from tests.support.house import OpenHouse
from tests.support.otlp import Collector, collector
from tests.support.planning import is_, settings, until
from tests.support.plans import plan, request, task
from tests.support.stores import Stores
from tests.support.tool_scripts import calling

IDS = IdMaker()
CANARY = "a-word-that-stays-here"


class Process:
    """One process's traces, kept in memory."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.traces: OtelTraces = open_traces("1.2.3", self._exporter)

    def spans(self) -> list[ReadableSpan]:
        """Everything; nothing more is told afterwards."""
        self.traces.close()
        return list(self._exporter.get_finished_spans())


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER", "OTEL_SDK_DISABLED", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with collector() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "artel-of-the-tests")
        yield found


def test_two_processes_tell_one_run_as_one_trace() -> None:
    run, here, there = IDS.uuid(), Process(), Process()

    with here.traces.work(run, "plan user1_orchestrator", {}, is_first=True):
        pass
    with there.traces.work(run, "invoke_agent user1_coder", {}, is_first=False):
        there.traces.past("chat gpt", 0.5, {}, is_call=True)

    [first] = here.spans()
    chat, second = there.spans()
    assert first.context is not None
    assert second.context is not None
    assert chat.parent is not None
    assert second.parent is not None
    assert {span.context.trace_id for span in (first, second, chat) if span.context} == {ids_of(run)[0]}
    assert first.parent is None
    assert second.parent.span_id == first.context.span_id
    assert chat.parent.span_id == second.context.span_id
    assert chat.start_time is not None
    assert chat.end_time is not None
    assert abs(chat.end_time - chat.start_time - 500_000_000) < 1_000
    assert first.resource.attributes["service.name"] == "artel"
    assert first.resource.attributes["service.version"] == "1.2.3"


def test_what_belongs_to_another_run_is_told_under_that_one() -> None:
    run, other, process = IDS.uuid(), IDS.uuid(), Process()

    with process.traces.work(run, "invoke_agent a", {}, is_first=True):
        process.traces.past("execute_tool x", 0.1, {}, run_id=run)
        process.traces.past("execute_tool y", 0.1, {}, run_id=other)

    spans = {span.name: span for span in process.spans()}
    x, y, agent = spans["execute_tool x"], spans["execute_tool y"], spans["invoke_agent a"]
    assert x.parent is not None
    assert x.parent == agent.context
    assert y.parent is not None
    assert (y.parent.trace_id, y.parent.span_id) == ids_of(other)


def test_all_processes_keep_the_same_share_of_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    here, there = Process(), Process()
    runs = [IDS.uuid() for _ in range(64)]

    for run in runs:
        with here.traces.work(run, "first", {}, is_first=True):
            pass
        with there.traces.work(run, "later", {}, is_first=False):
            pass

    kept = {span.context.trace_id for span in here.spans() if span.context}
    assert kept == {span.context.trace_id for span in there.spans() if span.context}
    assert 0 < len(kept) < len(runs)


def test_calls_and_recalls_say_how_they_went() -> None:
    process, counted = Process(), list[CallReport]()
    call = CallReport("openai", "gpt", outcome="model_timeout", attempts=3, queued_seconds=0.25, total_seconds=2.0)

    also_traced(process.traces, counted.append, trace_call)(call)
    trace_recall(process.traces, "late", 0.06)
    also_traced(None, counted.append, trace_call)(call)

    assert counted == [call, call]
    chat, recall = process.spans()
    assert chat.attributes is not None
    assert recall.attributes is not None
    assert (chat.name, chat.kind.name, chat.status.status_code.name) == ("chat gpt", "CLIENT", "ERROR")
    assert chat.attributes["error.type"] == "model_timeout"
    assert chat.attributes["artel.attempts"] == 3
    assert (recall.name, recall.attributes["artel.outcome"]) == ("retrieval memory", "late")
    assert recall.status.is_ok or recall.status.is_unset


class Scripted:
    """A runner that comes to what it is told."""

    def __init__(self, outcome: Outcome | BaseException) -> None:
        self.outcome = outcome

    async def prepare(self, tx: object, held: Held) -> str:
        return f"prepared {held.task_id}"

    async def run(self, held: Held) -> Outcome:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Answer(CANARY, None), {}),
        (Parked(CANARY), {"artel.outcome": "waits"}),
        (TaskFailed(Fault("model_timeout", CANARY)), {"error.type": "model_timeout"}),
        (asyncio.CancelledError(CANARY), {"error.type": "cancelled"}),
        (ValueError(CANARY), {"error.type": "ValueError"}),
    ],
)
async def test_what_a_task_came_to(outcome: Outcome | BaseException, told: dict[str, str]) -> None:
    process = Process()
    held = Held(
        user_id=7, id=IDS.uuid(), session_id=5, run_id=IDS.uuid(), task_id="answer", kind="answer", agent_id="user7_a",
        message_id=IDS.uuid(), instruction=CANARY, attempt=0, max_attempts=3, epoch=1, worker="w",
        config={"model": {"provider": "openai", "name": "gpt"}, "system_prompt": CANARY}, history=None,
    )  # fmt: skip
    script = Scripted(outcome)
    runner = traced_runner(process.traces, script)  # pyright: ignore[reportArgumentType]

    assert await runner.prepare(None, held) == "prepared answer"  # pyright: ignore[reportArgumentType]
    if isinstance(outcome, BaseException):
        with pytest.raises(type(outcome)):
            await runner.run(held)
    else:
        assert await runner.run(held) is outcome

    [span] = process.spans()
    assert span.attributes is not None
    assert span.name == "invoke_agent user7_a"
    assert told.items() <= span.attributes.items()
    assert ("error.type" in span.attributes) == isinstance(outcome, BaseException)
    assert CANARY not in span.to_json()
    assert traced_runner(None, script) is script  # pyright: ignore[reportArgumentType]


async def test_a_run_over_two_processes_arrives_at_the_collector(
    stores: Stores, open_house_over: OpenHouse, received: Collector
) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": received.url}
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(open_house_over(stores, Part(takes_queue=False), **environment))
        worker = await stack.enter_async_context(open_house_over(stores, **environment))
        ada = await Site(gateway_for(api), api, stores, stack).person()
        agent = await ada.agent("Coder", tools=[{"tool_id": "current_time"}])
        model = {"provider": "openai", "name": "calls"}
        caller = await ada.agent("Caller", model=model, tools=[{"tool_id": "current_time"}])
        await settings(ada, plan_approval="never")
        direct = await _direct(ada, caller)
        planned = await _planned(ada)
        assert worker.metrics is not api.metrics

    assert {span.service for span in received.spans} == {"artel-of-the-tests"}
    of_direct = [span for span in received.spans if span.trace_id == ids_of(UUID(direct))[0]]
    of_plan = [span for span in received.spans if span.trace_id == ids_of(UUID(planned))[0]]
    names = sorted(span.name for span in of_direct)
    assert names == ["chat calls", "chat calls", "execute_tool current_time", f"invoke_agent {caller}"]
    [root] = [span for span in of_direct if span.parent == 0]
    assert root.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert root.attributes["gen_ai.usage.input_tokens"] == 32
    assert {span.parent for span in of_direct} == {0, root.span_id}
    assert sorted({span.name.split()[0] for span in of_plan}) == ["chat", "invoke_agent", "plan"]
    [plan_span] = [span for span in of_plan if span.parent == 0]
    assert plan_span.name.startswith("plan ")
    tasks = [span for span in of_plan if span.attributes.get("artel.kind") == "task"]
    assert [span.parent for span in tasks] == [plan_span.span_id] * 2
    assert {span.attributes["gen_ai.agent.id"] for span in tasks} == {agent}
    assert not [body for body in received.bodies if CANARY.encode() in body]


async def _direct(person: Person, agent: str) -> str:
    chat = await person.chat(CANARY)
    message = calling([("current_time", {})], CANARY, text=CANARY)
    answer = await person.say(chat, message, target_agent=agent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["content"] == CANARY
    return answer.json()["run_id"]


async def _planned(person: Person) -> str:
    chat = await person.chat(CANARY)
    content = request(plan(task("t1"), task("t2", "t1")), text=CANARY)
    sent = await person.http.post(f"/my/chat/{chat}/message/", json={"content": content})
    await until(person, sent.json()["run_id"], is_("completed"))
    return sent.json()["run_id"]


async def test_a_collector_that_is_away_costs_nobody_an_answer(
    stores: Stores, open_house_over: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            open_house_over(stores, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
        )
        ada = await Site(gateway_for(house), house, stores, stack).person()
        await ada.agent()

        assert (await ada.say(await ada.chat(), "@coder hello")).status_code == 200


def test_without_an_endpoint_nothing_is_imported() -> None:
    program = (
        "import sys, artel.cli\n"
        "heavy = ('opentelemetry.sdk.', 'opentelemetry.exporter', 'google.protobuf')\n"
        "print([name for name, module in sys.modules.items() if module and name.startswith(heavy)])"
    )

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
