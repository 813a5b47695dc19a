"""Files that are sent along with a message."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from artel.files.store import missing
from artel.kit.errors import FieldProblem, Invalid
from artel.store.tx import UserTx


class NoSuchAttachment(Invalid):
    """The message names a file that you do not have. It may have been deleted; attach it again."""

    slug = "no-such-attachment"


async def attach(tx: UserTx, message_id: UUID, file_ids: Sequence[UUID]) -> str:
    """Ties files to a message, in the transaction that stores it; answers the name of the first.

    Raises:
        NoSuchAttachment: naming each that is not this user's.
    """
    wanted = list(dict.fromkeys(file_ids))
    absent = set(await missing(tx, wanted))
    if absent:
        places = [place for place, file_id in enumerate(file_ids) if file_id in absent]
        raise NoSuchAttachment(
            fields=[FieldProblem(f"attachments.{place}", "No such file.", "no_such_file") for place in places]
        )
    await tx.execute(_ATTACH, tx.user_id, message_id, wanted)
    return await tx.fetchval("select name from files where user_id = $1 and id = $2", tx.user_id, wanted[0])


_ATTACH = """
insert into message_files (user_id, message_id, file_id, place)
select $1, $2, file_id, place from unnest($3::uuid[]) with ordinality as wanted (file_id, place)
"""
