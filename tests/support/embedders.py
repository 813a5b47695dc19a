"""Models of meaning that cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.vectors import BadVector, Space, Vector
from tests.support.memory import SPACE, meaning


@dataclass
class ToyEmbedder:
    """Stands for a model that costs money: texts with the same words are near each other."""

    space: Space = SPACE
    is_away: bool = False
    refuses: str = "\0"
    """It has no vector for texts with this in them."""
    asked: list[str] = field(default_factory=list[str])

    async def question(self, text: str) -> Vector:
        """See `Embedder`."""
        [vector] = await self.passages([text])
        return vector

    async def passages(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder`."""
        if self.is_away:
            raise EmbedderUnavailable
        self.asked += texts
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        vector = meaning(text, self.space.dimension)
        if self.refuses in text:
            raise BadVector
        return vector

    async def aclose(self) -> None:
        """Nothing to end."""
