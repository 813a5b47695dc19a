"""Who a request or a stream comes from, once that is proved."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, and what proved it: exactly one of a browser's sign-in and an API key."""

    user_id: int
    role: str
    sign_in_id: UUID | None = None
    api_key_id: UUID | None = None

    @property
    def proof(self) -> UUID | None:
        """The id of the sign-in or of the API key."""
        return self.sign_in_id or self.api_key_id
