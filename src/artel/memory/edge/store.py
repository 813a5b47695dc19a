"""The embedded vector store, as everyone else sees it: asks the worker that has the user's shard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from artel.memory.context import (
    ContextFull,
    ContextLost,
    ContextState,
    ContextUnavailable,
    Hit,
    Point,
    Question,
    Trouble,
    Where,
)
from artel.memory.edge.shapes import pack_points, pack_question, pack_vectors, pack_where
from artel.memory.engine.client import EngineClient, EngineGone, EngineRefused, EngineSlow
from artel.memory.payload import OnViolation, hit_of
from artel.memory.vectors import BadVector, Space, Vector, check_vector

_READ_SECONDS: Final = 5.0
_WRITE_SECONDS: Final = 60.0
_PURGE_SECONDS: Final = 1800.0

_OPENING: Final = (
    "Memory did not answer in time. A very large one that nobody asked for a while takes up to half a minute to open; "
    "ask again in a moment. Nothing is lost."
)
_OPENING_PAUSE: Final = 5.0
"""Seconds. Opening goes on when the request that began it was given up."""

_REFUSALS: Final[Mapping[str, Callable[[str], Exception]]] = {
    "lost": lambda _: ContextLost(),
    "full": lambda _: ContextFull(),
    "bad-vector": BadVector,
    "other-space": ValueError,
}


class EdgeContexts:
    """All contexts of one data directory; implements `Contexts`. Belongs to one event loop.

    sockets: of every worker, in the order of `EdgeWorkers`. on_violation: called for each foreign point that a shard
    answered with.
    """

    def __init__(self, sockets: Sequence[Path], on_violation: OnViolation) -> None:
        self._clients = [EngineClient(socket) for socket in sockets]
        self._on_violation = on_violation

    def of(self, user_id: int) -> EdgeContext:
        """A user's handle."""
        return EdgeContext(user_id, self._clients[user_id % len(self._clients)], self._on_violation)

    async def troubles(self) -> list[Trouble]:
        """What the workers say of themselves."""
        found: list[Trouble] = []
        lost: set[int] = set()
        for number, client in enumerate(self._clients, start=1):
            try:
                answer = await client.call("troubles", timeout=_READ_SECONDS)
            except (EngineGone, EngineRefused):
                found.append(Trouble("unreachable", f"memory-{number} does not answer"))
                continue
            told: dict[str, Any] = answer.header["value"]
            lost.update(told["lost"])
            if told["full"] and not any(trouble.kind == "full" for trouble in found):
                found.append(Trouble("full", "the disk is nearly full"))
        if lost:
            found.append(Trouble("lost", f"{len(lost)} to be built anew", tuple(sorted(lost))))
        return found

    async def aclose(self) -> None:
        """Hangs up."""
        for client in self._clients:
            await client.aclose()


class EdgeContext:
    """One user's shard; implements `ContextStore`."""

    def __init__(self, user_id: int, client: EngineClient, on_violation: OnViolation) -> None:
        self.user_id = user_id
        self._client = client
        self._on_violation = on_violation

    async def ensure(self, spaces: Sequence[Space]) -> ContextState:
        """See `ContextStore`."""
        wanted = [[space.name, space.dimension] for space in spaces]
        told = await self._ask("ensure", timeout=_WRITE_SECONDS, spaces=wanted)
        there = tuple(Space(name, dimension) for name, dimension in told["spaces"])
        return ContextState(told["created"], told["points"], there)

    async def upsert(self, points: Sequence[Point]) -> None:
        """See `ContextStore`."""
        for point in points:
            for vector in point.vectors.values():
                check_vector(vector, len(vector))
        items, block = pack_points(self.user_id, points)
        await self._ask("upsert", block, timeout=_WRITE_SECONDS, points=items)

    async def search(self, question: Question, where: Where | None = None, limit: int = 5) -> list[Hit]:
        """See `ContextStore`."""
        if question.vector is not None:
            check_vector(question.vector, len(question.vector))
        asked, block = pack_question(question)
        told = await self._ask("search", block, timeout=_READ_SECONDS, **asked, where=pack_where(where), limit=limit)
        return [
            hit_of(self.user_id, id, payload, (score, similarity, words), self._on_violation)
            for id, score, similarity, words, payload in told
        ]

    async def delete(self, ids: Sequence[UUID]) -> None:
        """See `ContextStore`."""
        await self._ask("delete", timeout=_WRITE_SECONDS, ids=[str(id) for id in ids])

    async def delete_session(self, session_id: int) -> None:
        """See `ContextStore`."""
        await self._ask("delete_session", timeout=_WRITE_SECONDS, session=session_id)

    async def purge(self) -> None:
        """See `ContextStore`."""
        await self._ask("purge", timeout=_PURGE_SECONDS, token=uuid4().hex)

    async def erase(self) -> None:
        """See `ContextStore`."""
        await self._ask("erase", timeout=_WRITE_SECONDS)

    async def is_gone(self) -> bool:
        """See `ContextStore`."""
        return await self._ask("is_gone", timeout=_READ_SECONDS)

    async def count(self, where: Where | None = None) -> int:
        """See `ContextStore`."""
        return await self._ask("count", timeout=_READ_SECONDS, where=pack_where(where))

    async def ids(self, after: UUID | None = None, limit: int = 1000) -> list[UUID]:
        """See `ContextStore`."""
        told = await self._ask("ids", timeout=_WRITE_SECONDS, after=str(after) if after else None, limit=limit)
        return [UUID(id) for id in told]

    async def ids_without(self, space: str, limit: int = 1000) -> list[UUID]:
        """See `ContextStore`."""
        told = await self._ask("ids_without", timeout=_WRITE_SECONDS, space=space, limit=limit)
        return [UUID(id) for id in told]

    async def set_vectors(self, space: str, vectors: Mapping[UUID, Vector]) -> None:
        """See `ContextStore`."""
        for vector in vectors.values():
            check_vector(vector, len(vector))
        items, block = pack_vectors(vectors)
        await self._ask("set_vectors", block, timeout=_WRITE_SECONDS, space=space, vectors=items)

    async def drop_space(self, space: str) -> None:
        """See `ContextStore`."""
        await self._ask("drop_space", timeout=_WRITE_SECONDS, space=space)

    async def _ask(self, op: str, block: bytes = b"", *, timeout: float, **arguments: Any) -> Any:
        try:
            answer = await self._client.call(op, block, timeout=timeout, user=self.user_id, **arguments)
        except EngineSlow as error:
            raise ContextUnavailable(_OPENING, retry_after=_OPENING_PAUSE) from error
        except EngineGone as error:
            raise ContextUnavailable from error
        except EngineRefused as refusal:
            known = _REFUSALS.get(refusal.kind)
            raise known(refusal.detail) if known else ContextUnavailable() from refusal
        return answer.header.get("value")
