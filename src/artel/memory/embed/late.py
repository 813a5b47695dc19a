"""An embedding model that is opened beside everything else: nobody waits for it, and it may be away at the start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import structlog

from artel.kit.background import end_tasks
from artel.memory.embed.embedder import Embedder, EmbedderUnavailable
from artel.memory.vectors import BadVector, Space, Vector

T = TypeVar("T")

Open = Callable[[], Awaitable[Embedder]]
"""Opens the model.

Raises:
    EmbedderUnavailable, BadVector: it does not answer, or not as it should.
"""

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 60.0
_BELIEVED_SECONDS: Final = 60.0

_log = structlog.get_logger("artel.memory")


class LateEmbedder:
    """Implements `Embedder`; until the model is open every use raises `EmbedderUnavailable`, `space` too."""

    def __init__(self, model: str, open: Open) -> None:
        """model: as people call it."""
        self.model = model
        self._open = open
        self._opened: Embedder | None = None
        self._opening: asyncio.Task[None] | None = None
        self._failed_at: float | None = None

    def start(self) -> None:
        """Begins to open it, and tries again until it succeeds."""
        self._opening = asyncio.create_task(self._keep_trying(), name="open-embedder")

    async def aclose(self) -> None:
        """Ends its connections. Harmless before the start."""
        if self._opening is not None:
            await end_tasks(self._opening)
        if self._opened is not None:
            await self._opened.aclose()

    @property
    def is_open(self) -> bool:
        """Whether it was reached once; it may be away again."""
        return self._opened is not None

    @property
    def is_away(self) -> bool:
        """Whether it cannot be used, as far as is known: what failed a minute ago may work by now."""
        failed = self._failed_at is not None and time.monotonic() - self._failed_at < _BELIEVED_SECONDS
        return failed or not self.is_open

    async def opened(self, seconds: float) -> bool:
        """Waits until it is open, but not longer than so; answers whether it is."""
        if self._opening is not None:
            await asyncio.wait([self._opening], timeout=seconds)
        return self.is_open

    @property
    def space(self) -> Space:
        """See `Embedder`.

        Raises:
            EmbedderUnavailable: it is not known yet.
        """
        return self._there().space

    async def question(self, text: str) -> Vector:
        """See `Embedder`."""
        return await self._noted(self._there().question(text))

    async def passages(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder`."""
        return await self._noted(self._there().passages(texts))

    async def _noted(self, answer: Awaitable[T]) -> T:
        try:
            found = await answer
        except EmbedderUnavailable:
            self._failed_at = time.monotonic()
            raise
        self._failed_at = None
        return found

    def _there(self) -> Embedder:
        if self._opened is None:
            raise EmbedderUnavailable
        return self._opened

    async def _keep_trying(self) -> None:
        pause, told = _FIRST_PAUSE, ""
        while self._opened is None:
            try:
                self._opened = await self._open()
            except (EmbedderUnavailable, BadVector) as error:
                # The first tries are those of a process that is still starting.
                if pause >= 1 and error.detail != told:
                    told = error.detail
                    _log.warning("embedder_not_open", model=self.model, detail=told)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        _log.info("embedder_open", model=self.model, space=self._opened.space.name)
