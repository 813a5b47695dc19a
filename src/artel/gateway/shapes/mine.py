"""All of a user's data at once: what it is, how long it is kept, and the end of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query
from pydantic import Field

from artel.gateway.shapes.common import Body, Shape
from artel.space.retention import KINDS, LONGEST_DAYS, Old, Terms

Days = Annotated[int | None, Field(ge=1, le=LONGEST_DAYS, description="Null: for ever.")]
DaysQuery = Annotated[int | None, Query(ge=1, le=LONGEST_DAYS, description="Left out: for ever.")]


class Farewell(Body):
    """What shows that it is meant; what is given must be right."""

    password: str | None = Field(default=None, max_length=1000)
    confirm: str | None = Field(default=None, max_length=320, description="The address of the account.")


class Extent(Shape):
    """How much a user owns."""

    agents: int
    chats: int
    messages: int
    memories: int
    files: int
    file_bytes: int


class RetentionIn(Body):
    """After how many days things go; what is left out is kept for ever."""

    chats_days: Days = Field(default=None, examples=[365])
    files_days: Days = None
    memories_days: Days = None
    decisions_days: Days = None
    usage_days: Days = Field(default=None, description="At least 62: the month's budget is added up from it.")


class TooOld(Shape):
    """How much is older than the terms say."""

    chats: int
    files: int
    memories: int
    decisions: int
    usage: int


class RetentionTerms(Shape):
    """Days by kind; null: for ever."""

    chats_days: int | None
    files_days: int | None
    memories_days: int | None
    decisions_days: int | None
    usage_days: int | None


class Retention(RetentionTerms):
    """What was chosen, what the installation allows at most, and what goes now."""

    bounds: RetentionTerms
    going: TooOld


def terms_in(body: RetentionIn) -> Terms:
    """As the space knows them."""
    return Terms(body.chats_days, body.files_days, body.memories_days, body.decisions_days, body.usage_days)


def retention(terms: Terms, bounds: Terms, old: Old) -> Retention:
    """As clients see them."""
    return Retention(**_days(terms), bounds=RetentionTerms(**_days(bounds)), going=too_old(old))


def too_old(old: Old) -> TooOld:
    """As clients see it."""
    return TooOld(**asdict(old))


def _days(terms: Terms) -> dict[str, int | None]:
    return {f"{kind}_days": terms.of(kind) for kind in KINDS}
