"""Parts of the product with a check left out, to see what the others make of it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select

from artel.approvals.manager import NoSuchApproval
from artel.bus.model import NoSuchSession
from artel.store.tables import ApprovalRequest, ChatSession
from artel.store.tx import UserTx

REVOKE_ANYONES_KEY: Final = "delete from api_keys where $1::bigint is not null and id = $2 returning id"
"""`artel.accounts.api_keys`' statement without its filter."""


async def find_anyones_session(tx: UserTx, session_id: int) -> ChatSession:
    """`artel.chat.sessions.find_session` without its filter."""
    row = await tx.session.scalar(select(ChatSession).where(ChatSession.id == session_id))
    if row is None:
        raise NoSuchSession
    return row


async def find_anyones_approval(tx: UserTx, approval_id: UUID) -> ApprovalRequest:
    """`artel.approvals.manager.find` without its filter."""
    row = await tx.session.scalar(select(ApprovalRequest).where(ApprovalRequest.id == approval_id))
    if row is None:
        raise NoSuchApproval
    return row


TYPE_OF_ANYONES_APPROVAL: Final = "select type from approval_requests where $1::bigint is not null and id = $2"
"""`artel.approvals.manager.type_of`'s question without its filter."""

ANYONES_TEAM: Final = "select agent_id, config from user_agents where $1::bigint is not null and is_active order by id"
"""`artel.orchestrator.team`'s question without its filter."""
