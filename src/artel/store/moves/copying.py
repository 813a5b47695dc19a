"""Takes a user's rows of one table from one shard to another, and compares them.

Rows arrive by binary COPY in a temporary table and enter by INSERT, since PostgreSQL does not copy into a table under
row-level security: so every row must pass the policy of who receives it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

import asyncpg

from artel.store.moves.errors import CopyDiffers
from artel.store.moves.owned import OwnedTable

LONG_SECONDS = 3600.0
"""For statements whose length is the data's."""
_PIECES_AHEAD = 16


class Copier:
    """One user's rows, from an open transaction to another. Counts what went through."""

    def __init__(self, source: asyncpg.Connection, target: asyncpg.Connection, user_id: int) -> None:
        self.rows = 0
        self.size = 0
        """Bytes, as COPY writes them."""
        self._source = source
        self._target = target
        self._mine = f"user_id = {int(user_id)}"

    async def insert(self, table: OwnedTable) -> None:
        """Brings all rows of a table; there are none at the target yet."""
        if await self._is_empty(table):
            return
        columns = _list(table.columns)
        await self._stage(table, table.columns, f"select {columns} from {table.name} where {self._mine}")
        self.rows += await self._run(f"insert into {table.name} ({columns}) select {columns} from incoming")
        await self._run("drop table incoming")

    async def update(self, table: OwnedTable) -> None:
        """Makes the target's rows, which were brought before, the source's as they are now."""
        columns = _list(table.columns)
        rest = [column for column in table.columns if column not in table.key]
        change = "update set " + ", ".join(f"{column} = excluded.{column}" for column in rest) if rest else "nothing"
        await self._stage(table, table.columns, f"select {columns} from {table.name} where {self._mine}")
        await self._drop_what_is_gone(table)
        await self._run(
            f"insert into {table.name} ({columns}) select {columns} from incoming"
            f" on conflict ({_list(table.key)}) do {change}"
        )
        await self._run("drop table incoming")

    async def complete(self, table: OwnedTable) -> None:
        """The same for a table whose rows never change: brings only those that are missing."""
        key = _list(table.key)
        await self._stage(table, table.key, f"select {key} from {table.name} where {self._mine}")
        await self._drop_what_is_gone(table)
        missing: str | None = await self._target.fetchval(
            f"select jsonb_agg(jsonb_build_array({_list(f'{column}::text' for column in table.key)}))::text"
            f" from incoming where ({key}) not in (select {key} from {table.name} where {self._mine})",
            timeout=LONG_SECONDS,
        )
        await self._run("drop table incoming")
        if missing is None:
            return
        columns = _list(table.columns)
        names = _list(f"(wanted.key ->> {place})::{table.type_of(column)}" for place, column in enumerate(table.key))
        literal = missing.replace("'", "''")
        await self._stage(
            table,
            table.columns,
            f"select {columns} from {table.name} where {self._mine} and ({key}) in"
            f" (select {names} from jsonb_array_elements('{literal}'::jsonb) wanted (key))",
        )
        self.rows += await self._run(f"insert into {table.name} ({columns}) select {columns} from incoming")
        await self._run("drop table incoming")

    async def compare(self, table: OwnedTable, columns: Sequence[str]) -> None:
        """Counts and hashes the rows at both ends.

        Raises:
            CopyDiffers: they are not the same.
        """
        question = (
            f"select count(*), coalesce(sum(('x' || encode(substring(sha256(convert_to("
            f"row({_list(columns)})::text, 'UTF8')) for 8), 'hex'))::bit(64)::bigint), 0)"
            f" from {table.name} where {self._mine}"
        )
        here = await self._source.fetchrow(question, timeout=LONG_SECONDS)
        there = await self._target.fetchrow(question, timeout=LONG_SECONDS)
        if here != there:
            raise CopyDiffers(f"{table.name}: {CopyDiffers.__doc__}")

    async def _is_empty(self, table: OwnedTable) -> bool:
        return not await self._source.fetchval(f"select exists (select from {table.name} where {self._mine})")

    async def _drop_what_is_gone(self, table: OwnedTable) -> None:
        key = _list(table.key)
        await self._run(f"delete from {table.name} where {self._mine} and ({key}) not in (select {key} from incoming)")

    async def _stage(self, table: OwnedTable, columns: Sequence[str], query: str) -> None:
        """Copies what the source answers into the temporary table `incoming`."""
        await self._run(
            f"create temporary table incoming on commit drop as select {_list(columns)} from {table.name} with no data"
        )
        pieces = asyncio.Queue[bytes | None](_PIECES_AHEAD)

        async def read() -> None:
            await self._source.copy_from_query(query, output=pieces.put, format="binary", timeout=LONG_SECONDS)
            await pieces.put(None)

        async def arriving() -> AsyncIterator[bytes]:
            while (piece := await pieces.get()) is not None:
                self.size += len(piece)
                yield piece

        async with asyncio.TaskGroup() as both:
            both.create_task(read())
            both.create_task(
                self._target.copy_to_table("incoming", source=arriving(), format="binary", timeout=LONG_SECONDS)
            )

    async def _run(self, sql: str) -> int:
        """Answers how many rows it concerned."""
        tag = await self._target.execute(sql, timeout=LONG_SECONDS)
        return int(tag.rpartition(" ")[2]) if tag[-1].isdigit() else 0


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
