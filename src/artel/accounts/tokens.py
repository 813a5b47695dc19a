"""Tokens that name their owner, so that looking one up happens inside that user's own space.

A browser's token is `<user id>.<secret>`, a program's key `artel_<user id>_<secret>`. Only the hash is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from artel.kit.ids import MAX_NUMBER
from artel.kit.secrets import new_secret, token_hash


class TokenKind(Enum):
    """What a token proves."""

    SIGN_IN = "sign_in"
    API_KEY = "api_key"


_SHAPES = {
    TokenKind.SIGN_IN: re.compile(r"([1-9][0-9]{0,15})\.[A-Za-z0-9_-]{43}"),
    TokenKind.API_KEY: re.compile(r"artel_([1-9][0-9]{0,15})_[A-Za-z0-9_-]{43}"),
}


@dataclass(frozen=True, slots=True)
class Token:
    """A token that has the right shape; whether it is worth anything only its owner's space knows."""

    kind: TokenKind
    user_id: int
    hash: bytes = field(repr=False)


def new_sign_in_token(user_id: int) -> str:
    """For a browser's cookie."""
    return f"{user_id}.{new_secret()}"


def new_api_key(user_id: int) -> str:
    """For a program."""
    return f"artel_{user_id}_{new_secret()}"


def parse_token(text: str, kind: TokenKind) -> Token | None:
    """The token, None when the text cannot be one."""
    match = _SHAPES[kind].fullmatch(text)
    if match is None or int(match[1]) > MAX_NUMBER:
        return None
    return Token(kind, int(match[1]), token_hash(text))
