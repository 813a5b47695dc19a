"""For whom a tool acts in tests."""

from __future__ import annotations

from uuid import UUID

from artel.tools.tool import Caller

NOBODY = UUID(int=0)


def caller(locale: str = "en") -> Caller:
    """Somebody, an ordinary user."""
    return Caller(1, "user1_coder", 1, NOBODY, NOBODY, "1.call_0", locale=locale)
