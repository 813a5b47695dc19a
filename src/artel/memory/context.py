"""A user's context: everything that can be recalled, as points with vectors. The one contract of all vector stores.

`Contexts.of(user_id)` gives a handle on one user's points; whoever holds it cannot name another user. Each handle
filters by its user, though its shard or collection may hold nobody else, and looks at every hit again.

PostgreSQL is the truth and a context only an index of it: losing one costs time, never data. So nothing here waits for
a store that is away; it raises `ContextUnavailable`, and the caller goes on without memory or tries again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from artel.kit.errors import Unavailable
from artel.memory.vectors import Space, SparseVector, Vector

CallType = Literal["direct", "auto", "tool", "file", "note"]


class ContextUnavailable(Unavailable):
    """Memory cannot be searched at the moment. Nothing is lost; answers go on without it."""

    slug = "memory-unavailable"


class ContextLost(ContextUnavailable):
    """There is no search index of this memory (yet, or any more): it has to be built from what is stored."""

    slug = "memory-lost"
    pause = 10


class ContextFull(ContextUnavailable):
    """The disk of the memory's index is nearly full. Nothing new is indexed until there is room; nothing is lost."""

    slug = "memory-full"
    pause = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One text that can be found. The same id again replaces the whole point."""

    id: UUID
    text: str
    session_id: int | None
    call_type: CallType
    role: str
    agent_id: str | None
    created_at: datetime
    sparse: SparseVector
    vectors: Mapping[str, Vector] = field(default_factory=dict[str, Vector])
    """By the names of their spaces. Several while a change of model is under way, none when no model can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which of the user's points count. Whose they are is no choice: the handle knows."""

    session_ids: Sequence[int] = ()
    """Any of these; empty: all. The same for the next two."""
    call_types: Sequence[CallType] = ()
    agent_ids: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    """Created at or after `since`, and before `until`."""
    without: Sequence[UUID] = ()
    """Not these, such as what the model is told anyway. Some hundreds at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for: by meaning in one space, by words, or both."""

    sparse: SparseVector
    space: str | None = None
    vector: Vector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A point that was found. score: of both ways together, only good for the order."""

    id: UUID
    text: str
    session_id: int | None
    call_type: CallType
    role: str
    agent_id: str | None
    created_at: datetime
    score: float
    similarity: float | None
    """The cosine of its vector and the question's; None when there was no vector to compare."""
    words: float
    """What it has in common with the question's words (BM25); 0: nothing, or too little to be among the first."""


@dataclass(frozen=True, slots=True)
class ContextState:
    """What a context is. created: it was made by this very call, so everything has to be indexed anew."""

    created: bool
    points: int
    spaces: tuple[Space, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why memory does not work as it should, for `/readyz` and for the page. `users`: whose contexts were lost."""

    kind: Literal["unreachable", "full", "lost"]
    detail: str
    users: tuple[int, ...] = ()


class ContextStore(Protocol):
    """The points of one user. Everything may raise `ContextUnavailable`; all but `ensure`, `erase`, `is_gone` also
    `ContextLost`.

    All of it may be repeated: a second time changes nothing more.
    """

    @property
    def user_id(self) -> int:
        """Whose."""
        ...

    async def ensure(self, spaces: Sequence[Space]) -> ContextState:
        """Makes the context if there is none, and those of the spaces that it lacks.

        Raises:
            ValueError: a space of this name has another dimension.
        """
        ...

    async def upsert(self, points: Sequence[Point]) -> None:
        """Stores points whole: searchable, and safe from the death of any process, when it returns. 128 at once are
        a good number.

        Raises:
            BadVector: a vector is none, or its space does not exist. Nothing of the batch was stored.
            ContextFull: there is no room.
        """
        ...

    async def search(self, question: Question, where: Where | None = None, limit: int = 5) -> list[Hit]:
        """The best points by meaning and words together, best first.

        Raises:
            IsolationViolation: the store answered with another user's point.
        """
        ...

    async def delete(self, ids: Sequence[UUID]) -> None:
        """Takes points out of every search."""
        ...

    async def delete_session(self, session_id: int) -> None:
        """The same for all of one chat."""
        ...

    async def purge(self) -> None:
        """Makes sure that nothing of what was deleted is left in the store's files. Costs as much as a rebuild."""
        ...

    async def erase(self) -> None:
        """Removes the context with everything in it, for good. Harmless when there is none."""
        ...

    async def is_gone(self) -> bool:
        """Whether the store has nothing of this user's, in whatever state. Seldom asked: it may look closely."""
        ...

    async def count(self, where: Where | None = None) -> int:
        """So many points, counted one by one."""
        ...

    async def ids(self, after: UUID | None = None, limit: int = 1000) -> list[UUID]:
        """Ids in an order of the store's own, those that follow `after`; fewer than `limit` when there are no more."""
        ...

    async def ids_without(self, space: str, limit: int = 1000) -> list[UUID]:
        """Some of the points that have no vector in this space."""
        ...

    async def set_vectors(self, space: str, vectors: Mapping[UUID, Vector]) -> None:
        """Gives points a vector in a space; the others' stay. Points that do not exist are left out."""
        ...

    async def drop_space(self, space: str) -> None:
        """Removes a space with all its vectors. Harmless when there is none."""
        ...


class Contexts(Protocol):
    """A vector store."""

    def of(self, user_id: int) -> ContextStore:
        """The handle on one user's context; costs nothing, asks nothing."""
        ...

    async def troubles(self) -> list[Trouble]:
        """What is wrong at the moment; empty when all is well."""
        ...

    async def aclose(self) -> None:
        """Ends the connections; stored points stay."""
        ...
