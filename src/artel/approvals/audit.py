"""The record of who decided what, when, by which proof, with which arguments. Written in the deciding transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from artel.kit.stored import stored_json
from artel.store.tool_tables import AuditEntry
from artel.store.tx import UserTx

ActorKind = Literal["browser", "api_key", "policy", "time"]
Action = Literal["confirmed", "rejected", "expired", "denied"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decided: the user in a browser or by an API key (`proof`: the sign-in or key), a policy, or time itself."""

    kind: ActorKind
    proof: UUID | None = None


POLICY = Actor("policy")
TIME = Actor("time")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about."""

    action: Action
    actor: Actor
    session_id: int | None
    run_id: UUID | None
    agent_id: str | None = None
    tool_id: str | None = None
    approval_id: UUID | None = None
    arguments: Any = None
    detail: Any = None


async def record(tx: UserTx, entry_id: UUID, decided: Decided) -> None:
    """Writes an entry."""
    await tx.execute(
        _RECORD,
        tx.user_id,
        entry_id,
        decided.action,
        decided.actor.kind,
        decided.actor.proof,
        decided.agent_id,
        decided.tool_id,
        decided.session_id,
        decided.run_id,
        decided.approval_id,
        None if decided.arguments is None else stored_json(decided.arguments),
        None if decided.detail is None else stored_json(decided.detail),
    )


async def page(
    tx: UserTx, limit: int, before: UUID | None, *, tool_id: str | None = None, agent_id: str | None = None
) -> tuple[Sequence[AuditEntry], bool]:
    """The newest first, at most `limit`; and whether there are more."""
    query = select(AuditEntry).where(AuditEntry.user_id == tx.user_id)
    if tool_id is not None:
        query = query.where(AuditEntry.tool_id == tool_id)
    if agent_id is not None:
        query = query.where(AuditEntry.agent_id == agent_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    rows = (await tx.session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit + 1))).all()
    return rows[:limit], len(rows) > limit


# With the name that the proof has now: keys and sign-ins may be gone when the record is read.
_RECORD = """
insert into audit_log (
    user_id, id, action, actor, agent_id, tool_id, session_id, run_id, approval_id, arguments, detail
)
values (
    $1, $2, $3, jsonb_build_object('kind', $4::text, 'proof', $5::uuid, 'name', case $4::text
        when 'api_key' then (select name from api_keys where user_id = $1 and id = $5)
        when 'browser' then (select user_agent from sign_ins where user_id = $1 and id = $5)
    end), $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb
)
"""
