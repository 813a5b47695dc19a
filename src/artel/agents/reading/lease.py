"""Who reads a user's chats: one process at a time, and nobody before the time that the last one named.

Both stand in `memory_state`: `reader` and `read_after`. No transaction stays open while a model is asked; what is
written afterwards is fenced by the lease instead, and a process that lost it writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from artel.kit.errors import ArtelError
from artel.store.shards import Shards
from artel.store.tx import UserTx

LEASE_SECONDS: Final = 240.0
"""Longer than a model may be asked; renewed before each question. So long nobody reads on after a kill -9."""

_log = structlog.get_logger(__name__)


class ReaderLost(ArtelError):
    """Another process reads this user's chats now."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to read one user's chats. `reader`: unique for each visit."""

    shards: Shards
    user_id: int
    reader: str

    async def take(self) -> bool:
        """Whether it is ours now."""
        async with self.shards.user_tx(self.user_id) as tx:
            return await tx.fetchval(_TAKE, self.user_id, self.reader, LEASE_SECONDS) is not None

    async def keep(self, tx: UserTx) -> None:
        """Renews it, and locks it until the end of the transaction: nobody else takes it before that.

        Raises:
            ReaderLost: it is not ours any more.
        """
        if await tx.fetchval(_KEEP, self.user_id, self.reader, LEASE_SECONDS) is None:
            raise ReaderLost

    async def renew(self) -> None:
        """As `keep`, in a transaction of its own."""
        async with self.shards.user_tx(self.user_id) as tx:
            await self.keep(tx)

    async def give_back(self, pause: float) -> None:
        """Ends it; nobody reads for `pause` seconds. If that cannot be written, it runs out by itself."""
        try:
            async with self.shards.user_tx(self.user_id) as tx:
                await tx.execute(_GIVE_BACK, self.user_id, self.reader, pause)
        except ArtelError as error:
            _log.warning("chats_not_given_back", user_id=self.user_id, error=error.slug)


_UNTIL: Final = "now() + $3::double precision * interval '1 second'"

_TAKE: Final = f"""
insert into memory_state (user_id, reader, read_after) values ($1, $2, {_UNTIL})
on conflict (user_id) do update set reader = excluded.reader, read_after = excluded.read_after
where memory_state.read_after is null or memory_state.read_after < now()
returning true
"""

_KEEP: Final = f"""
update memory_state set read_after = {_UNTIL} where user_id = $1 and reader = $2 returning true
"""

_GIVE_BACK: Final = f"""
update memory_state set reader = null, read_after = case when $3::double precision > 0 then {_UNTIL} end
where user_id = $1 and reader = $2
"""
