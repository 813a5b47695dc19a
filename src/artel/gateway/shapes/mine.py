"""All of a user's data at once: what it is, how long it is kept, and the end of it."""

from __future__ import annotations

from pydantic import Field

from artel.gateway.shapes.common import Body, Shape


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
