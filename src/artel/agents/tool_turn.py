"""A turn with tools: Pydantic AI's agent loop, checkpointed after each model answer, each tool result kept once.

A call that waits for its user ends the loop and parks the task. When it is seated again, here or elsewhere, the loop
begins at the last model answer, and the desk answers its calls from their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from types import NoneType
from typing import Any
from uuid import UUID

from pydantic_ai import Agent, DeferredToolRequests, ModelMessagesTypeAdapter
from pydantic_ai.messages import (
    BinaryContent,
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

from artel.agents.allowance import Allowance
from artel.agents.pictures import Pictures, refilled, shelved
from artel.agents.tool_desk import ToolDesk
from artel.agents.toolset import AgentToolset
from artel.agents.turn import Meter, Prepared
from artel.agents.writer import AnswerWriter, Emit
from artel.bus.finish import checkpoint
from artel.bus.model import Answer, Fault, Held, ModelUse, Parked, TaskFailed
from artel.bus.settle import outlast
from artel.events.types import Event, Resync
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx
from artel.tools.tool import Caller

MAX_REQUESTS = 20
"""Model calls of one turn: an agent that keeps calling tools is stopped here."""

_TOO_MANY = Fault("internal", f"The agent called tools {MAX_REQUESTS} times without coming to an answer.")
_BREAK = "\n\n"


@dataclass(frozen=True, slots=True)
class ToolTurns:
    """Runs turns whose agents have tools."""

    shards: Shards
    ids: IdMaker
    emit: Emit
    pictures: Pictures

    async def run(
        self,
        held: Held,
        prepared: Prepared,
        model: Model,
        messages: list[ModelMessage],
        meter: Meter,
        writer: AnswerWriter,
    ) -> Answer | Parked:
        """The whole turn; a task that was interrupted goes on from its last checkpoint, and pays for nothing twice."""
        config, allowance = prepared.config, prepared.allowance
        desk = ToolDesk(held, {tool.tool_id: tool for tool in prepared.tools}, self.ids)
        pictures = self.pictures if config.can_see else _no_pictures
        toolset = AgentToolset(desk, self.shards, self.emit, partial(_caller, held, prepared), pictures)
        settings = config.model.settings.as_model_settings()
        agent = Agent(
            model,
            toolsets=[toolset],
            deps_type=NoneType,
            output_type=[str, DeferredToolRequests],
            model_settings=settings,
        )
        kept = await _Kept.of(held, messages, pictures)
        history, first, held.recalled = kept.messages, kept.own_from, kept.recalled
        for text in _texts(history[first:]):
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
                        kept = _Kept(run.all_messages(), first, held.recalled)
                        await self._keep(held, desk, kept, meter, allowance)
            if run.result is not None and isinstance(run.result.output, DeferredToolRequests):
                return Parked(writer.text)
            spent = _spent(run.all_messages(), first, meter)
        return Answer(writer.text, spent[-1], total=_sum(spent))

    async def _keep(self, held: Held, desk: ToolDesk, kept: _Kept, meter: Meter, allowance: Allowance) -> None:
        """Keeps an answer that calls tools, with a row for each call; then tells what is asked and what was refused."""
        messages = kept.messages
        last = messages[-1]
        assert isinstance(last, ModelResponse)
        desk.turn_to(sum(isinstance(message, ModelResponse) for message in messages[kept.own_from :]))
        # We may start from this very answer: it is kept, and paid for, and only what was stopped is opened anew.
        is_kept = held.history is not None and len(held.history["messages"]) == len(messages)
        use_id, tries = self.ids.uuid(), 0

        async def write(tx: UserTx) -> Sequence[Event]:
            nonlocal tries
            tries += 1
            if not is_kept:
                await checkpoint(tx, held, kept.as_json(), meter.use(last, messages[:-1]), use_id)
                await allowance.refresh(tx)
            return await desk.open_calls(tx, last)

        told = await outlast(self.shards, held.user_id, write)
        if tries > 1:
            # An earlier try may have been committed all the same: then its questions are there, and nobody was told.
            self.emit(held.user_id, Resync(reason="lost"))
        for event in told:
            self.emit(held.user_id, event)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A turn as it is kept: the conversation as it was when the turn began, and from `own_from` on what the turn added.
    While it waits, for days perhaps, the conversation may grow before it: an older answer comes to its end."""

    messages: list[ModelMessage]
    own_from: int
    recalled: list[dict[str, Any]] | None
    """What the model was told of memory, as it is kept with the answer."""

    @classmethod
    async def of(cls, held: Held, conversation: list[ModelMessage], pictures: Pictures) -> _Kept:
        if held.history is None:
            return cls(conversation, len(conversation), held.recalled)
        messages = ModelMessagesTypeAdapter.validate_python(held.history["messages"])
        return cls(
            await refilled(messages, held.user_id, pictures), held.history["own_from"], held.history.get("recalled")
        )

    def as_json(self) -> dict[str, Any]:
        messages = ModelMessagesTypeAdapter.dump_python(shelved(self.messages), mode="json")
        return {"own_from": self.own_from, "messages": messages, "recalled": self.recalled}


async def _no_pictures(user_id: int, files: Sequence[UUID]) -> list[BinaryContent]:
    del user_id, files
    return []


def _caller(held: Held, prepared: Prepared, call_id: str) -> Caller:
    return Caller(
        user_id=held.user_id,
        agent_id=held.agent_id,
        session_id=held.session_id,
        run_id=held.run_id,
        task=held.id,
        tool_call_id=call_id,
        locale=prepared.locale,
        is_admin=prepared.is_admin,
    )


_Output = str | DeferredToolRequests


def _use_so_far(meter: Meter, stream: AgentStream[None, _Output], run: AgentRun[None, _Output]) -> ModelUse:
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
