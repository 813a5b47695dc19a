"""`ask_agent`: one agent gives work to another of its user's team, and waits for it as a row waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from artel.agents.handles import agent_id_of, handle_of
from artel.bus.delegation import Asked, CannotAsk, ask
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx
from artel.tools.tool import Arguments, Caller, Deferred, Outcome, Tool, ToolFailure, builtin

ASK_AGENT: Final = "ask_agent"
_ROLE_CHARS: Final = 160

_DESCRIPTION: Final = (
    "Asks another agent of the user's team to do a piece of work, and answers with what it says. The other agent sees "
    "nothing of this conversation: say everything it needs."
)


class AskArguments(Arguments):
    """Whom, and what."""

    agent: str = Field(min_length=1, max_length=100, description="The agent's handle, such as coder.")
    task: str = Field(min_length=1, max_length=20_000, description="What it is to do, complete in itself.")


@dataclass(frozen=True, slots=True)
class AskAgent:
    """The tool, as a source: its description names the team as it is now."""

    shards: Shards
    ids: IdMaker

    async def read(self, tx: UserTx, only: Collection[str] | None = None) -> Sequence[Tool]:
        """The tool for this user's team."""
        if only is not None and ASK_AGENT not in only:
            return []
        team = [_introduced(tx.user_id, row["agent_id"], row["config"]) for row in await tx.fetch(_TEAM, tx.user_id)]
        listed = "\n".join(["", "The team:", *team]) if team else ""
        # It spends: the user is asked unless they say otherwise.
        return [
            builtin(ASK_AGENT, "Ask an agent", _DESCRIPTION + listed, AskArguments, self._ask, policy="ask"),
        ]

    async def _ask(self, caller: Caller, wanted: AskArguments) -> Outcome:
        handle = wanted.agent.strip().removeprefix("@").lower()
        asked = Asked(
            parent=caller.task,
            call_id=caller.tool_call_id,
            agent_id=agent_id_of(caller.user_id, handle_of(caller.user_id, handle)),
            instruction=wanted.task,
            task=self.ids.uuid(),
            message_id=self.ids.uuid(),
        )
        try:
            async with self.shards.user_tx(caller.user_id) as tx:
                await ask(tx, asked)
        except CannotAsk as reason:
            raise ToolFailure(str(reason)) from reason
        # The asking task parks now, and whoever parks looks for what may run next.
        raise Deferred


def _introduced(user_id: int, agent_id: str, config: dict[str, Any]) -> str:
    role = " ".join(str(config.get("system_prompt", "")).split())[:_ROLE_CHARS]
    return f"- {handle_of(user_id, agent_id)} ({config.get('name', '')}): {role}"


_TEAM = """
select agent_id, config from user_agents where user_id = $1 and is_active and not is_orchestrator order by id limit 50
"""
