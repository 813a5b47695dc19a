"""One visit to a user's chats: what is due is read, one question to the model at a time, until nothing is, or nothing
can be done for now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from artel.agents.allowance import BudgetExceeded
from artel.agents.reading.due import DueChat, next_due
from artel.agents.reading.facts import MAX_FACTS, Fact, FindFacts, learn, nearest
from artel.agents.reading.learning import (
    Unread,
    are_worth_reading,
    newest_facts,
    read_new,
    skip_unread,
    write_facts,
)
from artel.agents.reading.lease import Lease, ReaderLost
from artel.agents.reading.mind import Asker, Mind, OpenMind
from artel.agents.reading.summaries import find_block, sum_up, write_summary
from artel.agents.writer import Emit
from artel.bus.finish import charge
from artel.bus.model import ModelUse
from artel.bus.settle import settle
from artel.events.types import MemoryChanged
from artel.kit.errors import ArtelError
from artel.kit.ids import IdMaker
from artel.kit.secrets import UnreadableSecret
from artel.llm.errors import ModelError
from artel.memory.views import MemoryView
from artel.store.shards import Shards

VISIT_SECONDS: Final = 60.0
"""After them nothing more is begun: others have their turn, and what is left is due at the next look."""
SOON: Final = 300.0
"""Seconds until the next visit after something that passes by itself."""
LATER: Final = 3600.0
"""After what only its user can change: there is no model, its key is refused, the budget is spent."""

_log = structlog.get_logger(__name__)


class NoMind(Exception):
    """The user has no model but the demo, which does not read."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads any user's chats."""

    shards: Shards
    ids: IdMaker
    open_mind: OpenMind
    find_facts: FindFacts
    emit: Emit
    timer: Callable[[], float] = time.monotonic
    """Seconds."""

    async def read(self, user_id: int) -> None:
        """Visits a user; nothing happens where another process does, or it is too early after the last visit."""
        lease = Lease(self.shards, user_id, str(self.ids.uuid()))
        if not await lease.take():
            return
        pause = LATER  # for what nobody foresaw
        try:
            pause = await self._visit(lease)
        except asyncio.CancelledError:
            # This process ends; another goes on at once.
            pause = 0
            raise
        finally:
            await lease.give_back(pause)

    async def _visit(self, lease: Lease) -> float:
        """Answers for how many seconds there is to be no other."""
        try:
            await _Visit(self, lease).go()
        except ReaderLost:
            return 0
        except NoMind:
            return LATER
        except (BudgetExceeded, UnreadableSecret) as error:
            return _told(lease, error, LATER)
        except ModelError as error:
            return _told(lease, error, SOON if error.retryable else LATER)
        except (ArtelError, TimeoutError) as error:
            return _told(lease, error, SOON)
        return 0


def _told(lease: Lease, error: Exception, pause: float) -> float:
    # A model's error may quote its provider: only its kind belongs in a log.
    _log.info("chats_not_read", user_id=lease.user_id, error=type(error).__name__, again_in=pause)
    return pause


class _Visit:
    """A visit while it lasts; the model is opened when it is first needed."""

    def __init__(self, reader: Reader, lease: Lease) -> None:
        self._reader = reader
        self._lease = lease
        self._user_id = lease.user_id
        self._asker: Asker | None = None

    async def go(self) -> None:
        """Reads what is due."""
        end = self._reader.timer() + VISIT_SECONDS
        while self._reader.timer() < end:
            async with self._reader.shards.user_tx(self._user_id) as tx:
                chat = await next_due(tx)
            if chat is None:
                return
            await (self._sum_up(chat) if chat.has_block else self._learn(chat))

    async def _sum_up(self, chat: DueChat) -> None:
        async with self._reader.shards.user_tx(self._user_id) as tx:
            block = await find_block(tx, chat)
        if block is None:
            return
        text = await sum_up(await self._open(), block) if block.text else ""
        chapter = await settle(
            self._reader.shards, self._user_id, lambda tx: write_summary(tx, self._lease, chat, block, text)
        )
        if chapter is not None and chapter.is_remembered:
            self._tell([chapter.id])

    async def _learn(self, chat: DueChat) -> None:
        async with self._reader.shards.user_tx(self._user_id) as tx:
            if not chat.may_learn:
                await skip_unread(tx, chat)
                return
            unread = await read_new(tx, chat)
            newest = await newest_facts(tx, MAX_FACTS)
        if unread is None:
            return
        facts: Sequence[Fact] = ()
        if are_worth_reading(unread.messages):
            facts = await self._facts(unread, newest)
        changed = await settle(
            self._reader.shards, self._user_id, lambda tx: write_facts(tx, self._lease, chat, unread, facts)
        )
        if changed:
            self._tell(changed)

    async def _facts(self, unread: Unread, newest: Sequence[MemoryView]) -> Sequence[Fact]:
        # What was learned a moment ago may not be in the index yet.
        found = await nearest(self._reader.find_facts, self._user_id, unread.messages)
        known = {fact.id: fact for fact in (*found, *newest)}
        return await learn(await self._open(), unread.messages, list(known.values())[:MAX_FACTS])

    async def _open(self) -> Asker:
        if self._asker is None:
            mind = await self._reader.open_mind(self._user_id)
            if mind is None:
                raise NoMind
            self._asker = Asker(mind, self._lease.renew, self._paid)
        return self._asker

    async def _paid(self, mind: Mind, use: ModelUse) -> None:
        async with self._reader.shards.user_tx(self._user_id) as tx:
            await charge(tx, self._reader.ids.uuid(), mind.agent_id, use)
            await mind.allowance.refresh(tx)

    def _tell(self, ids: Sequence[UUID]) -> None:
        self._reader.emit(self._user_id, MemoryChanged(reason="learned", ids=tuple(ids)))
