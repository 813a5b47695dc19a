"""The only builder of spaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from artel.accounts.provider_keys import ProviderKeys
from artel.accounts.spending import Spending
from artel.agents.consent import Consent
from artel.agents.roster import Roster
from artel.approvals.manager import OnAnswer, unheard
from artel.bus.bus import Bus
from artel.bus.model import Mode
from artel.chat.history import History
from artel.chat.runs import Runs
from artel.chat.sessions import Sessions
from artel.events.hub import Hub
from artel.events.log import EventLog
from artel.events.types import Event
from artel.files.library import Files, ReadText
from artel.files.store import Limits
from artel.kit.clock import Clock, utc_now
from artel.kit.ids import IdMaker
from artel.llm.pool import ModelPool
from artel.memory.memories import Memories
from artel.memory.profile import Profiles
from artel.orchestrator.decisions import Decisions
from artel.orchestrator.dry_run import DryRun
from artel.orchestrator.prices import PriceReader
from artel.orchestrator.proposal import Proposals
from artel.orchestrator.settings import OrchestratorSettings
from artel.space.mcp import UserMcpServers
from artel.space.memory import SharedMemory, UserMemory
from artel.space.models import UserModels
from artel.space.orchestrator import UserOrchestrator
from artel.space.retention import Retention, Terms
from artel.space.space import UserWorkerSpace
from artel.space.tools import UserTools
from artel.store.shards import Shards
from artel.tools.mcp.servers import McpServers
from artel.tools.mcp.sign_in import McpSignIns
from artel.tools.registry import Toolbox


@dataclass(frozen=True, slots=True)
class SpaceFactory:
    """What all spaces of a process share."""

    shards: Shards
    ids: IdMaker
    bus: Bus
    hub: Hub
    log: EventLog
    emit: Callable[[int, Event], None]
    pool: ModelPool
    provider_keys: ProviderKeys
    prices: PriceReader
    proposals: Proposals
    dry_run: DryRun
    toolbox: Toolbox
    file_limits: Limits
    read_text: ReadText
    mcp_servers: McpServers
    mcp_sign_ins: McpSignIns
    memory: SharedMemory
    about_to_ask: Callable[[int, str], None]
    retention_bounds: Terms = Terms()  # noqa: RUF009  # frozen
    on_sent: Callable[[Mode], None] = lambda mode: None
    on_answer: OnAnswer = unheard
    clock: Clock = utc_now

    def build(self, user_id: int) -> UserWorkerSpace:
        """The space of one user: every part of it is bound to that user and can reach nobody else's data."""
        roster = Roster(user_id, self.shards, self.ids)
        models = UserModels(user_id, self.shards, self.pool, self.provider_keys)
        return UserWorkerSpace(
            user_id=user_id,
            roster=roster,
            sessions=Sessions(user_id, self.shards, self.ids),
            history=History(user_id, self.shards, self.log),
            runs=Runs(user_id, self.shards),
            orchestrator=UserOrchestrator(OrchestratorSettings(user_id, self.shards), roster, models.default),
            plans=Decisions(user_id, self.shards, self.prices, self.proposals, self.bus.wake, self.on_answer),
            consent=self.consent(user_id),
            tools=UserTools(user_id, self.shards, self.toolbox),
            files=Files(user_id, self.shards, self.ids, self.file_limits, self.read_text),
            mcp=UserMcpServers(user_id, self.mcp_servers, self.mcp_sign_ins),
            memory=self._memory(user_id),
            rehearse=self.dry_run,
            models=models,
            usage=Spending(user_id, self.shards, self.clock),
            retention=Retention(user_id, self.shards, self.retention_bounds),
            bus=self.bus,
            hub=self.hub,
            emit=self.emit,
            about_to_ask=self.about_to_ask,
            on_sent=self.on_sent,
        )

    def _memory(self, user_id: int) -> UserMemory:
        memories, profiles = Memories(user_id, self.shards, self.ids), Profiles(user_id, self.shards)
        return UserMemory(user_id, memories, profiles, self.memory, self.emit)

    def consent(self, user_id: int) -> Consent:
        """What a user says about tool calls; the sweep of what waited too long needs no more of a space."""
        return Consent(
            user_id, self.shards, self.ids, self.toolbox, self.file_limits, self.emit, self.bus.wake, self.on_answer
        )
