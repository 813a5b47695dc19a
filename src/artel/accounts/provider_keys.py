"""A user's own access to model providers, sealed at rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import asyncpg
import structlog

from artel.kit.errors import NotFound
from artel.kit.secrets import SecretBox, UnreadableSecret, key_hint
from artel.store.shards import Shards
from artel.store.tx import UserTx

_log = structlog.get_logger(__name__)


class NoOwnKey(NotFound):
    """You have stored no key or address of your own for this provider."""


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """A user's key and address for one provider, opened."""

    api_key: str | None = field(repr=False)
    base_url: str | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class SealedAccess:
    """A user's access to one provider as it is stored."""

    provider: str
    sealed_key: bytes | None = field(repr=False)
    base_url: str | None
    hint: str | None


class ProviderKeys:
    """Keeps them; a key leaves only as an argument of a model call."""

    def __init__(self, shards: Shards, box: SecretBox) -> None:
        self._shards = shards
        self._box = box

    async def all(self, user_id: int) -> Mapping[str, OwnAccess]:
        """By provider. What was stored under another secret key of the server is left out: it must be entered again."""
        async with self._shards.user_tx(user_id) as tx:
            stored = await self.read_sealed(tx)
        opened: dict[str, OwnAccess] = {}
        for provider, sealed in stored.items():
            try:
                opened[provider] = self.open(user_id, sealed)
            except UnreadableSecret:
                _log.warning("provider_key_unreadable", user_id=user_id, provider=provider)
        return opened

    async def read_sealed(self, tx: UserTx) -> Mapping[str, SealedAccess]:
        """By provider, still sealed: cheap, and nothing that can fail."""
        return sealed_by_provider(await tx.fetch(_ALL, tx.user_id))

    def open(self, user_id: int, sealed: SealedAccess) -> OwnAccess:
        """Opens what `read_sealed` answered for this user.

        Raises:
            UnreadableSecret: the server's secret key is another than when the key was stored.
        """
        key = sealed.sealed_key
        api_key = None if key is None else self._box.open(key, _context(user_id, sealed.provider))
        return OwnAccess(api_key, sealed.base_url, sealed.hint)

    async def put(self, user_id: int, provider: str, *, api_key: str | None, base_url: str | None) -> None:
        """Stores a key, an address, or both, in place of what was there."""
        sealed = self._box.seal(api_key, _context(user_id, provider)) if api_key else None
        hint = key_hint(api_key) if api_key else None
        async with self._shards.user_tx(user_id) as tx:
            await tx.execute(_PUT, user_id, provider, sealed, hint, base_url)

    async def delete(self, user_id: int, provider: str) -> None:
        """Forgets them.

        Raises:
            NoOwnKey: there is nothing to forget.
        """
        async with self._shards.user_tx(user_id) as tx:
            if await tx.execute(_DELETE, user_id, provider) == "DELETE 0":
                raise NoOwnKey


def sealed_by_provider(rows: Iterable[asyncpg.Record]) -> Mapping[str, SealedAccess]:
    """What rows with the columns of `provider_keys` hold; those without a provider are passed over."""
    return {
        row["provider"]: SealedAccess(row["provider"], row["sealed_key"], row["base_url"], row["hint"])
        for row in rows
        if row["provider"] is not None
    }


def _context(user_id: int, provider: str) -> str:
    return f"provider_keys/{user_id}/{provider}"


_ALL = "select provider, sealed_key, hint, base_url from provider_keys where user_id = $1"
_PUT = """
insert into provider_keys (user_id, provider, sealed_key, hint, base_url) values ($1, $2, $3, $4, $5)
on conflict (user_id, provider) do update
set sealed_key = excluded.sealed_key, hint = excluded.hint, base_url = excluded.base_url, updated_at = now()
"""
_DELETE = "delete from provider_keys where user_id = $1 and provider = $2"
