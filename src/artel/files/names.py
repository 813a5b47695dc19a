"""What a file may be called. A name is shown and sent, and never becomes part of a path."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_NAME: Final = 200
NAMELESS: Final = "file"

_FOLDERS: Final = re.compile(r".*[/\\]", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")
_MAX_SUFFIX: Final = 20


def clean_name(name: str) -> str:
    """A name without folders, line breaks and characters that one does not see, of at most `MAX_NAME` characters.

    What turns the direction of reading goes too: it makes "gpj.exe" look like "exe.jpg".
    """
    name = _SPACES.sub(" ", _FOLDERS.sub("", name))
    name = "".join(character for character in name if unicodedata.category(character)[0] != "C")
    # What stood around something invisible stands together now.
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip(" .")
    if len(name) > MAX_NAME:
        stem, dot, suffix = name.rpartition(".")
        ending = f".{suffix}" if dot and stem and len(suffix) <= _MAX_SUFFIX else ""
        name = name[: MAX_NAME - len(ending)].rstrip(" .") + ending
    return name or NAMELESS
