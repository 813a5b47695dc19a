"""Tool calls of the isolation suite's victim: one that waits, and others that were agreed to, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from artel.app.house import House
from artel.events.types import Event, RunCompleted, ToolRequest
from tests.support.isolation_http import Caller
from tests.support.tool_scripts import calling


@dataclass
class ToolUse:
    """What became of it."""

    agent: str
    chat: str
    runs: dict[str, str] = field(default_factory=dict[str, str])
    approvals: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class ToolUser:
    """Makes an agent of the caller's call tools."""

    house: House
    caller: Caller
    word: Callable[[], str]
    """A canary, each time another."""

    async def use(self, agent: str) -> ToolUse:
        """With an agent that asks before it looks at the clock, may ask others, and whose user has a browser."""
        chat = str((await self.caller.ok("POST", "/my/chat/sessions/", {"title": f"Tools {self.word()}"}))["id"])
        used = ToolUse(agent, chat)
        await self._decided(used, "that was agreed to", "confirm", {"edited": self._time(), "remember": "session"})
        await self._decided(used, "that was refused", "reject", {"reason": f"Because of {self.word()}"}, "clipboard")
        await self._decided(used, "of the page", "confirm", {"result": {"text": self.word()}}, "clipboard")
        await self._asked(used, "that waits", "clipboard")
        return used

    def _time(self) -> dict[str, str]:
        return {"timezone": self.word()}

    async def _asked(self, used: ToolUse, what: str, tool: str) -> str:
        arguments = self._time() if tool == "current_time" else {"action": "read", "reason": self.word()}
        body = {
            "content": calling([self.word(), (tool, arguments)], text=f"Use it for {self.word()}"),
            "target_agent": used.agent,
        }
        async with self.house.hub.waiter(self.caller.user_id, _is(ToolRequest)) as waiter:
            run = (await self.caller.ok("POST", f"/my/chat/{used.chat}/message/", body))["run_id"]
            asked = await waiter.result(20)
        assert isinstance(asked, ToolRequest)
        used.runs[f"a tool call {what}"] = run
        used.approvals[f"a tool call {what}"] = str(asked.approval_id)
        return run

    async def _decided(
        self, used: ToolUse, what: str, answer: str, body: dict[str, Any], tool: str = "current_time"
    ) -> None:
        run = await self._asked(used, what, tool)

        def is_over(event: Event) -> bool:
            return isinstance(event, RunCompleted) and str(event.run_id) == run

        async with self.house.hub.waiter(self.caller.user_id, is_over) as waiter:
            await self.caller.ok("POST", f"/my/tools/{used.approvals[f'a tool call {what}']}/{answer}/", body)
            assert await waiter.result(20) is not None


def _is(kind: type[Event]) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, kind)
