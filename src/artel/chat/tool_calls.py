"""The tool calls of answers, read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from artel.store.tool_tables import ToolCall
from artel.store.tx import UserTx


async def calls_of(tx: UserTx, message_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ToolCall]]:
    """The calls that were made for these answers, in the order the model made them."""
    if not message_ids:
        return {}
    query = select(ToolCall).where(ToolCall.user_id == tx.user_id, ToolCall.message_id.in_(message_ids))
    found: dict[UUID, list[ToolCall]] = defaultdict(list)
    for call in await tx.session.scalars(query.order_by(ToolCall.created_at, ToolCall.place)):
        found[call.message_id].append(call)
    return found
