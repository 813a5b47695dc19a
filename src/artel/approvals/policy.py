"""Who may use what: the only place that decides whether a tool call goes ahead, waits for its user, or is refused.

Everything it looks at is written by the user or the installation; nothing a model, a tool's answer or a file says
comes here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from artel.store.tx import UserTx

Policy = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What one agent may do in one chat, as the user has said by now."""

    own: Mapping[str, Policy]
    """What the agent's configuration says of a tool."""
    granted: Collection[str]
    """Tools that were allowed for this chat."""
    enabled: Collection[str]
    """Tools the agent has."""
    approval_hours: int
    """How long a question waits for its answer."""

    def decide(self, tool_id: str, default: Policy) -> Policy:
        """What happens to a call. A denial in the configuration is stronger than a grant for the chat."""
        if tool_id not in self.enabled:
            return "deny"
        own = self.own.get(tool_id)
        if own == "deny" or (own is None and default == "deny"):
            return "deny"
        return "allow" if tool_id in self.granted else (own or default)


DEFAULT_APPROVAL_HOURS = 168


async def read_rules(tx: UserTx, agent_id: str, session_id: int) -> Rules:
    """As they stand in this transaction; an agent that is gone may do nothing."""
    row = await tx.fetchrow(_READ, tx.user_id, agent_id, session_id)
    config: Mapping[str, Any] = (row["config"] if row else None) or {}
    tools = [tool for tool in config.get("tools", ()) if tool.get("enabled", True)]
    return Rules(
        own={tool["tool_id"]: tool["policy"] for tool in tools if tool.get("policy")},
        granted=frozenset((row["granted"] if row else None) or ()),
        enabled=frozenset(tool["tool_id"] for tool in tools),
        approval_hours=config.get("approval_hours") or DEFAULT_APPROVAL_HOURS,
    )


async def grant_for_session(tx: UserTx, agent_id: str, session_id: int, tool_id: str) -> None:
    """Allows a tool for the rest of a chat."""
    await tx.execute(_GRANT, tx.user_id, session_id, agent_id, tool_id)


async def grant_always(tx: UserTx, agent_id: str, tool_id: str) -> None:
    """Allows a tool in the agent's own configuration, where its user sees it and takes it back."""
    await tx.execute(_GRANT_ALWAYS, tx.user_id, agent_id, tool_id)


async def withdraw(tx: UserTx, changed: Collection[str], gone: Collection[str]) -> None:
    """Takes back what was allowed to tools that are not what they were; those that are gone, from the agents too.

    A tool that comes back under the same id is then asked about like a new one.
    """
    ids = [*changed, *gone]
    if ids:
        await tx.execute(_WITHDRAW_GRANTS, tx.user_id, ids)
        await tx.execute(_WITHDRAW, tx.user_id, ids, list(gone))


_READ = """
select config, (
    select array_agg(tool_id) from tool_grants
    where tool_grants.user_id = $1 and tool_grants.session_id = $3 and tool_grants.agent_id = $2
) as granted
from user_agents where user_id = $1 and agent_id = $2
"""

_GRANT = """
insert into tool_grants (user_id, session_id, agent_id, tool_id) values ($1, $2, $3, $4) on conflict do nothing
"""

_GRANT_ALWAYS = """
update user_agents set updated_at = now(), config = jsonb_set(config, '{tools}', (
    select coalesce(jsonb_agg(
        case when tool->>'tool_id' = $3 then tool || '{"policy": "allow"}' else tool end order by place
    ), '[]')
    from jsonb_array_elements(config->'tools') with ordinality listed (tool, place)
))
where user_id = $1 and agent_id = $2
"""

_WITHDRAW_GRANTS = "delete from tool_grants where user_id = $1 and tool_id = any($2)"

_WITHDRAW = """
update user_agents set updated_at = now(), config = jsonb_set(config, '{tools}', (
    select coalesce(jsonb_agg(
        case when tool->>'tool_id' = any($2) and tool->>'policy' = 'allow' then tool - 'policy' else tool end
        order by place
    ), '[]')
    from jsonb_array_elements(config->'tools') with ordinality listed (tool, place)
    where not tool->>'tool_id' = any($3)
))
where user_id = $1 and exists (
    select from jsonb_array_elements(config->'tools') tool where tool->>'tool_id' = any($2)
)
"""
