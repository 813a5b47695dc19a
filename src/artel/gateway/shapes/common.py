"""Parts that many shapes share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from artel.kit.ids import MAX_NUMBER
from artel.kit.money import format_usd

SessionId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="A chat's id.")]
AgentId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$", description="Such as `user1_coder`.")]
RunId = Annotated[UUID, Path(description="A run's id.")]
TaskId = Annotated[str, Path(pattern=r"^[\w.\-]{1,64}$", description="A task's name within its run, such as `t1`.")]
FileId = Annotated[UUID, Path(description="A file's id.")]
ApprovalId = Annotated[UUID, Path(description="An approval's id.")]
ProviderId = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,40}$", description="Such as `openai`.")]

Money = Annotated[str | None, Field(examples=["$0.000412"], description="Exact US dollars; null: not known.")]


class Body(BaseModel):
    """What a client sends: nothing beyond what is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shape(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


class Fault(Shape):
    """Why an answer failed."""

    code: str = Field(examples=["model_key_refused"])
    detail: str = Field(examples=["OpenAI did not accept the key."])


class Tokens(Shape):
    """What a model counted for one answer."""

    input_tokens: int
    output_tokens: int


def fault(stored: Mapping[str, Any] | None) -> Fault | None:
    """The error of a row."""
    return None if stored is None else Fault(code=stored["code"], detail=stored["detail"])


def tokens(stored: Mapping[str, Any] | None) -> Tokens | None:
    """The usage of a row."""
    if stored is None:
        return None
    return Tokens(input_tokens=stored["input_tokens"], output_tokens=stored["output_tokens"])


def usd(amount: Decimal | None) -> str | None:
    """Money as clients see it."""
    return None if amount is None else format_usd(amount)
