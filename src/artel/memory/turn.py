"""One turn of indexing: under the lease, one batch of each kind of work that a user's memory has."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from artel.memory.context import ContextLost, Contexts, ContextStore
from artel.memory.healing import compare, index_anew
from artel.memory.index import Tools, forget_batch, index_batch, recipe_batch, vector_batch
from artel.memory.lease import IndexState, Lease, LeaseLost, lease
from artel.memory.remember import InThread, Passage, remember
from artel.memory.spaces import arrive, drop_others, head_for
from artel.memory.vectors import Space
from artel.memory.words import WordReader

_COMPARE_EVERY: Final = timedelta(hours=1)
_PURGE_AFTER: Final = timedelta(minutes=1)
_PURGE_EVERY_SECONDS: Final = 600.0
ELSEWHERE_SECONDS: Final = 1.0
"""After so long to look again whether the other process has given its lease back."""


@dataclass(slots=True)
class Turns:
    """Takes turns for one process.

    drops_spaces: False where a space is everybody's (a Qdrant server in the layout `tenants`). on_indexed: told how
    many passages were indexed.
    """

    tools: Tools
    contexts: Contexts
    worker: str
    reader: WordReader
    in_thread: InThread[list[Passage]]
    on_indexed: Callable[[int], None]
    drops_spaces: bool = True
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    _opened: dict[int, Space | None] = field(default_factory=dict[int, "Space | None"])
    """Users whose context this process found, or made, and the space it made sure of."""
    _compared: set[int] = field(default_factory=set[int])
    _purged: dict[int, float] = field(default_factory=dict[int, float])

    async def take(self, user_id: int) -> float | None:
        """Does some of what is to be done; answers after how many seconds there is more, None: nothing is left.

        Raises:
            ContextUnavailable, EmbedderUnavailable, BadVector, StoreUnavailable: it did not get on; try again later.
        """
        async with lease(self.tools.shards, user_id, self.worker) as held:
            if held is None:
                return ELSEWHERE_SECONDS
            looked = await remember(self.tools.shards, user_id, self.reader, self.in_thread)
            try:
                worked = await self._index(user_id, held)
            except BaseException:
                # Whatever it was, the context is looked at anew before the next batch.
                self._opened.pop(user_id, None)
                raise
        return 0 if looked or worked else None

    def doubt(self, user_id: int) -> None:
        """This user's context seems to be lost: it is looked at anew in the next turn."""
        self._opened.pop(user_id, None)

    async def _index(self, user_id: int, held: Lease) -> bool:
        """Whether there was something to do."""
        state, context = held.state, self.contexts.of(user_id)
        space = self.tools.space
        async with self.tools.shards.user_tx(user_id) as tx:
            rows = await tx.fetchrow(_HAS_ROWS, tx.user_id)
        assert rows is not None
        if not rows["memories"]:
            # Nobody is given an index before there is something to put into it; of who forgot all nothing stays.
            if rows["deletions"] or state.has_errands(space):
                await self._erase(context, space)
            return False
        try:
            await self._open(context, space)
            indexed = await index_batch(self.tools, context, space)
            self.on_indexed(indexed)
            _go_on(held)
            forgotten = await forget_batch(self.tools, context)
            if indexed or forgotten:
                return True
            _go_on(held)
            return await self._tidy(context, state, space)
        except ContextLost:
            await index_anew(self.tools.shards, user_id)
            self._opened.pop(user_id, None)
            return True

    async def _erase(self, context: ContextStore, space: Space | None) -> None:
        await context.erase()
        self._opened.pop(context.user_id, None)
        async with self.tools.shards.user_tx(context.user_id) as tx:
            await tx.execute(_FORGOTTEN, tx.user_id)
            await tx.execute(_NO_ERRANDS, tx.user_id, space.name if space is not None else None)

    async def _open(self, context: ContextStore, space: Space | None) -> None:
        """Makes sure of the context and its space, once. One that is lost is noted before it is made anew: were it the
        other way round, a process that dies in between would leave an empty index that looks whole."""
        known = self._opened.get(context.user_id, _NEVER)
        if known == space:
            return
        if known is _NEVER:
            try:
                await context.count()
            except ContextLost:
                await index_anew(self.tools.shards, context.user_id)
        await context.ensure([space] if space is not None else [])
        self._opened[context.user_id] = space

    async def _tidy(self, context: ContextStore, state: IndexState, space: Space | None) -> bool:
        """What is done when nothing waits: vectors that are missing, a comparison, a purge, spaces nobody needs."""
        shards, user_id = self.tools.shards, context.user_id
        if space is not None:
            await head_for(shards, user_id, state, space.name)
            if await vector_batch(self.tools, context, space, is_new=state.is_elsewhere(space)):
                return True
            if state.is_elsewhere(space):
                await arrive(shards, user_id, space.name)
            if again := await recipe_batch(self.tools, context, space):
                self.on_indexed(again)
                return True
        if self._should_compare(user_id, state):
            found = await compare(shards, context)
            self._compared.add(user_id)
            if found:
                return True
        if self._should_purge(user_id, state):
            await context.purge()
            self._purged[user_id] = self.clock()
            async with shards.user_tx(user_id) as tx:
                await tx.execute(_PURGED, tx.user_id, state.purge_wanted_at)
        if state.drop_spaces_at is not None and state.drop_spaces_at <= self.now():
            names = [known.name for known in (await context.ensure([])).spaces] if self.drops_spaces else []
            used = {state.space, state.next_space, space.name if space is not None else None}
            await drop_others(shards, context, names, used)
        return False

    def _should_compare(self, user_id: int, state: IndexState) -> bool:
        is_due = state.compared_at is None or state.compared_at < self.now() - _COMPARE_EVERY
        return is_due or user_id not in self._compared

    def _should_purge(self, user_id: int, state: IndexState) -> bool:
        last = self._purged.get(user_id)
        return (
            state.purge_wanted_at is not None
            and state.purge_wanted_at < self.now() - _PURGE_AFTER
            and (last is None or last < self.clock() - _PURGE_EVERY_SECONDS)
        )


def _go_on(held: Lease) -> None:
    if held.is_lost:
        raise LeaseLost


_NEVER: Final = Space("", 0)

_HAS_ROWS: Final = """
select exists (select from memories where user_id = $1) as memories,
    exists (select from memory_deletions where user_id = $1) as deletions
"""

# Not of what was saved again meanwhile: that is a memory again, and waits to be indexed.
_FORGOTTEN: Final = """
with again as (
    update memories set indexed_revision = 0, indexed_space = null where user_id = $1 and indexed_revision > 0
)
delete from memory_deletions where user_id = $1 and not exists (
    select from memories where memories.user_id = $1 and memories.id = memory_deletions.id
)
"""

_NO_ERRANDS: Final = """
update memory_state set space = coalesce($2, space), next_space = null, drop_spaces_at = null, purge_wanted_at = null
where user_id = $1
"""

_PURGED: Final = "update memory_state set purge_wanted_at = null where user_id = $1 and purge_wanted_at <= $2"
