"""What a set for long memory is made of: what somebody said in many chats, and what is asked of it later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said. key: what evidence names it by. is_answer: it answers what was said before it."""

    key: str
    role: Literal["user", "assistant"]
    text: str
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Sitting:
    """A chat, and when it began."""

    at: datetime
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. evidence: keys of the turns that are needed for the answer; none: it was never said."""

    category: str
    text: str
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Life:
    """All that one user said, and what is asked of it."""

    name: str
    sittings: Sequence[Sitting]
    asked: Sequence[Asked]
