"""What turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from artel.kit.errors import Unavailable
from artel.memory.vectors import Space, Vector


class EmbedderUnavailable(Unavailable):
    """The embedding model cannot be used at the moment. What was said is kept and indexed when it is back."""

    slug = "embedder-unavailable"
    pause = 10

    def __init__(self, detail: str | None = None, *, retryable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retryable = retryable
        """False: it will not work until somebody changes a key, an address or a model's name."""


class Embedder(Protocol):
    """An embedding model. Questions and passages differ: some models want to know which they are given.

    Raises, from either: EmbedderUnavailable; BadVector when the answer is none.
    """

    @property
    def space(self) -> Space:
        """Where its vectors belong. The same for ever for the same model; another model never has this name."""
        ...

    async def question(self, text: str) -> Vector:
        """For what is looked for; somebody waits for it."""
        ...

    async def passages(self, texts: Sequence[str]) -> list[Vector]:
        """For what is to be found, one vector a text; any number of texts, in the background."""
        ...

    async def aclose(self) -> None:
        """Ends its connections."""
        ...
