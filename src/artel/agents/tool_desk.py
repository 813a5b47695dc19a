"""The tool calls of one task as rows: opened with the answer that made them, carried out once, answered from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, TypeGuard
from uuid import UUID

import orjson
from pydantic_ai.messages import ModelResponse, ToolCallPart

from artel.agents.places import answer_place
from artel.approvals import manager as approvals
from artel.approvals.audit import POLICY, Decided, record
from artel.approvals.policy import Rules, read_rules
from artel.bus.model import Held, LeaseLost
from artel.events.types import ToolFinished, ToolRequest
from artel.kit.clock import Clock, utc_now
from artel.kit.ids import IdMaker
from artel.kit.stored import stored_json
from artel.store.tx import UserTx
from artel.tools.tool import BadArguments, Tool

CallStatus = Literal["open", "waiting", "running", "ok", "failed", "rejected", "denied", "expired", "cancelled"]

_DENIED: Final = "The user does not allow you to use this tool. Do without it, or tell the user what you would need."
_UNKNOWN: Final = "You have no tool of this name."
_UNREADABLE: Final = "The arguments are no JSON object."


@dataclass(frozen=True, slots=True)
class Row:
    """A call as it stands."""

    status: CallStatus | None
    """Before it was begun; None when there is no row."""
    arguments: dict[str, Any]
    """As its user may have changed them."""
    result: Mapping[str, Any] | None
    milliseconds: int = 0
    """From its beginning to its end, once it is over."""


@dataclass(slots=True)
class ToolDesk:
    """Of one task, while this process holds it."""

    held: Held
    tools: Mapping[str, Tool]
    """Those the agent has, by id."""
    ids: IdMaker
    clock: Clock = utc_now
    round: int = field(default=0, init=False)
    """Model answers so far: some servers give every answer's calls the same ids."""

    def call_id(self, tool_call_id: str) -> str:
        """The name a call has here: unique in its task."""
        return f"{self.round}.{tool_call_id}"

    def turn_to(self, answers: int) -> None:
        """Goes on to the calls of the model's answer of this number."""
        self.round = answers

    async def open_calls(self, tx: UserTx, answer: ModelResponse) -> list[ToolRequest | ToolFinished]:
        """Writes down what happens to each call of an answer, and asks where that is the user's to say.

        In the transaction that keeps the answer. What is written already stays; what was stopped with its task is
        opened anew. Answers the questions and what was refused at once, to be told once this is committed.
        """
        held = self.held
        calls = {self.call_id(call.tool_call_id): call for call in answer.tool_calls}
        rules = await read_rules(tx, held.agent_id, held.session_id)
        known = await tx.fetch(_KNOWN, held.user_id, held.id, list(calls))
        gone = [row["call_id"] for row in known if row["status"] == "open" and row["tool_id"] not in self.tools]
        if gone:
            await tx.execute(_GONE, held.user_id, held.id, gone, stored_json({"value": {"error": _UNKNOWN}}))
        settled = {row["call_id"] for row in known}
        told: list[ToolRequest | ToolFinished] = []
        for place, (call_id, call) in enumerate(calls.items()):
            if call_id not in settled:
                told += await self._open(tx, rules, place, call_id, call)
        return told

    async def _open(
        self, tx: UserTx, rules: Rules, place: int, call_id: str, call: ToolCallPart
    ) -> Iterable[ToolRequest | ToolFinished]:
        held = self.held
        tool = self.tools.get(call.tool_name)
        arguments, problem = _read(call, tool)
        status: CallStatus = "open"
        policy = rules.decide(tool.tool_id, tool.policy) if tool else "deny"
        if problem is not None:
            status = "failed"
        elif policy == "deny":
            status, problem = "denied", _DENIED
        elif policy == "ask" or (tool is not None and tool.run is None):
            status = "waiting"
        approval_id = self.ids.uuid() if status == "waiting" else None
        result = None if problem is None else stored_json({"value": {"error": problem}})
        fields = (call_id, call.tool_name, stored_json(arguments), result, held.message_id, held.agent_id)
        await tx.execute(_OPEN, held.user_id, held.id, *fields, status, place, approval_id)
        if status == "denied":
            await self._audit(tx, call.tool_name, arguments)
        if status in ("failed", "denied"):
            return [self._refused(call_id, call.tool_name, "failed" if status == "failed" else "rejected")]
        if tool is None or approval_id is None:
            return []
        # A tool of the page waits for the page in any case; whether its user was asked before is told along.
        remembered = policy == "allow"
        return [await self._ask(tx, rules, tool, approval_id, call_id, arguments, remembered=remembered)]

    def _refused(self, call_id: str, tool_id: str, status: Literal["failed", "rejected"]) -> ToolFinished:
        return ToolFinished(
            **answer_place(self.held), tool_call_id=call_id, tool_id=tool_id, status=status, duration_ms=0
        )

    async def _audit(self, tx: UserTx, tool_id: str, arguments: dict[str, Any]) -> None:
        held = self.held
        decided = Decided("denied", POLICY, held.session_id, held.run_id, held.agent_id, tool_id, arguments=arguments)
        await record(tx, self.ids.uuid(), decided)

    async def _ask(
        self, tx: UserTx, rules: Rules, tool: Tool, approval_id: UUID, call_id: str, arguments: dict[str, Any],
        *, remembered: bool,
    ) -> ToolRequest:  # fmt: skip
        held = self.held
        expires_at = self.clock() + timedelta(hours=rules.approval_hours)
        await approvals.ask_for_tool(
            tx,
            approvals.ToolQuestion(
                approval_id=approval_id,
                session_id=held.session_id,
                run_id=held.run_id,
                task=held.id,
                call_id=call_id,
                expires_at=expires_at,
                request={
                    "tool_id": tool.tool_id,
                    "label": tool.label,
                    "kind": tool.kind,
                    "agent_id": held.agent_id,
                    "arguments": arguments,
                    "schema": dict(tool.schema),
                    "message_id": str(held.message_id),
                    "task_id": held.task_id,
                    "remembered": remembered,
                },
            ),
        )
        return ToolRequest(
            session_id=held.session_id,
            run_id=held.run_id,
            approval_id=approval_id,
            tool_id=tool.tool_id,
            agent_id=held.agent_id,
            arguments=arguments,
            kind=tool.kind,
            tool_call_id=call_id,
            message_id=held.message_id,
            task_id=held.task_id,
            remembered=remembered,
            expires_at=expires_at.isoformat(),
        )

    async def begin(self, tx: UserTx, call_id: str) -> Row:
        """Begins an open call, and answers how it stood before.

        Raises:
            LeaseLost: the task is no longer held.
        """
        held = self.held
        row = await tx.fetchrow(_BEGIN, held.user_id, held.id, held.worker, held.epoch, call_id)
        if row is None:
            raise LeaseLost
        return Row(row["status"], row["arguments"] or {}, row["result"], row["milliseconds"] or 0)

    async def keep(
        self, tx: UserTx, call_id: str, status: Literal["ok", "failed"], value: Any, files: Sequence[UUID] = ()
    ) -> None:
        """Keeps the result of a call that was begun; a later one changes nothing."""
        held = self.held
        result = stored_json({"value": value, "files": [str(file) for file in files]}, default=str)
        await tx.execute(_KEEP, held.user_id, held.id, call_id, status, result)


