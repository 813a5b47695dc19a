"""The "@handle" that a message may begin with: an address for us, and no part of what is said."""

from __future__ import annotations

import re
from typing import Final

_MENTION: Final = re.compile(r"\s*@[\w-]+\s+")


def without_mention(content: str) -> str:
    """A message without the "@handle" it is addressed by."""
    return content[found.end() :] if (found := _MENTION.match(content)) else content
