"""Vectors of questions, begun as soon as a question is known: the model works while the question is being stored."""

from __future__ import annotations

import asyncio
from typing import Final

from artel.memory.embed.embedder import Embedder
from artel.memory.vectors import Vector

_KEPT_SECONDS: Final = 30.0
"""Whoever has not come for it by then needs it no more: it waited for a seat, or runs elsewhere."""

_Key = tuple[int, str]


class Questions:
    """Asks a model. For one event loop."""

    def __init__(self, embedder: Embedder, kept_seconds: float = _KEPT_SECONDS) -> None:
        self._embedder = embedder
        self._kept_seconds = kept_seconds
        self._begun: dict[_Key, asyncio.Task[Vector]] = {}
        self.under_way = 0
        """Questions that the model has been given and not answered yet."""

    def begin(self, user_id: int, text: str) -> None:
        """This user is about to ask it; costs the caller nothing, and comes to nothing when the model is away."""
        key = (user_id, text)
        if key in self._begun:
            return
        self._begun[key] = asyncio.create_task(self._ask(text), name="question-ahead")
        # A failure is for whoever comes for it, and nobody need come.
        self._begun[key].add_done_callback(_look_at)
        asyncio.get_running_loop().call_later(self._kept_seconds, self._drop, key, self._begun[key])

    def is_begun(self, user_id: int, text: str) -> bool:
        """Whether `vector` need not ask the model anew."""
        return (user_id, text) in self._begun

    async def vector(self, user_id: int, text: str) -> Vector:
        """As `Embedder.question`."""
        begun = self._begun.pop((user_id, text), None)
        return await (self._ask(text) if begun is None else begun)

    async def _ask(self, text: str) -> Vector:
        self.under_way += 1
        try:
            return await self._embedder.question(text)
        finally:
            self.under_way -= 1

    def _drop(self, key: _Key, task: asyncio.Task[Vector]) -> None:
        if self._begun.get(key) is task:
            del self._begun[key]
            task.cancel()


def _look_at(task: asyncio.Task[Vector]) -> None:
    if not task.cancelled():
        task.exception()
