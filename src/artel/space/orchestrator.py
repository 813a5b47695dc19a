"""A user's orchestrator and the row under which the bus seats its work."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from artel.agents.config import ModelChoice
from artel.agents.roster import Roster
from artel.llm.refs import ModelRef
from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.settings import OrchestratorSettings

_FRESH_SECONDS = 30.0


class UserOrchestrator:
    """Keeps the row in step with the configuration and with the default model it may follow.

    The row is looked at again after half a minute, since the default changes when a provider is connected.
    """

    def __init__(
        self,
        settings: OrchestratorSettings,
        roster: Roster,
        default_model: Callable[[], Awaitable[ModelRef]],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._roster = roster
        self._default_model = default_model
        self._timer = timer
        self._agent_id = ""
        self._fresh_until = 0.0

    async def get(self) -> OrchestratorConfig:
        """The configuration in force."""
        return await self._settings.get()

    async def put(self, config: OrchestratorConfig) -> None:
        """Stores the configuration; the next answer follows it."""
        await self._settings.put(config)
        await self._make(config)

    async def agent_id(self) -> str:
        """The orchestrator's own agent id; its row is made when it is first needed."""
        if self._timer() < self._fresh_until:
            return self._agent_id
        return await self._make(await self._settings.get())

    async def _make(self, config: OrchestratorConfig) -> str:
        default = await self._default_model()
        choice = ModelChoice(provider=default.provider, name=default.name)
        self._agent_id = await self._roster.put_orchestrator(config.as_agent(choice))
        self._fresh_until = self._timer() + _FRESH_SECONDS
        return self._agent_id
