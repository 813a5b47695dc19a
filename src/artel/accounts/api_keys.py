"""Keys for programs: shown once, kept as a hash, revoked at any time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.tokens import new_api_key
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Conflict, NotFound
from artel.kit.ids import IdMaker
from artel.kit.secrets import key_hint, token_hash
from artel.store.shards import Shards
from artel.store.tx import UserTx

MAX_KEYS = 100
_USED_EVERY = timedelta(minutes=5)


class NoSuchApiKey(NotFound):
    """You have no API key under this id."""


class TooManyApiKeys(Conflict):
    """You have 100 API keys, which is the limit. Delete one you no longer use."""

    slug = "too-many-api-keys"


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """A key as its owner sees it."""

    id: UUID
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """The only moment in which the key itself is known."""

    view: ApiKeyView
    key: str = field(repr=False)


class ApiKeys:
    """Makes, finds and revokes them."""

    def __init__(self, shards: Shards, ids: IdMaker, revocations: Revocations, clock: Clock = utc_now) -> None:
        self._shards = shards
        self._ids = ids
        self._revocations = revocations
        self._clock = clock

    async def create(
        self, user_id: int, name: str, *, also: Callable[[UserTx, NewApiKey], Awaitable[None]] | None = None
    ) -> NewApiKey:
        """A new key; `also` runs in the same transaction.

        Raises:
            TooManyApiKeys: nothing was stored.
        """
        key = new_api_key(user_id)
        view = ApiKeyView(self._ids.uuid(), name, key_hint(key), self._clock(), None)
        made = NewApiKey(view, key)
        async with self._shards.user_tx(user_id) as tx:
            if await tx.fetchval(_COUNT, user_id) >= MAX_KEYS:
                raise TooManyApiKeys
            await tx.execute(_CREATE, user_id, view.id, name, view.hint, token_hash(key), view.created_at)
            if also:
                await also(tx, made)
        return made

    async def find(self, user_id: int, hashed: bytes) -> UUID | None:
        """The id of this key, None when there is none, or no longer.

        Raises:
            Unauthenticated: there is no such user.
        """
        now = self._clock()
        async with self._shards.user_tx(user_id) as tx:
            row = await tx.fetchrow(_FIND, user_id, hashed)
            if row is None:
                return None
            if row["last_used_at"] is None or now - row["last_used_at"] >= _USED_EVERY:
                await tx.execute(_USED, user_id, row["id"], now)
        return row["id"]

    async def exists(self, user_id: int, key_id: UUID) -> bool:
        """Whether the key is still worth something."""
        async with self._shards.user_tx(user_id) as tx:
            return await tx.fetchval(_EXISTS, user_id, key_id) is not None

    async def all(self, user_id: int) -> Sequence[ApiKeyView]:
        """The newest first."""
        async with self._shards.user_tx(user_id) as tx:
            return [ApiKeyView(**dict(row)) for row in await tx.fetch(_ALL, user_id)]

    async def revoke(self, user_id: int, key_id: UUID) -> None:
        """Deletes a key: from now on it is refused here, and in a moment everywhere.

        Raises:
            NoSuchApiKey: it is not this user's.
        """
        async with self._shards.user_tx(user_id) as tx:
            gone = await tx.fetch(_REVOKE, user_id, key_id)
        if not gone:
            raise NoSuchApiKey
        await self._revocations.publish(Revoked(user_id, [key_id]))


_COUNT = "select count(*) from api_keys where user_id = $1"
_CREATE = """
insert into api_keys (user_id, id, name, hint, token_hash, created_at) values ($1, $2, $3, $4, $5, $6)
"""
_FIND = "select id, last_used_at from api_keys where user_id = $1 and token_hash = $2"
_EXISTS = "select id from api_keys where user_id = $1 and id = $2"
_USED = "update api_keys set last_used_at = $3 where user_id = $1 and id = $2"
_ALL = "select id, name, hint, created_at, last_used_at from api_keys where user_id = $1 order by id desc"
_REVOKE = "delete from api_keys where user_id = $1 and id = $2 returning id"
