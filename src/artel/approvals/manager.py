"""Approvals as rows: made in the transaction of what waits, answered once, listed in one inbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import select

from artel.kit.clock import utc_now
from artel.kit.errors import Conflict, NotFound
from artel.kit.stored import stored_json
from artel.store.tables import ApprovalRequest
from artel.store.tx import UserTx

Resolution = Literal["confirmed", "rejected", "expired"]

OnAnswer = Callable[[str, float], None]
"""Told, after the commit, that a user answered: what was asked (`plan`, `tool`), and how many seconds before."""


class NoSuchApproval(NotFound):
    """You have no approval under this id."""


class AlreadyResolved(Conflict):
    """This was answered otherwise before, perhaps in another tab. The first answer holds."""

    slug = "already-resolved"


def unheard(kind: str, seconds: float) -> None:
    """An `OnAnswer` that nobody listens to."""


def waited(row: ApprovalRequest) -> float:
    """For how many seconds it has been waiting for its answer."""
    return max(0.0, (utc_now() - row.created_at).total_seconds())


async def find(tx: UserTx, approval_id: UUID) -> ApprovalRequest:
    """An approval of this user.

    Raises:
        NoSuchApproval: there is none.
    """
    row = await tx.session.get(ApprovalRequest, (tx.user_id, approval_id), populate_existing=True)
    if row is None:
        raise NoSuchApproval
    return row


async def type_of(tx: UserTx, approval_id: UUID) -> str:
    """What an approval of this user is about: a "plan" or a "tool".

    Raises:
        NoSuchApproval: there is none.
    """
    found: str | None = await tx.fetchval(_TYPE, tx.user_id, approval_id)
    if found is None:
        raise NoSuchApproval
    return found


@dataclass(frozen=True, slots=True)
class ToolQuestion:
    """May this call be carried out? Or: page, carry it out."""

    approval_id: UUID
    session_id: int
    run_id: UUID
    task: UUID
    call_id: str
    expires_at: datetime
    request: dict[str, Any]


async def ask_for_tool(tx: UserTx, question: ToolQuestion) -> None:
    """Lets a call wait for its user."""
    await tx.execute(
        _ASK_FOR_TOOL,
        tx.user_id,
        question.approval_id,
        question.session_id,
        question.run_id,
        question.task,
        question.call_id,
        question.expires_at,
        stored_json(question.request),
    )


async def ask_for_plan(
    tx: UserTx, approval_id: UUID, *, session_id: int, run_id: UUID, plan_id: UUID, request: dict[str, Any]
) -> None:
    """Lets a plan wait for its user, for days if need be."""
    await tx.execute(_ASK, tx.user_id, approval_id, session_id, run_id, plan_id, orjson.dumps(request).decode())


async def resolve(
    tx: UserTx, approval_id: UUID, resolution: Resolution, *, result: Any = None, reason: str | None = None
) -> bool:
    """Answers an approval; False when it was answered so before, which changes nothing.

    Raises:
        NoSuchApproval: there is none.
        AlreadyResolved: it was answered otherwise.
    """
    stored = None if result is None else orjson.dumps(result).decode()
    if await tx.fetchval(_RESOLVE, tx.user_id, approval_id, resolution, stored, reason) is not None:
        return True
    status = await tx.fetchval(_STATUS, tx.user_id, approval_id)
    if status is None:
        raise NoSuchApproval
    if status != resolution:
        raise AlreadyResolved(f"This was answered before: it is {status}. The first answer holds.")
    return False


async def page(
    tx: UserTx, status: str | None, limit: int, before: UUID | None
) -> tuple[Sequence[ApprovalRequest], bool]:
    """The newest first, at most `limit`; and whether there are more."""
    query = select(ApprovalRequest).where(ApprovalRequest.user_id == tx.user_id)
    if status is not None:
        query = query.where(ApprovalRequest.status == status)
    if before is not None:
        query = query.where(ApprovalRequest.id < before)
    rows = (await tx.session.scalars(query.order_by(ApprovalRequest.id.desc()).limit(limit + 1))).all()
    return rows[:limit], len(rows) > limit


async def of_runs(tx: UserTx, run_ids: Collection[UUID]) -> Sequence[ApprovalRequest]:
    """The approvals of these runs, oldest first."""
    query = select(ApprovalRequest).where(ApprovalRequest.user_id == tx.user_id, ApprovalRequest.run_id.in_(run_ids))
    return (await tx.session.scalars(query.order_by(ApprovalRequest.id))).all()


_ASK = """
insert into approval_requests (user_id, id, session_id, run_id, plan_id, type, request)
values ($1, $2, $3, $4, $5, 'plan', $6::jsonb)
"""

_ASK_FOR_TOOL = """
insert into approval_requests (user_id, id, session_id, run_id, task, tool_call_id, expires_at, type, request)
values ($1, $2, $3, $4, $5, $6, $7, 'tool', $8::jsonb)
"""

_RESOLVE = """
update approval_requests set status = $3, result = $4::jsonb, reason = $5, resolved_at = now()
where user_id = $1 and id = $2 and status = 'pending' returning id
"""

_TYPE = "select type from approval_requests where user_id = $1 and id = $2"

_STATUS = "select status from approval_requests where user_id = $1 and id = $2"
