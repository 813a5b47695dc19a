"""How agents are called: `@coder` by their user, `user7_coder` by everything else."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

from anyascii import anyascii

from artel.kit.errors import FieldProblem, Invalid

MAX_HANDLE = 40
ORCHESTRATOR = "orchestrator"
"""The handle of the orchestrator's own row."""

_HANDLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_AGENT_ID = re.compile(r"user([1-9][0-9]{0,15})_(.+)", re.DOTALL)
_RESERVED = frozenset({ORCHESTRATOR, "auto", "all", "everyone", "me", "user", "system", "assistant"})
_MENTION = re.compile(r"@([A-Za-z0-9][A-Za-z0-9_-]*)(?:\s+|$)")
_FALLBACK = "agent"


_WRONG_CHARACTERS = FieldProblem(
    "handle",
    f"Use a-z, 0-9, _ and -, at most {MAX_HANDLE} of them.",
    "handle_characters",
    {"max_length": MAX_HANDLE},
)


class BadHandle(Invalid):
    """A handle has 1 to 40 of the characters a-z, 0-9, _ and -, and starts with a letter or a digit."""

    slug = "bad-handle"


def user_prefix(user_id: int) -> str:
    """What every agent id of the user starts with."""
    return f"user{user_id}_"


def agent_id_of(user_id: int, handle: str) -> str:
    """The agent's public id."""
    return user_prefix(user_id) + handle


def handle_of(user_id: int, agent_id: str) -> str:
    """The handle within the agent's public id."""
    return agent_id.removeprefix(user_prefix(user_id))


def owner_of(name: str) -> int | None:
    """The user that a name like `user7_coder` names, None for any other name."""
    match = _AGENT_ID.fullmatch(name)
    return int(match[1]) if match else None


def check_handle(text: str) -> str:
    """The handle as it is stored: in lower case, without @.

    Raises:
        BadHandle: it cannot be one.
    """
    handle = text.strip().removeprefix("@").lower()
    if not _HANDLE.fullmatch(handle):
        raise BadHandle(fields=[_WRONG_CHARACTERS])
    if handle in _RESERVED or _AGENT_ID.fullmatch(handle):
        fields = [FieldProblem("handle", "Choose another one.", "handle_reserved")]
        raise BadHandle("This handle has another meaning.", reason="handle-reserved", fields=fields)
    return handle


def handle_from_name(name: str, taken: Collection[str]) -> str:
    """A free handle made of a name in any script: "Кодер №2" gives "koder_no2"."""
    plain = re.sub(r"[^a-z0-9]+", "_", anyascii(name).lower()).strip("_")[:MAX_HANDLE].strip("_") or _FALLBACK
    if _AGENT_ID.fullmatch(plain):
        plain = _FALLBACK
    if plain not in taken and plain not in _RESERVED:
        return plain
    for number in count(2):
        suffix = f"_{number}"
        candidate = plain[: MAX_HANDLE - len(suffix)].rstrip("_") + suffix
        if candidate not in taken:
            return candidate
    raise AssertionError("unreachable: numbers do not end")


def mentioned(content: str) -> str | None:
    """The handle that a message starts with: "coder" of "@coder hi", None when it starts otherwise."""
    match = _MENTION.match(content)
    return match[1].lower() if match else None


def called_agent(user_id: int, name: str) -> str | None:
    """The agent id that `user7_coder`, `coder` or `@coder` means for this user; None when it means none of theirs."""
    plain = name.strip().removeprefix("@").lower()
    owner = owner_of(plain)
    if owner is not None:
        return plain if owner == user_id else None
    return agent_id_of(user_id, plain) if _HANDLE.fullmatch(plain) else None
