"""The reading of chats in the background: who reads, with which model, and how the loop looks for what is due."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from artel.agents.config import ModelChoice
from artel.agents.handles import ORCHESTRATOR, agent_id_of
from artel.agents.reading.facts import FindFacts
from artel.agents.reading.learning import newest_facts
from artel.agents.reading.mind import Mind
from artel.agents.reading.reader import Reader
from artel.agents.runner import AgentRunner
from artel.agents.writer import Emit
from artel.kit.ids import IdMaker
from artel.llm.providers import DEMO
from artel.memory.context import ContextUnavailable
from artel.memory.finder import Finder, Sought
from artel.memory.views import MemoryView
from artel.orchestrator.settings import read_settings
from artel.space.models import UserModels
from artel.store.shards import Shards
from artel.store.sweeps import UserSweep

_EVERY_SECONDS = 15.0
_AT_ONCE = 3
"""Users who are read at the same time in one process: it is never urgent, and their own questions go first."""
_FIND = "select users_with_unread_chats(:at_most)"


def reading_sweep(shards: Shards, read: Callable[[int], Awaitable[None]], every: float = _EVERY_SECONDS) -> UserSweep:
    """Every process looks; a lease lets only one of them read each user. read: reads what is due of this user; when it
    fails, nobody looks at that user again for an hour. every: seconds."""
    return UserSweep("reading", shards, _FIND, read, every=every, at_once=_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Minds:
    """Opens the model that reads for a user: their orchestrator's."""

    shards: Shards
    agents: AgentRunner

    async def open(self, user_id: int) -> Mind | None:
        """None when it is the demo model, which does not read.

        Raises:
            ModelError, UnreadableSecret: it cannot be opened.
        """
        default = await UserModels(user_id, self.shards, self.agents.pool, self.agents.keys).default()
        async with self.shards.user_tx(user_id) as tx:
            settings = await read_settings(tx)
            config = settings.as_agent(ModelChoice(provider=default.provider, name=default.name))
            if config.model.provider == DEMO:
                return None
            prepared = await self.agents.prepare_to_say(tx, config, [])
        model, meter = self.agents.open(user_id, prepared)
        return Mind(
            agent_id=agent_id_of(user_id, ORCHESTRATOR),
            model=model,
            settings=config.model.settings.as_model_settings(),
            allowance=prepared.allowance,
            use=meter.use,
        )


def facts_by_age(shards: Shards) -> FindFacts:
    """Where nothing is found by meaning: the facts that were told last."""

    async def find(user_id: int, _: str, number: int) -> list[MemoryView]:
        async with shards.user_tx(user_id) as tx:
            return await newest_facts(tx, number)

    return find


def facts_by_meaning(shards: Shards, finder: Finder) -> FindFacts:
    """The nearest facts; those that were told last while nothing can be found."""
    by_age = facts_by_age(shards)

    async def find(user_id: int, about: str, number: int) -> list[MemoryView]:
        try:
            found = await finder.find(user_id, about, Sought(kind="fact"), number)
        except ContextUnavailable:
            return await by_age(user_id, about, number)
        return [each.memory for each in found]

    return find


@asynccontextmanager
async def open_reading(
    shards: Shards, ids: IdMaker, agents: AgentRunner, emit: Emit, finder: Finder | None
) -> AsyncGenerator[UserSweep]:
    """Reads until the end. finder: of memory, None without one."""
    find = facts_by_meaning(shards, finder) if finder else facts_by_age(shards)
    reading = reading_sweep(shards, Reader(shards, ids, Minds(shards, agents).open, find, emit).read)
    reading.start()
    try:
        yield reading
    finally:
        await reading.aclose()
