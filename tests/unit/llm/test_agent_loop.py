"""The lean model inside Pydantic AI's agent loop: tools, structured output, deferred tools, streaming, cancelling."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, NativeOutput, ToolDenied
from pydantic_ai.messages import (
    FinalResultEvent,
    ModelMessagesTypeAdapter,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
)
from pydantic_ai.profiles import ModelProfile

from artel.llm.callee import Callee
from artel.llm.calling import CallReport
from artel.llm.chat_completions import ChatCompletionsModel, ChatEndpoint
from artel.llm.chat_request import Dialect
from artel.llm.errors import ModelOverloaded
from artel.llm.pool import ModelPool
from artel.llm.refs import ModelRef
from tests.support.model_server import ModelServer


class Step(BaseModel):
    """One step of a plan."""

    id: str
    depends_on: list[str] = []


class Plan(BaseModel):
    """A plan."""

    tasks: list[Step]


def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def scripted(name: str) -> ModelRef:
    return ModelRef("openai", name)


@pytest.mark.parametrize("count", [1, 2])
async def test_tools_are_called_and_their_results_sent_back(
    pool: ModelPool, model_server: ModelServer, count: int
) -> None:
    agent = Agent(pool.model(scripted(f"tool:count={count}")), tools=[add])
    result = await agent.run("go")
    assert result.output == f"Tool said: {'; '.join(['2'] * count)}"
    assert (result.usage.requests, result.usage.tool_calls) == (2, count)
    first, second = model_server.log.requests
    assert first.body["tool_choice"] == "auto"
    assert first.body["tools"][0]["function"]["name"] == "add"
    assert [message["role"] for message in second.body["messages"]] == ["user", "assistant"] + ["tool"] * count


async def test_a_structured_answer_is_asked_for_as_a_tool(pool: ModelPool, model_server: ModelServer) -> None:
    agent = Agent(pool.model(scripted("x")), output_type=Plan)
    result = await agent.run('[[plan {"tasks": [{"id": "a"}, {"id": "b", "depends_on": ["a"]}]}]]')
    assert [task.depends_on for task in result.output.tasks] == [[], ["a"]]
    assert model_server.log.requests[0].body["tool_choice"] == "required"


async def test_a_bad_structured_answer_goes_back_with_the_reasons(pool: ModelPool, model_server: ModelServer) -> None:
    agent = Agent(pool.model(scripted("plan")), output_type=Plan, retries=1)

    @agent.output_validator
    def never_at_first(plan: Plan) -> Plan:  # pyright: ignore[reportUnusedFunction]
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ModelRetry("the tasks form a circle")
        return plan

    asked = 0
    await agent.run("plan it")
    assert "the tasks form a circle" in model_server.log.requests[1].body["messages"][-1]["content"]


async def test_native_structured_output_is_a_response_format(model_server: ModelServer) -> None:
    async with aiohttp.ClientSession() as session:
        endpoint = ChatEndpoint(session, model_server.base_url, {}, dialect=Dialect(strict_tools=True))
        profile = ModelProfile(supports_json_schema_output=True)
        model = ChatCompletionsModel(Callee("openai", "OpenAI", "x"), endpoint, profile=profile)
        output = NativeOutput(Plan, description="what to do", strict=True)
        result = await Agent(model, output_type=output).run('[[answer text={"tasks":[]}]]')
    assert result.output.tasks == []
    wanted = model_server.log.requests[0].body["response_format"]["json_schema"]
    assert (wanted["name"], wanted["description"], wanted["strict"]) == ("Plan", "what to do. A plan.", True)


async def test_a_run_can_be_iterated_and_its_text_streams(pool: ModelPool) -> None:
    agent = Agent(pool.model(scripted("answer:tokens=8,delay_ms=10")))
    written = ""
    kinds: list[type] = []
    async with agent.iter("go") as run:
        async for node in run:
            if Agent.is_model_request_node(node):
                async with node.stream(run.ctx) as stream:
                    async for event in stream:
                        kinds.append(type(event))
                        if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                            written += event.part.content
                        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                            written += event.delta.content_delta
    assert run.result is not None
    assert run.result.output == written == "w0 w1 w2 w3 w4 w5 w6 w7 "
    assert kinds[:2] == [PartStartEvent, FinalResultEvent]
    assert run.usage.output_tokens == 8


async def test_a_deferred_tool_waits_and_goes_on_from_stored_history(pool: ModelPool) -> None:
    # given an agent whose tool needs a person's yes
    def agent() -> Agent[None, str | DeferredToolRequests]:
        made = Agent(pool.model(scripted("tool")), output_type=[str, DeferredToolRequests])
        made.tool_plain(requires_approval=True)(add)
        return made

    first = await agent().run("go")
    assert isinstance(first.output, DeferredToolRequests)
    (call,) = first.output.approvals
    stored = ModelMessagesTypeAdapter.dump_json(first.all_messages())
    # when it is given after the history went through the database
    history = ModelMessagesTypeAdapter.validate_json(stored)
    yes = DeferredToolResults(approvals={call.tool_call_id: True})
    no = DeferredToolResults(approvals={call.tool_call_id: ToolDenied("not today")})
    # then the run ends as if it had never waited
    assert (await agent().run(message_history=history, deferred_tool_results=yes)).output == "Tool said: 2"
    refused = (await agent().run(message_history=history, deferred_tool_results=no)).output
    assert isinstance(refused, str)
    assert "not today" in refused


async def test_thinking_goes_back_only_with_the_calls_it_led_to(pool: ModelPool, model_server: ModelServer) -> None:
    agent = Agent(pool.model(scripted("think")))
    first = await agent.run("go")
    await agent.run("again", message_history=first.all_messages())
    answer = model_server.log.requests[1].body["messages"][1]
    assert answer == {"role": "assistant", "content": "You said: go"}


async def test_errors_leave_the_loop_as_they_are(pool: ModelPool, reports: list[CallReport]) -> None:
    with pytest.raises(ModelOverloaded):
        await Agent(pool.model(scripted("status:code=503"))).run("go")
    assert [(report.outcome, report.attempts) for report in reports] == [("model_overloaded", 3)]


async def test_a_cancelled_run_hangs_up(pool: ModelPool, model_server: ModelServer) -> None:
    task = asyncio.create_task(Agent(pool.model(scripted("hang"))).run("go"))
    await asyncio.wait_for(model_server.wait_until("open", 1), 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)


async def test_a_stream_that_is_cancelled_ends_quietly(pool: ModelPool, model_server: ModelServer) -> None:
    agent = Agent(pool.model(scripted("slow")))
    async with agent.run_stream("go") as stream:
        async for _ in stream.stream_text(debounce_by=None):
            await stream.cancel()
            break
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)


async def test_the_same_conversation_can_be_asked_without_the_loop(pool: ModelPool) -> None:
    result = await Agent(pool.model(scripted("tool")), tools=[add]).run("go")
    calls = [part for message in result.all_messages() for part in message.parts if isinstance(part, ToolCallPart)]
    assert calls[0].args == '{"a":1,"b":1}'
