"""Pictures in what a model is told. A checkpoint holds their names only: the bytes stay with the files.

A picture is known by its `identifier`, which is the id of the file it was made of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from pydantic_ai.messages import BinaryContent, ModelMessage, ModelRequest, UserContent, UserPromptPart

from artel.files.pictures import PictureReader

Pictures = Callable[[int, Sequence[UUID]], Awaitable[list[BinaryContent]]]
"""Reads the pictures among a user's files, for a model to see."""

NOT_SHOWN: Final = "[There was a picture here that cannot be shown any more.]"


@dataclass(frozen=True, slots=True)
class PicturesForModels:
    """Pictures from the files."""

    reader: PictureReader

    async def __call__(self, user_id: int, file_ids: Sequence[UUID]) -> list[BinaryContent]:
        """As `Pictures`; in the order of the ids."""
        found = await self.reader.read(user_id, file_ids)
        return [
            BinaryContent(data=picture.content, media_type=picture.media_type, identifier=str(file_id))
            for file_id, picture in found.items()
        ]


def file_of(content: UserContent) -> UUID | None:
    """The file that a picture was made of; None for anything else."""
    if not isinstance(content, BinaryContent):
        return None
    try:
        return UUID(content.identifier)
    except ValueError:
        return None


def shelved(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The messages without the bytes of their pictures."""

    def without_bytes(item: UserContent) -> UserContent:
        if isinstance(item, BinaryContent) and file_of(item) is not None:
            return BinaryContent(data=b"", media_type=item.media_type, identifier=item.identifier)
        return item

    return _changed(messages, without_bytes)


async def refilled(messages: Sequence[ModelMessage], user_id: int, pictures: Pictures) -> list[ModelMessage]:
    """The opposite of `shelved`; a picture that is gone is a note."""
    wanted = [file_id for item in _contents(messages) if (file_id := file_of(item)) is not None]
    if not wanted:
        return list(messages)
    found = {file_of(picture): picture for picture in await pictures(user_id, wanted)}

    def with_bytes(item: UserContent) -> UserContent:
        file_id = file_of(item)
        return item if file_id is None else found.get(file_id, NOT_SHOWN)

    return _changed(messages, with_bytes)


def _contents(messages: Iterable[ModelMessage]) -> Iterable[UserContent]:
    for message in messages:
        if isinstance(message, ModelRequest):
            for part in message.parts:
                if isinstance(part, UserPromptPart) and not isinstance(part.content, str):
                    yield from part.content


def _changed(messages: Sequence[ModelMessage], change: Callable[[UserContent], UserContent]) -> list[ModelMessage]:
    return [
        replace(
            message,
            parts=[
                replace(part, content=[change(item) for item in part.content])
                if isinstance(part, UserPromptPart) and not isinstance(part.content, str)
                else part
                for part in message.parts
            ],
        )
        if isinstance(message, ModelRequest)
        else message
        for message in messages
    ]
