"""That somebody can always manage the server: who changes roles, or ends accounts, does it one at a time.

Without one lock for all of them, of two administrators who go at the same moment each would see the other still there.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from artel.kit.errors import Conflict
from artel.store.tables import User


class LastAdministrator(Conflict):
    """This is the last active administrator: nobody could manage the server any more. Make somebody else an
    administrator first, or delete the other accounts."""

    slug = "last-administrator"


_LOCK: Final = text("select pg_advisory_xact_lock(7233, 3)")


async def one_at_a_time(session: AsyncSession) -> None:
    """Waits until nobody else is at it; until the transaction ends, nobody else will be."""
    await session.execute(_LOCK)


async def others_manage(session: AsyncSession, user_id: int) -> bool:
    """Whether there are active administrators beside this one; only under `one_at_a_time` it stays so."""
    others = select(func.count()).where(User.role == "admin", User.is_active, User.id != user_id)
    return bool(await session.scalar(others))
