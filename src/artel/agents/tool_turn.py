"""A turn with tools: Pydantic AI's agent loop, checkpointed after each model answer, each tool result kept once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from types import NoneType
from typing import Any, Literal

from pydantic_ai import Agent, ModelMessagesTypeAdapter, RunContext, Tool
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model
from pydantic_ai.result import AgentStream
from pydantic_ai.run import AgentRun
from pydantic_ai.toolsets import FunctionToolset, ToolsetTool, WrapperToolset

from artel.agents.allowance import Allowance
from artel.agents.places import answer_place
from artel.agents.turn import Meter, Prepared
from artel.agents.writer import AnswerWriter, Emit
from artel.bus.finish import checkpoint
from artel.bus.model import Answer, Fault, Held, LeaseLost, ModelUse, TaskFailed
from artel.events.types import ToolFinished, ToolStarted
from artel.kit.ids import IdMaker
from artel.kit.stored import stored_json
from artel.store.shards import Shards
from artel.tools.registry import ToolRegistry

MAX_REQUESTS = 20
"""Model calls of one turn: an agent that keeps calling tools is stopped here."""

_TOO_MANY = Fault("internal", f"The agent called tools {MAX_REQUESTS} times without coming to an answer.")
_BREAK = "\n\n"


@dataclass(frozen=True, slots=True)
class ToolTurns:
    """Runs turns whose agents have tools."""

    shards: Shards
    ids: IdMaker
    registry: ToolRegistry
    emit: Emit

    async def run(
        self,
        held: Held,
        prepared: Prepared,
        model: Model,
        messages: list[ModelMessage],
        meter: Meter,
        writer: AnswerWriter,
    ) -> Answer:
        """The whole turn; a task that was interrupted goes on from its last checkpoint, and pays for nothing twice."""
        config, allowance = prepared.config, prepared.allowance
        tools = [
            Tool(tool.run, name=tool.tool_id, description=tool.description)
            for tool in self.registry.chosen(config.enabled_tools)
        ]
        toolset = _KeptResults(FunctionToolset(tools), held, self.shards, self.emit)
        settings = config.model.settings.as_model_settings()
        agent = Agent(model, toolsets=[toolset], deps_type=NoneType, model_settings=settings)
        history = ModelMessagesTypeAdapter.validate_python(held.history) if held.history else messages
        for text in _texts(history[len(messages) :]):
            _Block(held, writer).write(text)
        async with agent.iter(message_history=history, deps=None) as run:
            async for node in run:
                if Agent.is_model_request_node(node):
                    _refuse_endless(run.all_messages())
                    allowance.check()
                    block = _Block(held, writer)
                    async with node.stream(run.ctx) as stream:
                        held.use_so_far = use_so_far = partial(_use_so_far, meter, stream, run)
                        async for event in allowance.watch(stream, use_so_far):
                            block.write(_text_of(event))
                elif Agent.is_call_tools_node(node):
                    writer.flush()
                    held.use_so_far = None
                    if node.model_response.tool_calls:
                        await self._keep(held, run.all_messages(), meter, allowance)
            spent = _spent(run.all_messages(), len(messages), meter)
        return Answer(writer.text, spent[-1], total=_sum(spent))

    async def _keep(self, held: Held, messages: list[ModelMessage], meter: Meter, allowance: Allowance) -> None:
        if held.history is not None and len(held.history) == len(messages):
            return  # we start from this very answer: it is kept, and paid for
        last = messages[-1]
        assert isinstance(last, ModelResponse)
        history = ModelMessagesTypeAdapter.dump_python(messages, mode="json")
        async with self.shards.user_tx(held.user_id) as tx:
            await checkpoint(tx, held, history, meter.use(last, messages[:-1]), self.ids.uuid())
            await allowance.refresh(tx)


def _use_so_far(meter: Meter, stream: AgentStream[None, str], run: AgentRun[None, str]) -> ModelUse:
    return meter.use(stream.response, run.all_messages())


def _spent(messages: Sequence[ModelMessage], first: int, meter: Meter) -> list[ModelUse]:
    """What each model answer of this turn used, those from before an interruption too."""
    return [
        meter.use(message, messages[:place])
        for place, message in enumerate(messages)
        if place >= first and isinstance(message, ModelResponse)
    ]


def _sum(uses: Sequence[ModelUse]) -> ModelUse:
    costs = [use.cost for use in uses if use.cost is not None]
    return replace(
        uses[-1],
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cost=sum(costs, Decimal(0)) if len(costs) == len(uses) else None,
        estimated=any(use.estimated for use in uses),
    )


class _Block:
    """One model answer among several of a turn: set apart from the text before it by a blank line."""

    def __init__(self, held: Held, writer: AnswerWriter) -> None:
        self._held = held
        self._writer = writer
        self._begun = False

    def write(self, text: str) -> None:
        if not text:
            return
        if not self._begun:
            self._begun = True
            text = _BREAK + text if self._held.text else text
        self._writer.write(text)


def _texts(messages: Sequence[ModelMessage]) -> list[str]:
    return [message.text for message in messages if isinstance(message, ModelResponse) and message.text]


def _text_of(event: object) -> str:
    # The first words of a part arrive in its start, not in a delta.
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


def _refuse_endless(messages: Sequence[ModelMessage]) -> None:
    calls = 0
    for message in reversed(messages):
        if isinstance(message, ModelResponse):
            if not message.tool_calls:
                break
            calls += 1
    if calls >= MAX_REQUESTS:
        raise TaskFailed(_TOO_MANY)


@dataclass
class _KeptResults(WrapperToolset[None]):
    """Writes each result down under its call's id: a task that starts again takes it from there."""

    held: Held
    shards: Shards
    emit: Emit

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[None], tool: ToolsetTool[None]
    ) -> Any:
        call_id = ctx.tool_call_id or name
        kept = await self._begin(call_id, name, tool_args)
        if kept is not None:
            return kept["value"]
        held = self.held
        self.emit(
            held.user_id,
            ToolStarted(**answer_place(held), tool_call_id=call_id, tool_id=name),
        )
        begun = time.monotonic()
        status: Literal["ok", "failed"] = "failed"
        try:
            value: Any = await super().call_tool(name, tool_args, ctx, tool)
            await self._keep(call_id, value)
            status = "ok"
            return value
        finally:
            self.emit(
                held.user_id,
                ToolFinished(
                    **answer_place(held),
                    tool_call_id=call_id,
                    tool_id=name,
                    status=status,
                    duration_ms=round((time.monotonic() - begun) * 1000),
                ),
            )

    async def _begin(self, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        async with self.shards.user_tx(self.held.user_id) as tx:
            held = self.held
            fence = (held.user_id, held.id, held.worker, held.epoch)
            row = await tx.fetchrow(_BEGIN, *fence, call_id, name, stored_json(arguments))
        if row is None:
            raise LeaseLost
        return row["result"]

    async def _keep(self, call_id: str, value: Any) -> None:
        held = self.held
        result = stored_json({"value": value}, default=str)
        async with self.shards.user_tx(held.user_id) as tx:
            await tx.execute(_KEEP, held.user_id, held.id, call_id, result)


_BEGIN = """
with mine as (
    select id from tasks where user_id = $1 and id = $2 and worker = $3 and epoch = $4 and status = 'running'
)
insert into tool_calls (user_id, task, call_id, tool_id, arguments)
select $1, id, $5, $6, $7::jsonb from mine
on conflict (user_id, task, call_id) do update set tool_id = excluded.tool_id
returning result
"""

_KEEP = """
update tool_calls set result = $4::jsonb, finished_at = now()
where user_id = $1 and task = $2 and call_id = $3 and result is null
"""
