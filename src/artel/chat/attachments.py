"""The files of messages, read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, select

from artel.store.tool_tables import MessageFile, StoredFile
from artel.store.tx import UserTx


async def files_of(tx: UserTx, message_ids: Collection[UUID]) -> Mapping[UUID, Sequence[StoredFile]]:
    """What was sent along with these messages, in its order."""
    if not message_ids:
        return {}
    same = and_(StoredFile.user_id == MessageFile.user_id, StoredFile.id == MessageFile.file_id)
    query = (
        select(MessageFile.message_id, StoredFile)
        .join(StoredFile, same)
        .where(MessageFile.user_id == tx.user_id, MessageFile.message_id.in_(message_ids))
    )
    found: dict[UUID, list[StoredFile]] = defaultdict(list)
    for message_id, file in await tx.session.execute(query.order_by(MessageFile.place)):
        found[message_id].append(file)
    return found
