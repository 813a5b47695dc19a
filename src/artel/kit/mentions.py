"""How a message names the agent it is for, at its beginning: that is for us, not for whoever reads what it says."""

from __future__ import annotations

import re
from typing import Final

_MENTION: Final = re.compile(r"\s*@[\w-]+\s+")


def without_mention(content: str) -> str:
    """A message without the "@handle" it is addressed by."""
    return content[found.end() :] if (found := _MENTION.match(content)) else content
