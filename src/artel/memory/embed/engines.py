"""What a model is to the child process that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from artel.memory.embed.centring import Rows


class Engine(Protocol):
    """A loaded model. Blocks."""

    @property
    def space(self) -> str:
        """The name of its vectors' space."""
        ...

    @property
    def dimension(self) -> int:
        """Their length."""
        ...

    def questions(self, texts: Sequence[str]) -> Rows:
        """One row a text."""
        ...

    def passages(self, texts: Sequence[str]) -> Rows:
        """One row a text."""
        ...
