"""Names that models and people can use, made of what strangers call things."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from itertools import count
from typing import Final
from unicodedata import category

from anyascii import anyascii

SEPARATOR: Final = "__"
"""Between a server's handle and a tool's name: a handle has none, so the two cannot be confused."""
MAX_HANDLE: Final = 24
MAX_TOOL_ID: Final = 64
"""What providers of models allow."""

_HASH_CHARS: Final = 8
_FALLBACK: Final = "server"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Without them Persian words and emoji fall apart."""


def handle_of(name: str, taken: Collection[str]) -> str:
    """A free handle made of a server's name: "Мои заметки" gives "moi-zametki"."""
    plain = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")[:MAX_HANDLE].strip("-") or _FALLBACK
    for number in count(1):
        suffix = "" if number == 1 else f"-{number}"
        candidate = plain[: MAX_HANDLE - len(suffix)].rstrip("-") + suffix
        if candidate not in taken:
            return candidate
    raise AssertionError("unreachable: numbers do not end")


def tool_id_of(handle: str, name: str) -> str:
    """The id of a server's tool: `notes__search`, of at most 64 of the characters A-Z, a-z, 0-9, _ and -.

    A name that does not fit is rewritten and gets a hash of itself, so that two such stay two, whatever else the
    server lists.
    """
    room = MAX_TOOL_ID - len(handle) - len(SEPARATOR)
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) and len(name) <= room:
        return f"{handle}{SEPARATOR}{name}"
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", anyascii(name[:200])).strip("_")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]
    return f"{handle}{SEPARATOR}{plain[: room - _HASH_CHARS - 1]}-{digest}"


def handles_in(tool_ids: Collection[str]) -> set[str]:
    """The handles that ids of tools begin with, of those that may be of a server."""
    return {handle for handle, separator, _ in (tool_id.partition(SEPARATOR) for tool_id in tool_ids) if separator}


def readable(text: str, most: int) -> str:
    """A text without what nobody sees: control characters, tags and marks that turn the direction of writing.

    What a person agrees to is then what a model reads.
    """
    kept = (char for char in text[: most * 2] if char in "\n\t" or char in _JOINERS or category(char) not in _UNSEEN)
    plain = "".join(kept).strip()
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
