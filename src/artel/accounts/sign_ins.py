"""Browsers that are signed in: a token in the cookie, its hash here, thirty days since it was last seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.tokens import new_sign_in_token
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import NotFound
from artel.kit.ids import IdMaker
from artel.kit.secrets import token_hash
from artel.store.shards import Shards

LIFETIME = timedelta(days=30)
FRESH = timedelta(minutes=15)
_SEEN_EVERY = timedelta(minutes=5)
_MAX_USER_AGENT = 300
_MAX_SIGN_INS = 100


class NoSuchSignIn(NotFound):
    """You have no sign-in under this id."""


@dataclass(frozen=True, slots=True)
class SignInView:
    """A sign-in as its owner sees it."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str


class SignIns:
    """Opens, finds and revokes them."""

    def __init__(self, shards: Shards, ids: IdMaker, revocations: Revocations, clock: Clock = utc_now) -> None:
        self._shards = shards
        self._ids = ids
        self._revocations = revocations
        self._clock = clock

    async def open(self, user_id: int, user_agent: str) -> str:
        """Signs a browser in; answers the token for its cookie. The oldest sign-ins give way to very many new ones."""
        token = new_sign_in_token(user_id)
        now = self._clock()
        async with self._shards.user_tx(user_id) as tx:
            await tx.execute(_MAKE_ROOM, user_id, now, _MAX_SIGN_INS - 1)
            await tx.execute(
                _OPEN, user_id, self._ids.uuid(), token_hash(token), _plain(user_agent), now, now + LIFETIME
            )
        return token

    async def find(self, user_id: int, hashed: bytes) -> UUID | None:
        """The sign-in of this token, its life prolonged; None when there is none, or no longer.

        Raises:
            Unauthenticated: there is no such user.
        """
        now = self._clock()
        async with self._shards.user_tx(user_id) as tx:
            row = await tx.fetchrow(_FIND, user_id, hashed, now)
            if row is None:
                return None
            if now - row["last_seen_at"] >= _SEEN_EVERY:
                await tx.execute(_SEEN, user_id, row["id"], now, now + LIFETIME)
        return row["id"]

    async def exists(self, user_id: int, sign_in_id: UUID) -> bool:
        """Whether the sign-in is still worth something."""
        async with self._shards.user_tx(user_id) as tx:
            return await tx.fetchval(_EXISTS, user_id, sign_in_id, self._clock()) is not None

    async def is_fresh(self, user_id: int, sign_in_id: UUID | None) -> bool:
        """Whether somebody signed in just now: what stands in for a password where there is none to ask for."""
        async with self._shards.user_tx(user_id) as tx:
            since = await tx.fetchval(_SINCE, user_id, sign_in_id)
        return since is not None and self._clock() - since <= FRESH

    async def all(self, user_id: int) -> Sequence[SignInView]:
        """Those that are still worth something, the last seen first."""
        async with self._shards.user_tx(user_id) as tx:
            return [_view(row) for row in await tx.fetch(_ALL, user_id, self._clock())]

    async def revoke(self, user_id: int, sign_in_id: UUID) -> None:
        """Ends one sign-in: from now on it is refused here, and in a moment everywhere.

        Raises:
            NoSuchSignIn: it is not this user's.
        """
        async with self._shards.user_tx(user_id) as tx:
            gone = await tx.fetch(_REVOKE, user_id, sign_in_id)
        if not gone:
            raise NoSuchSignIn
        await self._revocations.publish(Revoked(user_id, [sign_in_id]))

    async def revoke_others(self, user_id: int, kept: UUID | None) -> None:
        """Ends all sign-ins of the user but one (or all, with None)."""
        async with self._shards.user_tx(user_id) as tx:
            gone = [row["id"] for row in await tx.fetch(_REVOKE_OTHERS, user_id, kept)]
        if gone:
            await self._revocations.publish(Revoked(user_id, gone))


def _plain(user_agent: str) -> str:
    return "".join(character for character in user_agent[:_MAX_USER_AGENT] if character.isprintable())


def _view(row: asyncpg.Record) -> SignInView:
    return SignInView(**dict(row))


_MAKE_ROOM = """
delete from sign_ins where user_id = $1 and (expires_at <= $2 or id in (
    select id from sign_ins where user_id = $1 order by last_seen_at desc offset $3
))
"""
_OPEN = """
insert into sign_ins (user_id, id, token_hash, user_agent, created_at, last_seen_at, expires_at)
values ($1, $2, $3, $4, $5, $5, $6)
"""
_FIND = "select id, last_seen_at from sign_ins where user_id = $1 and token_hash = $2 and expires_at > $3"
_EXISTS = "select id from sign_ins where user_id = $1 and id = $2 and expires_at > $3"
_SINCE = "select created_at from sign_ins where user_id = $1 and id = $2"
_SEEN = "update sign_ins set last_seen_at = $3, expires_at = $4 where user_id = $1 and id = $2"
_ALL = """
select id, created_at, last_seen_at, expires_at, user_agent from sign_ins
where user_id = $1 and expires_at > $2 order by last_seen_at desc, id
"""
_REVOKE = "delete from sign_ins where user_id = $1 and id = $2 returning id"
_REVOKE_OTHERS = "delete from sign_ins where user_id = $1 and id is distinct from $2 returning id"
