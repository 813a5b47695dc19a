"""Who can be given work in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from artel.agents.config import AgentConfig
from artel.agents.handles import handle_of
from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.prompts import Member
from artel.orchestrator.settings import read_settings
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Team:
    """The active agents of a user, the orchestrator among them, and how it plans."""

    settings: OrchestratorConfig
    members: Sequence[Member]

    @property
    def has_agents(self) -> bool:
        """There is somebody besides the orchestrator."""
        return any(not member.is_orchestrator for member in self.members)

    @property
    def by_handle(self) -> Mapping[str, Member]:
        """The members by handle."""
        return {member.handle: member for member in self.members}

    @property
    def limits(self) -> Mapping[str, int]:
        """How many tasks each works on at once, by handle."""
        return {member.handle: member.config.concurrency_limit for member in self.members}


async def read_team(tx: UserTx) -> Team:
    """As it is now."""
    settings = await read_settings(tx)
    rows = await tx.fetch(_ACTIVE, tx.user_id)
    members = [
        Member(row["agent_id"], handle_of(tx.user_id, row["agent_id"]), AgentConfig.model_validate(row["config"]))
        for row in rows
    ]
    return Team(settings, members)


_ACTIVE = "select agent_id, config from user_agents where user_id = $1 and is_active order by id"
