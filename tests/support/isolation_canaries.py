"""Words that give a leak away: a canary names its owner, so whoever finds one knows whose text it is."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

_CANARY = re.compile(r"zq(\d+)x[0-9a-f]{10}", re.IGNORECASE)


def canary(user_id: int) -> str:
    """A new word of this user's that nobody else can have written."""
    return f"zq{user_id}x{secrets.token_hex(5)}"


def owners_in(text: str | bytes) -> set[int]:
    """Whose canaries are in a text."""
    return {int(owner) for owner in _CANARY.findall(_as_text(text))}


@dataclass
class Treasure:
    """Everything of one user's by which a leak is recognised, beside the canaries."""

    user_id: int
    secrets: set[str] = field(default_factory=set[str])
    """Passwords, keys, tokens, the e-mail address: they stand in no log and in nobody else's answer."""
    ids: set[str] = field(default_factory=set[str])
    """Ids of what the user owns: a log may hold them, an answer to somebody else may not."""

    def content_in(self, text: str | bytes) -> list[str]:
        """Content and secrets of the user that are in a text."""
        plain = _as_text(text)
        words = {match[0] for match in _CANARY.finditer(plain) if int(match[1]) == self.user_id}
        return sorted(words | self._found(self.secrets, plain))

    def found_in(self, text: str | bytes, sent: str = "") -> list[str]:
        """Everything of the user that is in an answer, except what the asker had said in the question (`sent`)."""
        plain = _as_text(text)
        found = {*self.content_in(plain), *self._found(self.ids, plain)}
        return sorted(word for word in found if word.lower() not in sent.lower())

    @staticmethod
    def _found(words: set[str], plain: str) -> set[str]:
        return {word for word in words if word.lower() in plain.lower()}


def _as_text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")
