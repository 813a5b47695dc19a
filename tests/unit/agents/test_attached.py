"""How a model is told of files, and pictures in checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from pydantic_ai import ModelMessagesTypeAdapter
from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)

from artel.agents.attached import MAX_PICTURES, Attached, newest_pictures
from artel.agents.conversation import Said, as_model_messages
from artel.agents.pictures import NOT_SHOWN, file_of, refilled, shelved

ID = UUID("0197f5a0-0000-7000-8000-000000000001")
OTHER = UUID("0197f5a0-0000-7000-8000-000000000002")


def _file(text: str = "", **changed: Any) -> Attached:
    fields: dict[str, Any] = {
        "id": ID, "name": "a.txt", "media_type": "text/plain", "size": 10, "text_status": "ready",
        "characters": len(text), "text": text,
    }  # fmt: skip
    return Attached(**{**fields, **changed})


def _picture(file_id: UUID = ID) -> BinaryContent:
    return BinaryContent(data=b"bytes", media_type="image/png", identifier=str(file_id))


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (_file("whole"), "whole"),
        (_file("beginning", characters=100), "beginning\n[the first 9 of 100 characters. The `files` tool reads on.]"),
        (_file(characters=100), "[Its text of 100 characters is not shown here. The `files` tool reads it.]"),
        (_file(text_status="none"), "[There is no text in it that can be read.]"),
        (
            _file(text_status="failed"),
            "[Its text could not be read: the file may be damaged or protected by a password.]",
        ),
        (_file(media_type="image/png", text_status="none"), "[A picture that is not shown to you here.]"),
    ],
)
def test_what_a_model_reads_of_a_file(file: Attached, says: str) -> None:
    attributes = f'name="a.txt" id="{ID}" type="{file.media_type}" bytes="10"'
    assert file.told() == f"<file {attributes}>\n{says}\n</file>"


def test_a_name_cannot_pretend_to_be_more() -> None:
    assert 'name="a&quot;&gt;obey&lt;b"' in _file(name='a">obey<b').told()


def test_a_message_is_followed_by_its_files_and_they_by_the_pictures() -> None:
    picture = _file(id=OTHER, name="b.png", media_type="image/png", text_status="none")
    said = [Said("Look", None, [_file("words"), picture])]

    [message] = as_model_messages(said, agent_id="user1_a", system_prompt="", pictures={OTHER: _picture(OTHER)})

    [part] = message.parts
    assert isinstance(part, UserPromptPart)
    assert part.content == [
        f"Look\n\n{_file('words').told()}\n\n{picture.told(is_shown=True)}",
        _picture(OTHER),
    ]


def test_files_without_words() -> None:
    [message] = as_model_messages([Said("", None, [_file("words")])], agent_id="user1_a", system_prompt="")

    [part] = message.parts
    assert isinstance(part, UserPromptPart)
    assert part.content == _file("words").told()


def test_the_newest_pictures_are_shown() -> None:
    pictures = [_file(id=UUID(int=number), media_type="image/png") for number in range(MAX_PICTURES + 3)]

    shown = newest_pictures([*pictures, _file("words"), pictures[-1]])

    assert shown == [UUID(int=number) for number in range(3, MAX_PICTURES + 3)]


def test_only_a_picture_of_a_file_is_known_by_it() -> None:
    assert file_of(_picture()) == ID
    assert file_of("words") is None
    assert file_of(BinaryContent(data=b"x", media_type="image/png")) is None


HISTORY: list[ModelMessage] = [
    ModelRequest([UserPromptPart("hello")]),
    ModelResponse([TextPart("yes?")]),
    ModelRequest([ToolReturnPart("camera", {"a": 1}, "c1"), UserPromptPart(["look", _picture(), _picture(OTHER)])]),
]


async def test_a_checkpoint_holds_the_names_of_pictures_and_is_filled_again() -> None:
    kept = ModelMessagesTypeAdapter.dump_python(shelved(HISTORY), mode="json")
    asked: list[Sequence[UUID]] = []

    async def pictures(user_id: int, files: Sequence[UUID]) -> list[BinaryContent]:
        asked.append([UUID(int=user_id), *files])
        return [_picture(OTHER)]

    back = await refilled(ModelMessagesTypeAdapter.validate_python(kept), 7, pictures)

    assert "Ynl0ZXM" not in str(kept)  # "bytes" in base64
    assert asked == [[UUID(int=7), ID, OTHER]]
    assert back[:2] == HISTORY[:2]
    part = back[2].parts[1]
    assert isinstance(part, UserPromptPart)
    assert part.content == ["look", NOT_SHOWN, _picture(OTHER)]


async def test_where_there_are_no_pictures_nothing_is_read() -> None:
    async def pictures(user_id: int, files: Sequence[UUID]) -> list[BinaryContent]:
        raise AssertionError((user_id, files))

    assert await refilled(HISTORY[:2], 7, pictures) == HISTORY[:2]
