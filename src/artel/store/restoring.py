"""The mark of a database that is being restored: in the place of its name, so that no server starts on half a house."""

from __future__ import annotations

from typing import Final

from artel.kit.errors import ArtelError

MARK: Final = "restoring"


class RestoreUnfinished(ArtelError):
    """A restore was begun here and not finished. Run 'artel restore' again: it begins anew by itself."""

    slug = "restore-unfinished"


def is_mark(name: str) -> bool:
    """Whether this is no shard's name."""
    return name == MARK
