"""Paths inside the archive: whatever a file or a chat is called, they stay below their folder, on every system."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from artel.files.names import clean_name

_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_STEM: Final = 80


def safe_name(name: str) -> str:
    """A name that Windows, macOS and Linux all take, and that leads nowhere."""
    name = _FORBIDDEN.sub("_", clean_name(name)).strip(" .") or "file"
    return f"_{name}" if _RESERVED.match(name) else name


def chat_name(title: str, session_id: int) -> str:
    """Of a chat, without suffix. The id makes it the only one."""
    stem = safe_name(title)[:_LONGEST_STEM].strip(" .") if title.strip() else "chat"
    return f"{stem} {session_id}"


class Names:
    """Makes each name the only one of its folder, also where capital letters count as small ones."""

    def __init__(self, *taken: str) -> None:
        self._taken = {_folded(name) for name in taken}

    def unique(self, name: str) -> str:
        """The name, with a number if it was there before."""
        name = safe_name(name)
        stem, dot, suffix = name.rpartition(".")
        if not stem:
            stem, dot, suffix = name, "", ""
        candidate, number = name, 1
        while _folded(candidate) in self._taken:
            number += 1
            candidate = f"{stem} ({number}){dot}{suffix}"
        self._taken.add(_folded(candidate))
        return candidate


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
