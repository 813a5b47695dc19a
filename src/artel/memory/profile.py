"""What a user wants every agent to know: a text that stands in each prompt, written by nobody but the user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from artel.store.shards import Shards
from artel.store.tx import UserTx

MAX_PROFILE_CHARS: Final = 3_200
"""About 800 tokens: every turn pays for it."""


@dataclass(frozen=True, slots=True)
class ProfileView:
    """learn: facts are learned from chats. updated_at: None as long as nothing was said about it."""

    text: str = ""
    learn: bool = True
    updated_at: datetime | None = None


class Profiles:
    """One user's."""

    def __init__(self, user_id: int, shards: Shards) -> None:
        self._user_id = user_id
        self._shards = shards

    async def get(self) -> ProfileView:
        """As it stands."""
        async with self._shards.user_tx(self._user_id) as tx:
            return await read_profile(tx)

    async def put(self, text: str, *, learn: bool) -> ProfileView:
        """Replaces it; the next answer follows."""
        async with self._shards.user_tx(self._user_id) as tx:
            await tx.execute(_PUT, tx.user_id, text, learn)
            return await read_profile(tx)


async def read_profile(tx: UserTx) -> ProfileView:
    """The profile of the transaction's user."""
    row = await tx.fetchrow("select text, learn, updated_at from profiles where user_id = $1", tx.user_id)
    return ProfileView() if row is None else ProfileView(row["text"], row["learn"], row["updated_at"])


_PUT = """
insert into profiles (user_id, text, learn) values ($1, $2, $3)
on conflict (user_id) do update set text = $2, learn = $3, updated_at = now()
"""