def _read(call: ToolCallPart, tool: Tool | None) -> tuple[dict[str, Any], str | None]:
    """The arguments of a call, and what is wrong with it in words for the model."""
    arguments: object = call.args or {}
    if isinstance(arguments, str):
        try:
            arguments = orjson.loads(arguments)
        except ValueError:
            arguments = None
    if not _is_object(arguments):
        return {}, _UNREADABLE
    if tool is None:
        return arguments, _UNKNOWN
    try:
        tool.check(arguments)
    except BadArguments as error:
        wrong = "; ".join(f"{problem.field.removeprefix('edited.')}: {problem.message}" for problem in error.fields)
        return arguments, f"These arguments do not fit: {wrong or error.detail}"
    return arguments, None


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


# What was stopped with its task is opened anew when that is tried again.
_KNOWN = """
with stopped as (
    delete from tool_calls where user_id = $1 and task = $2 and status = 'cancelled' and call_id = any($3::text[])
    returning call_id
)
select call_id, status, tool_id from tool_calls where user_id = $1 and task = $2 and call_id = any($3::text[])
    and call_id not in (select call_id from stopped)
"""

# The agent lost the tool while the call waited.
_GONE = """
update tool_calls set status = 'failed', result = $4::jsonb, finished_at = now()
where user_id = $1 and task = $2 and call_id = any($3::text[]) and status = 'open'
"""

_OPEN = """
insert into tool_calls (
    user_id, task, call_id, tool_id, arguments, result, message_id, agent_id, status, place, approval_id, finished_at
)
values (
    $1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10, $11, case when $9 in ('failed', 'denied') then now() end
)
"""

_BEGIN = """
with mine as (
    select id from tasks where user_id = $1 and id = $2 and worker = $3 and epoch = $4 and status = 'running'
), before as (
    select status, arguments, result, extract(epoch from finished_at - started_at) * 1000 as milliseconds
    from tool_calls where user_id = $1 and task = $2 and call_id = $5
), begun as (
    update tool_calls set status = 'running', started_at = now() from mine
    where tool_calls.user_id = $1 and tool_calls.task = mine.id and tool_calls.call_id = $5 and status = 'open'
)
select before.status, before.arguments, before.result, before.milliseconds::bigint from mine left join before on true
"""

_KEEP = """
update tool_calls set status = $4, result = $5::jsonb, finished_at = now()
where user_id = $1 and task = $2 and call_id = $3 and status in ('open', 'running')
"""
