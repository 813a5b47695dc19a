"""Parts of the product with a check left out, to see what the others make of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from artel.bus.model import NoSuchSession
from artel.store.tables import ChatSession
from artel.store.tx import UserTx

REVOKE_ANYONES_KEY: Final = "delete from api_keys where $1::bigint is not null and id = $2 returning id"
"""`artel.accounts.api_keys`' statement without its filter."""


async def find_anyones_session(tx: UserTx, session_id: int) -> ChatSession:
    """`artel.chat.sessions.find_session` without its filter."""
    row = await tx.session.scalar(select(ChatSession).where(ChatSession.id == session_id))
    if row is None:
        raise NoSuchSession
    return row
