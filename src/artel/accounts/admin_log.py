"""What administrators did, written in the transaction that does it. Accounts are named by their ids alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from artel.store.limits_tables import AdminEntry
from artel.store.shards import Shards

Action = Literal[
    "add", "change", "sign_out", "password_link", "password_reset", "delete", "invite", "uninvite", "join", "settings"
]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, to whom, and the new values."""

    action: Action
    account_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


def note(session: AsyncSession, entry_id: UUID, actor: int | None, deed: Deed) -> None:
    """Adds an entry to the transaction. actor: None for a command on the server."""
    session.add(
        AdminEntry(id=entry_id, actor=actor, action=deed.action, account_id=deed.account_id, details=dict(deed.details))
    )


class AdminLog:
    """Reads it."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def page(self, limit: int, before: UUID | None) -> tuple[Sequence[AdminEntry], bool]:
        """The newest first, at most `limit`; and whether there are more."""
        query = select(AdminEntry).order_by(AdminEntry.id.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(AdminEntry.id < before)
        async with self._shards.system_tx() as session:
            rows = (await session.scalars(query)).all()
        return rows[:limit], len(rows) > limit
