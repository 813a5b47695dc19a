"""Everything the stores hold of one user, to compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import asyncpg
import orjson

from artel.store.roles import plain_dsn
from tests.support.stores import Stores

_OWNED = """
select relname::text from pg_class
where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
    and exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'user_id')
order by 1
"""
_DIRECTORY = "users"


@dataclass(frozen=True)
class Snapshot:
    """A user's rows (as JSON texts) by table, and the dumps of their keys in Redis by key."""

    rows: Mapping[str, Counter[str]]
    keys: Mapping[str, bytes] = field(repr=False)

    def changes_since(self, before: Snapshot) -> list[str]:
        """What is different now, in words; nothing when all is as it was."""
        changes: list[str] = []
        for table in sorted(self.rows.keys() | before.rows.keys()):
            now, then = self.rows.get(table, Counter()), before.rows.get(table, Counter())
            if now != then:
                changes.append(f"{table}: {_difference(then - now, now - then)}")
        changed = {key for key in self.keys.keys() | before.keys.keys() if self.keys.get(key) != before.keys.get(key)}
        return changes + [f"Redis: {key}" for key in sorted(changed)]

    def records(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, with values as JSON has them."""
        return [orjson.loads(row) for row in self.rows.get(table, Counter()).elements()]


class Ledger:
    """Looks behind the curtain: reads as a role that row-level security does not bind."""

    def __init__(self, stores: Stores, connections: Sequence[asyncpg.Connection], tables: Sequence[str]) -> None:
        self.tables = tables
        """Those that have a user_id, as the databases say."""
        self._stores = stores
        self._connections = connections

    async def of(self, user_id: int) -> Snapshot:
        """Everything of the user's in PostgreSQL and in Redis."""
        parts = [f"select '{table}' as name, to_jsonb(t)::text as row from {table} t where user_id = $1"
                 for table in self.tables]  # fmt: skip
        parts.append(f"select '{_DIRECTORY}', to_jsonb(t)::text from {_DIRECTORY} t where id = $1")
        rows: dict[str, Counter[str]] = {}
        for connection in self._connections:
            for name, row in await connection.fetch("\nunion all ".join(parts), user_id):
                rows.setdefault(name, Counter())[row] += 1
        return Snapshot(rows, await self._keys(user_id))

    @staticmethod
    def as_json(record: Mapping[str, Any]) -> str:
        """A record of a snapshot as PostgreSQL reads it."""
        return orjson.dumps(dict(record)).decode()

    async def _keys(self, user_id: int) -> Mapping[str, bytes]:
        redis = cast(Any, self._stores.redis)
        names = [f"ev:{user_id}", *[key.decode() async for key in redis.scan_iter(f"ev:{user_id}:*")]]
        dumps = {name: await redis.dump(name) for name in names}
        return {name: dump for name, dump in dumps.items() if dump is not None}


@asynccontextmanager
async def open_ledger(stores: Stores) -> AsyncGenerator[Ledger]:
    """Connections to all shards as the migrator role."""
    async with AsyncExitStack() as stack:
        connections: list[asyncpg.Connection] = []
        tables: set[str] = set()
        for urls in stores.databases:
            connection = await asyncpg.connect(plain_dsn(urls.migrator))
            stack.push_async_callback(connection.close)
            connections.append(connection)
            tables |= {row["relname"] for row in await connection.fetch(_OWNED)}
        yield Ledger(stores, connections, sorted(tables))


def _difference(gone: Counter[str], new: Counter[str]) -> str:
    """Which columns differ, without what is in them; rows that came or went are counted."""
    if gone.total() == new.total() == 1:
        old, young = orjson.loads(next(iter(gone))), orjson.loads(next(iter(new)))
        return "changed " + ", ".join(sorted(name for name in old if old[name] != young.get(name)))
    return f"{gone.total()} rows went, {new.total()} came"
