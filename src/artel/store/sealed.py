"""Everything that is sealed with the server's secret key, and how it is sealed anew with a newer one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from artel.kit.secrets import SecretBox, UnreadableSecret
from artel.store.shards import Shards
from artel.store.tx import UserTx

State = Literal["current", "old", "unreadable"]
"""Sealed with the newest key, with one that still opens, or with one that is not known."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column whose values `SecretBox` sealed in the context "table/user/key". key: the column that follows `user_id`
    in the primary key; bytes stand in the context as hexadecimal digits. idle: SQL that says that nobody is about to
    exchange the value for another."""

    table: str
    column: str
    key: str
    idle: str = "true"

    def context(self, user_id: int, key: object) -> str:
        """What a value is bound to."""
        return f"{self.table}/{user_id}/{key.hex() if isinstance(key, bytes) else key}"


SEALED: Final = (
    SealedColumn("idempotency_keys", "sealed_answer", "key"),
    SealedColumn("mcp_servers", "sealed_secrets", "id", "(renewing_until is null or renewing_until <= now())"),
    SealedColumn("mcp_sign_ins", "sealed", "state_hash"),
    SealedColumn("provider_keys", "sealed_key", "provider"),
)
"""All of them: a test reads the schema and fails when one is missing."""


@dataclass(slots=True)
class Tally:
    """How many values are sealed with what, by table and column; `resealed`: of the current ones, those just done."""

    states: dict[tuple[str, State], int] = field(default_factory=dict[tuple[str, State], int])
    resealed: int = 0

    def add(self, column: SealedColumn, state: State) -> None:
        """One more."""
        place = (f"{column.table}.{column.column}", state)
        self.states[place] = self.states.get(place, 0) + 1

    def total(self, state: State) -> int:
        """Over all columns."""
        return sum(count for (_, found), count in self.states.items() if found == state)

    def by_column(self) -> Mapping[str, Mapping[State, int]]:
        """For people."""
        found: dict[str, dict[State, int]] = {}
        for (place, state), count in sorted(self.states.items()):
            found.setdefault(place, {})[state] = count
        return found


async def count_sealed(shards: Shards, box: SecretBox, user_id: int, tally: Tally) -> None:
    """Adds the user's sealed values to the tally."""
    async with shards.user_tx(user_id) as tx:
        for column in SEALED:
            for row in await _values(tx, column):
                tally.add(column, _state(box, row["sealed"], column.context(user_id, row["key"])))


async def reseal(shards: Shards, box: SecretBox, user_id: int, tally: Tally) -> None:
    """Seals with the newest key what is sealed with an older one. What somebody else changes meanwhile is theirs, and
    what no key opens stays as it is. It can be repeated."""
    async with shards.user_tx(user_id) as tx:
        for column in SEALED:
            for row in await _values(tx, column):
                context = column.context(user_id, row["key"])
                state = _state(box, row["sealed"], context)
                if state == "old":
                    anew = box.seal(box.open(row["sealed"], context), context)
                    tag = await tx.execute(_exchange(column), user_id, row["key"], row["sealed"], anew)
                    if tag == "UPDATE 1":
                        tally.resealed += 1
                        state = "current"
                tally.add(column, state)


async def _values(tx: UserTx, column: SealedColumn) -> Any:
    return await tx.fetch(
        f"select {column.key} as key, {column.column} as sealed from {column.table}"
        f" where user_id = $1 and {column.column} is not null",
        tx.user_id,
    )


def _exchange(column: SealedColumn) -> str:
    return (
        f"update {column.table} set {column.column} = $4"
        f" where user_id = $1 and {column.key} = $2 and {column.column} = $3 and {column.idle}"
    )


def _state(box: SecretBox, sealed: bytes, context: str) -> State:
    if box.is_current(sealed, context):
        return "current"
    try:
        box.open(sealed, context)
    except UnreadableSecret:
        return "unreadable"
    return "old"
