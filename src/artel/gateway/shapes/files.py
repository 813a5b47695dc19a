"""Files."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from artel.files.library import Room as RoomView
from artel.gateway.shapes.common import Shape
from artel.store.tool_tables import StoredFile


class File(Shape):
    """A file of the user's. Its bytes are at `/my/files/{id}/content/`."""

    id: UUID
    name: str = Field(examples=["report.pdf"])
    media_type: str = Field(examples=["application/pdf"], description="By its content, whatever was said of it.")
    size: int = Field(description="Bytes.")
    text: Literal["none", "ready", "failed"] = Field(
        description="Whether there is text in it that agents can read; failed: there may be, but it cannot be read."
    )
    characters: int = Field(description="Of the text.")
    created_at: datetime


class Room(Shape):
    """How much may be kept."""

    used_bytes: int = Field(description="All files together.")
    total_bytes: int = Field(description="What they may be together.")
    file_bytes: int = Field(description="What one may be.")


class FileList(Shape):
    """The newest first."""

    items: list[File]
    next_cursor: str | None
    room: Room


def room(view: RoomView) -> Room:
    """The room as clients see it."""
    limits = view.limits
    return Room(used_bytes=view.used_bytes, total_bytes=limits.total_bytes, file_bytes=limits.file_bytes)


def file(row: StoredFile) -> File:
    """A file as clients see it."""
    return File.model_construct(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        text=row.text_status,
        characters=row.characters,
        created_at=row.created_at,
    )
