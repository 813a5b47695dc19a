"""Answers to creating requests, kept for a day: a repeated request finds the first answer and creates nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from artel.kit.errors import Conflict, Invalid
from artel.kit.secrets import SecretBox, same_bytes
from artel.store.shards import Shards
from artel.store.tx import UserTx

KEPT_HOURS = 24


class KeyReused(Invalid):
    """This Idempotency-Key came before with another request. Use a new key for a new request."""

    slug = "idempotency-key-reused"


class AnsweredBefore(Conflict):
    """A request with this Idempotency-Key was carried out a moment ago."""

    slug = "answered-before"


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's key and what it was sent with; two requests are the same when both agree."""

    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, key: str, method: str, path: str, body: bytes) -> RequestKey:
        """path: with its query."""
        head = f"{method} {path}\n".encode()
        return cls(key, hashlib.sha256(head + body).digest())


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request was answered."""

    status: int
    body: str


class IdempotencyStore:
    """Keeps the answer in the transaction of the creation: either both exist, or neither does."""

    def __init__(self, shards: Shards, box: SecretBox) -> None:
        """box: seals the answers, since one may hold a new API key."""
        self._shards = shards
        self._box = box

    async def find(self, user_id: int, request: RequestKey) -> StoredAnswer | None:
        """The answer that was given before.

        Raises:
            KeyReused: the key came with another request.
        """
        async with self._shards.user_tx(user_id) as tx:
            row = await tx.fetchrow(_FIND, user_id, request.key, KEPT_HOURS)
        if row is None:
            return None
        if not same_bytes(row["fingerprint"], request.fingerprint):
            raise KeyReused
        return StoredAnswer(row["status"], self._box.open(row["sealed_answer"], _context(user_id, request.key)))

    async def keep(self, tx: UserTx, request: RequestKey, answer: StoredAnswer) -> None:
        """Stores the answer; call it in the transaction that creates. Waits for another that holds the same key.

        Raises:
            AnsweredBefore: another transaction was faster; roll this one back and `find` its answer.
        """
        sealed = self._box.seal(answer.body, _context(tx.user_id, request.key))
        arguments = (tx.user_id, request.key, request.fingerprint, answer.status, sealed, KEPT_HOURS)
        if await tx.fetchval(_KEEP, *arguments) is None:
            raise AnsweredBefore


def _context(user_id: int, key: str) -> str:
    return f"idempotency_keys/{user_id}/{key}"


_FIND = """
select fingerprint, status, sealed_answer from idempotency_keys
where user_id = $1 and key = $2 and created_at > now() - make_interval(hours => $3)
"""

# The user's old keys go with the first new one, so nobody needs to sweep them.
_KEEP = """
with old as (
    delete from idempotency_keys
    where user_id = $1 and key <> $2 and created_at <= now() - make_interval(hours => $6)
)
insert into idempotency_keys as kept (user_id, key, fingerprint, status, sealed_answer)
values ($1, $2, $3, $4, $5)
on conflict (user_id, key) do update
set fingerprint = excluded.fingerprint, status = excluded.status, sealed_answer = excluded.sealed_answer,
    created_at = now()
where kept.created_at <= now() - make_interval(hours => $6)
returning true
"""
