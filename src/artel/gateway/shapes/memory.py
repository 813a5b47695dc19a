"""What is remembered, how the index stands, and the profile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path
from pydantic import Field, StringConstraints

from artel.gateway.shapes.common import Body, Shape
from artel.memory.memories import MAX_MEMORY_CHARS
from artel.memory.profile import MAX_PROFILE_CHARS, ProfileView
from artel.memory.state import MemoryState as StateView
from artel.memory.state import Reason, Status
from artel.memory.views import CallType, Found, MemoryKind, MemoryView, Why

MemoryId = Annotated[UUID, Path(description="A memory's id.")]


class Source(Shape):
    """What a memory was made of: a message, a file, or a call of a tool ("task:call")."""

    kind: MemoryKind
    id: str


class Memory(Shape):
    """A passage that agents may be told again."""

    id: UUID
    text: str
    kind: MemoryKind
    score: float | None = Field(description="How near it is to what was searched for, 0 to 1.")
    why: Why | None = Field(description="What found it.")
    session_id: int | None
    session_title: str | None
    call_type: CallType
    role: str = Field(description="Whose words: user, assistant or tool.")
    agent_id: str | None
    source: Source | None
    created_at: datetime = Field(description="When it was said.")
    edited_at: datetime | None
    superseded_by: UUID | None = Field(description="A newer fact that took its place.")
    indexed: bool = Field(description="It can be found by meaning as it stands.")


class MemoryList(Shape):
    """The newest first; or, where something was searched for, the best first."""

    items: list[Memory]
    next_cursor: str | None


class MemoryIn(Body):
    """Something to remember."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MEMORY_CHARS)] = Field(
        examples=["My dog is called Bublik."]
    )
    session_id: int | None = Field(default=None, description="The chat it belongs to, and goes with.")


class MemoryPatch(Body):
    """Another text."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MEMORY_CHARS)]


class MemoryState(Shape):
    """How the index stands: what waits, and what is wrong with it."""

    status: Status
    reasons: list[Reason] = Field(description="Why it is degraded.")
    total: int
    waiting: int = Field(description="Memories that are not indexed yet.")
    forgetting: int = Field(description="Memories that are still to leave the index.")
    model: str | None = Field(description="What the vectors are made by.")
    next_model: str | None
    progress: float | None = Field(description="How much is done of what is being made anew, 0 to 1.")


class Profile(Shape):
    """What every agent is told about its user."""

    text: str
    learn: bool = Field(description="Facts are learned from chats.")
    updated_at: datetime | None


class ProfileIn(Body):
    """The whole of it."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_PROFILE_CHARS)] = Field(
        examples=["I live in Kazan, and I prefer short answers."]
    )
    learn: bool = True


class ExportedProfile(Profile):
    """The first line of an export."""

    kind: Literal["profile"] = "profile"


def memory(
    view: MemoryView, titles: Mapping[int, str], *, score: float | None = None, why: Why | None = None
) -> Memory:
    """A memory as clients see it. titles: of chats."""
    return Memory(
        id=view.id,
        text=view.text,
        kind=view.kind,
        score=score,
        why=why,
        session_id=view.session_id,
        session_title=None if view.session_id is None else titles.get(view.session_id),
        call_type=view.call_type,
        role=view.role,
        agent_id=view.agent_id,
        source=None if view.source_id is None else Source(kind=view.kind, id=view.source_id),
        created_at=view.created_at,
        edited_at=view.edited_at,
        superseded_by=view.superseded_by,
        indexed=view.indexed,
    )


def found(hit: Found, titles: Mapping[int, str]) -> Memory:
    """The same, with how it was found."""
    return memory(hit.memory, titles, score=hit.score, why=hit.why)


def state(view: StateView) -> MemoryState:
    """The state as clients see it."""
    return MemoryState(
        status=view.status,
        reasons=list(view.reasons),
        total=view.total,
        waiting=view.waiting,
        forgetting=view.forgetting,
        model=view.model,
        next_model=view.next_model,
        progress=view.progress,
    )


def profile(view: ProfileView) -> Profile:
    """The profile as clients see it."""
    return Profile(text=view.text, learn=view.learn, updated_at=view.updated_at)
