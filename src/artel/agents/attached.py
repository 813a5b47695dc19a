"""Files that came with messages, as a model is told of them: texts within a budget, pictures, and notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final
from uuid import UUID

from artel.files.kinds import PICTURES
from artel.store.tx import UserTx

FILE_CHARS: Final = 20_000
"""Of one file; about 5,000 tokens. An agent reads on with the `files` tool."""
ALL_CHARS: Final = 60_000
"""Of all files of a conversation, the newest first."""
MAX_PICTURES: Final = 10
"""Of a conversation, the newest: each costs about as much as 4,000 characters, every time."""

_WORTH_SHOWING: Final = 500


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message. `text`: its beginning, as far as it is shown."""

    id: UUID
    name: str
    media_type: str
    size: int
    text_status: str
    characters: int
    text: str = ""

    @property
    def is_picture(self) -> bool:
        """A model that sees can be shown it."""
        return self.media_type in PICTURES

    def cut(self, characters: int) -> Attached:
        """The same with less of its text."""
        return replace(self, text=self.text[:characters])

    def told(self, *, is_shown: bool = False) -> str:
        """What a model reads of it. `is_shown`: the picture itself follows."""
        return f"<file {self._attributes()}>\n{self._content(is_shown=is_shown)}\n</file>"

    def _attributes(self) -> str:
        return f'name="{escape(self.name)}" id="{self.id}" type="{self.media_type}" bytes="{self.size}"'

    def _content(self, *, is_shown: bool) -> str:
        if self.is_picture:
            return "[A picture; it is shown below.]" if is_shown else "[A picture that is not shown to you here.]"
        if self.text_status == "failed":
            return "[Its text could not be read: the file may be damaged or protected by a password.]"
        if self.text_status == "none":
            return "[There is no text in it that can be read.]"
        if not self.text:
            return f"[Its text of {self.characters} characters is not shown here. The `files` tool reads it.]"
        if len(self.text) < self.characters:
            shown = f"the first {len(self.text)} of {self.characters} characters"
            return f"{self.text}\n[{shown}. The `files` tool reads on.]"
        return self.text


async def read_attached(tx: UserTx, message_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Attached]]:
    """The files of messages by the message's id, with their texts within the budget; give the newest message first."""
    if not message_ids:
        return {}
    rows = await tx.fetch(_FILES, tx.user_id, list(message_ids))
    by_message = defaultdict[UUID, list[Attached]](list)
    for row in rows:
        by_message[row["message_id"]].append(_attached(row))
    newest_first = [file for message_id in message_ids for file in by_message[message_id]]
    shares = _shares(newest_first)
    texts: dict[UUID, str] = {}
    if shares:
        found = await tx.fetch(_TEXTS, tx.user_id, list(shares), list(shares.values()))
        texts = {row["id"]: row["text"] or "" for row in found}
    told: dict[UUID, Sequence[Attached]] = {}
    for message_id in message_ids:
        # A file that was sent twice is told once.
        told[message_id] = [replace(file, text=texts.pop(file.id, "")) for file in by_message[message_id]]
    return told


def newest_pictures(files: Iterable[Attached]) -> list[UUID]:
    """The pictures that are shown of these files, which are given in reading order."""
    pictures = list(dict.fromkeys(file.id for file in files if file.is_picture))
    return pictures[-MAX_PICTURES:]


def _shares(newest_first: Sequence[Attached]) -> dict[UUID, int]:
    left = ALL_CHARS
    shares: dict[UUID, int] = {}
    for file in newest_first:
        share = min(FILE_CHARS, file.characters, left)
        if file.id in shares or file.text_status != "ready" or share < min(_WORTH_SHOWING, file.characters):
            continue
        shares[file.id] = share
        left -= share
    return shares


def _attached(row: Any) -> Attached:
    return Attached(row["id"], row["name"], row["media_type"], row["size"], row["text_status"], row["characters"])


_FILES = """
select message_files.message_id, files.id, files.name, files.media_type, files.size, files.text_status, files.characters
from message_files join files on files.user_id = $1 and files.id = message_files.file_id
where message_files.user_id = $1 and message_files.message_id = any($2::uuid[])
order by message_files.message_id, message_files.place
"""

_TEXTS = """
select files.id, left(files.text, wanted.characters::int) as text
from unnest($2::uuid[], $3::bigint[]) as wanted (id, characters)
join files on files.user_id = $1 and files.id = wanted.id
"""
