"""What a user's team remembers, and what the user does about it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from artel.agents.reading.summaries import rewrite_summary
from artel.events.types import Event, MemoryChanged
from artel.memory.context import ContextUnavailable
from artel.memory.finder import Finder, Sought
from artel.memory.memories import Also, Memories, MemoryCursor
from artel.memory.profile import Profiles, ProfileView
from artel.memory.state import MemoryState
from artel.memory.views import Found, MemoryView
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class SharedMemory:
    """What all users' memories are found with. finder: None where the installation has no index."""

    finder: Finder | None
    read_state: Callable[[int], Awaitable[MemoryState]]
    wake: Callable[[int], None]
    """Whoever keeps the index has something to do for a user."""


@dataclass(frozen=True, slots=True)
class UserMemory:
    """One user's. Rows are changed in the request; the index follows: whoever keeps it is woken."""

    user_id: int
    memories: Memories
    profiles: Profiles
    shared: SharedMemory
    emit: Callable[[int, Event], None]

    async def page(self, wanted: Sought, limit: int, after: MemoryCursor | None) -> tuple[Sequence[MemoryView], bool]:
        """The newest first; and whether there are more.

        Raises:
            NoSuchSession: the chat is not this user's.
        """
        return await self.memories.page(wanted, limit, after)

    async def search(self, query: str, wanted: Sought, limit: int) -> Sequence[Found]:
        """What is nearest to a question, best first; nothing is left out for not being near enough.

        Raises:
            NoSuchSession: the chat is not this user's.
            ContextUnavailable: the index cannot be asked now.
        """
        if wanted.session_id is not None:
            await self.memories.require_session(wanted.session_id)
        if self.shared.finder is None:
            raise ContextUnavailable("This installation runs without an index of memories, so there is no search.")
        return await self.shared.finder.find(self.user_id, query, wanted, limit)

    async def titles(self, memories: Sequence[MemoryView]) -> Mapping[int, str]:
        """The titles of the chats that memories are from."""
        return await self.memories.titles(memories)

    async def note(self, text: str, session_id: int | None, *, also: Also | None = None) -> MemoryView:
        """Remembers a text.

        Raises:
            EmptyMemory, NoSuchSession: nothing was stored.
        """
        noted = await self.memories.note(text, session_id, also=also)
        self._changed(MemoryChanged(reason="saved", ids=(noted.id,)))
        return noted

    async def edit(self, memory_id: UUID, text: str) -> MemoryView:
        """Gives one another text; the next answer follows.

        Raises:
            NoSuchMemory, EmptyMemory: nothing was changed.
        """
        edited = await self.memories.edit(memory_id, text, also=_rewrite)
        self._changed(MemoryChanged(reason="edited", ids=(memory_id,)))
        return edited

    async def forget(self, memory_id: UUID) -> None:
        """Removes one for good.

        Raises:
            NoSuchMemory: it is not this user's.
        """
        await self.memories.forget(memory_id)
        self._changed(MemoryChanged(reason="forgotten", ids=(memory_id,)))

    async def forget_many(self, session_id: int | None) -> None:
        """Removes what was remembered of a chat, or everything with the profile.

        Raises:
            NoSuchSession: the chat is not this user's.
        """
        if session_id is None:
            await self.memories.forget_all()
        else:
            await self.memories.forget_session(session_id)
        self._changed(MemoryChanged(reason="forgotten"))

    def every(self) -> AsyncGenerator[Sequence[MemoryView]]:
        """All of them, the oldest first, in batches."""
        return self.memories.every()

    async def state(self) -> MemoryState:
        """How the index stands."""
        return await self.shared.read_state(self.user_id)

    async def profile(self) -> ProfileView:
        """What every agent is told about the user."""
        return await self.profiles.get()

    async def put_profile(self, text: str, *, learn: bool) -> ProfileView:
        """Replaces it."""
        return await self.profiles.put(text, learn=learn)

    def _changed(self, event: MemoryChanged) -> None:
        self.shared.wake(self.user_id)
        self.emit(self.user_id, event)


async def _rewrite(tx: UserTx, edited: MemoryView) -> None:
    """A summary of a chat is told as its memory was corrected."""
    if edited.kind == "summary":
        await rewrite_summary(tx, edited.id, edited.text)
