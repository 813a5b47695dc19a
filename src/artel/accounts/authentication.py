"""From a token to a principal: a look into a small cache, which a revocation empties at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

from cachetools import TTLCache

from artel.accounts.api_keys import ApiKeys
from artel.accounts.principal import Principal
from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.sign_ins import SignIns
from artel.accounts.tokens import Token, TokenKind, parse_token
from artel.kit.errors import Unauthenticated
from artel.store.shards import Shards

_CACHE_SECONDS = 10.0
_CACHE_SIZE = 50_000


class Authenticator:
    """Proves who a caller is.

    What it found is remembered for ten seconds, and only while this process hears of revocations: with the control
    channel away it asks the database each time.
    """

    def __init__(
        self,
        shards: Shards,
        sign_ins: SignIns,
        api_keys: ApiKeys,
        revocations: Revocations,
        hears_revocations: Callable[[], bool],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shards = shards
        self._sign_ins = sign_ins
        self._api_keys = api_keys
        self._hears_revocations = hears_revocations
        self._known = TTLCache[bytes, Principal](maxsize=_CACHE_SIZE, ttl=_CACHE_SECONDS, timer=timer)
        self._asking: dict[tuple[bytes, int], asyncio.Task[Principal | None]] = {}
        self._revision = 0
        revocations.on(self._forget)

    async def sign_in(self, cookie: str) -> Principal | None:
        """Who a browser's cookie belongs to, None when it is worth nothing."""
        token = parse_token(cookie, TokenKind.SIGN_IN)
        return await self._prove(token) if token else None

    async def api_key(self, key: str) -> Principal | None:
        """Who a program's key belongs to, None when it is worth nothing."""
        token = parse_token(key, TokenKind.API_KEY)
        return await self._prove(token) if token else None

    async def is_valid(self, principal: Principal) -> bool:
        """Asks the database, not the cache, whether who was proved once would be proved again: for open streams.

        Raises:
            StoreUnavailable: it cannot be said now.
        """
        self._shards.forget(principal.user_id)
        try:
            entry = await self._shards.entry(principal.user_id)
            # Whoever has another role now is to come back with it.
            if not entry.is_active or entry.role != principal.role:
                return False
            if principal.sign_in_id is not None:
                return await self._sign_ins.exists(principal.user_id, principal.sign_in_id)
            return principal.api_key_id is not None and await self._api_keys.exists(
                principal.user_id, principal.api_key_id
            )
        except Unauthenticated:
            return False

    def forget_all(self) -> None:
        """Revocations may have been missed: trust nothing that was found before."""
        self._revision += 1
        self._known.clear()

    def _forget(self, revoked: Revoked) -> None:
        self._revision += 1
        self._shards.forget(revoked.user_id)
        for hashed in [hashed for hashed, known in self._known.items() if revoked.covers(known)]:
            self._known.pop(hashed, None)

    async def _prove(self, token: Token) -> Principal | None:
        hears = self._hears_revocations()
        if hears and (known := self._known.get(token.hash)) is not None:
            return known
        if not hears:
            self._shards.forget(token.user_id)
            return await self._look_up(token)
        # A browser's tabs and streams come back all at once: they share one question. After a revocation nobody joins
        # a question that was asked before it.
        asked = (token.hash, self._revision)
        asking = self._asking.get(asked)
        if asking is None:
            asking = self._asking[asked] = asyncio.create_task(self._learn(token))
            asking.add_done_callback(lambda _: self._asking.pop(asked))
        return await asyncio.shield(asking)

    async def _learn(self, token: Token) -> Principal | None:
        revision = self._revision
        principal = await self._look_up(token)
        # A revocation that came while the database was asked must not be overwritten by the answer.
        if principal is not None and revision == self._revision:
            self._known[token.hash] = principal
        return principal

    async def _look_up(self, token: Token) -> Principal | None:
        try:
            entry = await self._shards.entry(token.user_id)
            if not entry.is_active:
                return None
            sign_in, key = await self._find(token)
        except Unauthenticated:
            return None
        if sign_in is None and key is None:
            return None
        return Principal(token.user_id, entry.role, sign_in, key)

    async def _find(self, token: Token) -> tuple[UUID | None, UUID | None]:
        if token.kind is TokenKind.SIGN_IN:
            return await self._sign_ins.find(token.user_id, token.hash), None
        return None, await self._api_keys.find(token.user_id, token.hash)
