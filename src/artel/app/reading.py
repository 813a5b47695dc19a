"""The reading of chats in the background: who reads, with which model, and how the loop looks for what is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from artel.agents.config import ModelChoice
from artel.agents.handles import ORCHESTRATOR, agent_id_of
from artel.agents.reading.facts import FindFacts
from artel.agents.reading.learning import newest_facts
from artel.agents.reading.mind import Mind
from artel.agents.reading.reader import Reader
from artel.agents.runner import AgentRunner
from artel.agents.writer import Emit
from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.kit.ids import IdMaker
from artel.llm.providers import DEMO
from artel.memory.context import ContextUnavailable
from artel.memory.finder import Finder, Sought
from artel.memory.views import MemoryView
from artel.orchestrator.settings import read_settings
from artel.space.models import UserModels
from artel.store.shards import Shards

_EVERY_SECONDS = 15.0
_USERS_A_LOOK = 200
_AT_ONCE = 3
"""Users who are read at the same time in one process: it is never urgent, and their own questions go first."""
_FIND = text("select users_with_unread_chats(:at_most)")

_log = structlog.get_logger(__name__)


class Reading(Recurring):
    """The look at every shard, now and then. Every process looks; a lease lets only one of them read each user."""

    def __init__(self, shards: Shards, read: Callable[[int], Awaitable[None]], every: float = _EVERY_SECONDS) -> None:
        """read: reads what is due of this user. every: seconds."""
        super().__init__("reading", every)
        self._shards = shards
        self._read = read

    async def turn(self) -> None:
        """Looks once; what a shard that does not answer holds waits for the next look."""
        for shard in self._shards.by_name:
            try:
                async with self._shards.shard_system_tx(shard) as session:
                    users = (await session.scalars(_FIND, {"at_most": _USERS_A_LOOK})).all()
            except ArtelError as error:
                _log.warning("unread_chats_not_found", shard=shard, error=error.slug)
                continue
            seats = asyncio.Semaphore(_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for user_id in users:
                    group.create_task(self._read_one(user_id, seats))

    async def _read_one(self, user_id: int, seats: asyncio.Semaphore) -> None:
        async with seats:
            try:
                await self._read(user_id)
            except Exception:
                # One user's chats must not keep the others' from being read. Nobody looks at them again for an hour.
                _log.exception("reading_failed", user_id=user_id)


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
) -> AsyncGenerator[Reading]:
    """Reads until the end. finder: of memory, None without one."""
    find = facts_by_meaning(shards, finder) if finder else facts_by_age(shards)
    reading = Reading(shards, Reader(shards, ids, Minds(shards, agents).open, find, emit).read)
    reading.start()
    try:
        yield reading
    finally:
        await reading.aclose()
