"""The tool `files`, over files that are made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from artel.files.search import FileFacts
from artel.tools.builtin.files import READ_CHARS, files_tool
from artel.tools.tool import BadArguments, Outcome, ToolFailure
from tests.support.callers import caller

ID = UUID("0197f5a0-0000-7000-8000-000000000001")
FILE = FileFacts(ID, "a.txt", "text/plain", 30, "ready", 30, datetime(2026, 11, 25, tzinfo=UTC))


CALLER = caller()


class Made:
    """One file, or none; notes whose files were asked for."""

    def __init__(self, file: FileFacts | None = FILE) -> None:
        self.file = file
        self.asked: list[tuple[Any, ...]] = []

    async def newest(self, user_id: int, limit: int, skip: int = 0) -> tuple[Sequence[FileFacts], int]:
        self.asked.append((user_id, limit, skip))
        return ([self.file] if self.file else []), 7

    async def read(self, user_id: int, file_id: UUID, offset: int, limit: int) -> FileFacts | None:
        self.asked.append((user_id, file_id, offset, limit))
        text = ("x" * 30)[offset : offset + limit]
        return replace(self.file, text=text, at=offset) if self.file else None

    async def search(self, user_id: int, words: Sequence[str], limit: int) -> Sequence[FileFacts]:
        self.asked.append((user_id, *words, limit))
        return [replace(self.file, text="around", at=4)] if self.file else []


async def _use(made: Made, **arguments: Any) -> Outcome:
    tool = files_tool(made)
    assert tool.run is not None
    return await tool.run(CALLER, tool.check(arguments))


async def test_it_acts_for_its_caller_alone() -> None:
    made = Made()

    listed = await _use(made, action="list", offset=5)
    found = await _use(made, action="search", query=" two  words ")
    read = await _use(made, action="read", file_id=str(ID), offset=10, limit=5)

    me = CALLER.user_id
    assert made.asked == [(me, 50, 5), (me, "two", "words", 10), (me, ID, 10, 5)]
    assert (listed.value["total"], listed.value["files"][0]["name"]) == (7, "a.txt")
    assert (found.value["found"][0]["at"], found.value["found"][0]["excerpt"]) == (4, "around")
    assert (read.value["text"], read.value["offset"], read.value["next_offset"]) == ("xxxxx", 10, 15)


async def test_the_end_of_a_text_is_the_end() -> None:
    assert "next_offset" not in (await _use(Made(), action="read", file_id=str(ID))).value


async def test_a_picture_is_looked_at() -> None:
    outcome = await _use(
        Made(replace(FILE, media_type="image/png", text_status="none")), action="read", file_id=str(ID)
    )

    assert (outcome.files, "text" in outcome.value) == ([ID], False)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (None, "no file under this id"),
        (replace(FILE, text_status="failed"), "could not be read"),
        (replace(FILE, text_status="none", media_type="audio/wav"), "audio/wav"),
    ],
)
async def test_what_cannot_be_read_is_told(file: FileFacts | None, says: str) -> None:
    with pytest.raises(ToolFailure, match=says):
        await _use(Made(file), action="read", file_id=str(ID))


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "read"},
        {"action": "search", "query": "  "},
        {"action": "delete", "file_id": str(ID)},
        {"action": "read", "file_id": "../../etc/passwd"},
        {"action": "read", "file_id": str(ID), "user_id": 7},
        {"action": "read", "file_id": str(ID), "limit": READ_CHARS + 1},
        {"action": "read", "file_id": str(ID), "offset": -1},
    ],
)
async def test_other_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        await _use(Made(), **arguments)
