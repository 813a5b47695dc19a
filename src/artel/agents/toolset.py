"""An agent's tools as Pydantic AI sees them: every call goes over the desk, whose row says what becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import orjson
import structlog
from pydantic_ai import CallDeferred, RunContext
from pydantic_ai.messages import ToolReturn
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from artel.agents.pictures import Pictures
from artel.agents.places import answer_place
from artel.agents.tool_desk import ToolDesk
from artel.agents.writer import Emit
from artel.bus.model import LeaseLost, TaskFailed
from artel.bus.settle import outlast
from artel.events.types import ToolFinished, ToolStarted
from artel.store.shards import Shards
from artel.tools.tool import Caller, Deferred, Outcome, Tool, ToolFailure

MAX_RESULT_CHARS: Final = 60_000
"""Of one result that a model is given; about 15,000 tokens."""

_FAULT: Final = "The tool failed for a reason of its own. It was recorded; try another way."
_SLOW: Final = "The tool took longer than {seconds:.0f} seconds and was stopped."
_INTERRUPTED: Final = (
    "The server was interrupted while this tool was at work: it may or may not have done what was asked. Check before "
    "you call it again."
)

_ANYTHING = SchemaValidator(core_schema.any_schema())
_log = structlog.get_logger("artel.tools")

Ended = Literal["ok", "failed", "rejected"]
_ENDED: Final[Mapping[str, Ended]] = {"ok": "ok", "rejected": "rejected", "denied": "rejected", "expired": "rejected"}


@dataclass(frozen=True, slots=True)
class AgentToolset(AbstractToolset[None]):
    """The tools of one task."""

    desk: ToolDesk
    shards: Shards
    emit: Emit
    caller: Callable[[str], Caller]
    """Made for each call, by its id."""
    pictures: Pictures

    @property
    def id(self) -> str | None:
        """One per agent: it needs no name."""
        return None

    async def get_tools(self, ctx: RunContext[None]) -> dict[str, ToolsetTool[None]]:
        """What the model is told of."""
        del ctx
        return {tool.tool_id: self._described(tool) for tool in self.desk.tools.values()}

    def _described(self, tool: Tool) -> ToolsetTool[None]:
        definition = ToolDefinition(
            name=tool.tool_id, description=tool.description, parameters_json_schema=dict(tool.schema)
        )
        # Arguments are checked where the call is opened, so that a wrong one is a row like any other.
        return ToolsetTool(toolset=self, tool_def=definition, max_retries=3, args_validator=_ANYTHING)

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[None], tool: ToolsetTool[None]
    ) -> Any:
        """The result of a call, from its row or by carrying it out.

        Raises:
            CallDeferred: it waits.
        """
        del tool_args, tool
        call_id = self.desk.call_id(ctx.tool_call_id or name)
        row = await outlast(self.shards, self.desk.held.user_id, lambda tx: self.desk.begin(tx, call_id))
        if row.status == "waiting":
            raise CallDeferred
        if row.status not in ("open", "running"):
            self._tell_end(call_id, name, _ENDED.get(row.status or "", "failed"), row.milliseconds)
            return await self._for_model(row.result or {})
        known = self.desk.tools[name]
        if row.status == "running" and not known.repeatable:
            return await self._keep(call_id, "failed", {"error": _INTERRUPTED})
        return await self._carry_out(known, call_id, row.arguments)

    async def _carry_out(self, tool: Tool, call_id: str, arguments: dict[str, Any]) -> Any:
        held = self.desk.held
        started = ToolStarted(**answer_place(held), tool_call_id=call_id, tool_id=tool.tool_id, arguments=arguments)
        self.emit(held.user_id, started)
        begun = time.monotonic()
        status: Literal["ok", "failed"] = "failed"
        try:
            status, outcome = await self._outcome(tool, call_id, arguments)
            result = await self._keep(call_id, status, outcome.value, outcome.files)
        except CallDeferred:
            raise
        except BaseException:
            self._tell_end(call_id, tool.tool_id, "failed", _since(begun))
            raise
        self._tell_end(call_id, tool.tool_id, status, _since(begun))
        return result

    def _tell_end(self, call_id: str, tool_id: str, status: Ended, milliseconds: int) -> None:
        held = self.desk.held
        place = answer_place(held)
        self.emit(
            held.user_id,
            ToolFinished(**place, tool_call_id=call_id, tool_id=tool_id, status=status, duration_ms=milliseconds),
        )

    async def _outcome(
        self, tool: Tool, call_id: str, arguments: dict[str, Any]
    ) -> tuple[Literal["ok", "failed"], Outcome]:
        assert tool.run is not None, "a tool of the page waits, and is answered from its row"
        try:
            async with asyncio.timeout(tool.seconds):
                return "ok", await tool.run(self.caller(call_id), tool.check(arguments))
        except ToolFailure as failure:
            return "failed", Outcome({"error": str(failure)})
        except TimeoutError:
            return "failed", Outcome({"error": _SLOW.format(seconds=tool.seconds)})
        except Deferred as deferred:
            raise CallDeferred from deferred
        except (LeaseLost, TaskFailed):
            raise
        except Exception:
            _log.exception("tool failed", tool=tool.tool_id)
            return "failed", Outcome({"error": _FAULT})

    async def _keep(self, call_id: str, status: Literal["ok", "failed"], value: Any, files: Sequence[UUID] = ()) -> Any:
        value = _cut(value)
        user_id = self.desk.held.user_id
        await outlast(self.shards, user_id, lambda tx: self.desk.keep(tx, call_id, status, value, files))
        return await self._for_model({"value": value, "files": [str(file) for file in files]})

    async def _for_model(self, result: Mapping[str, Any]) -> Any:
        value: Any = result.get("value")
        files = [UUID(file) for file in result.get("files") or ()]
        pictures = await self.pictures(self.desk.held.user_id, files) if files else []
        return ToolReturn(return_value=value, content=pictures) if pictures else value


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _cut(value: Any) -> Any:
    """A result that a model can take in; a longer one is cut, and says so."""
    text = orjson.dumps(value, default=str).decode()
    if len(text) <= MAX_RESULT_CHARS:
        return value
    return {"cut": f"the first {MAX_RESULT_CHARS} of {len(text)} characters", "text": text[:MAX_RESULT_CHARS]}
