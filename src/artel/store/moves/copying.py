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

_FAST_HASH = "hashtextextended(row({})::text, 0)"
"""64 bits of a row; PostgreSQL does not promise that other versions and machines come to the same."""
_SURE_HASH = "('x' || encode(substring(sha256(convert_to(row({})::text, 'UTF8')) for 8), 'hex'))::bit(64)::bigint"


class Copier:
    """One user's rows, from an open transaction to another. Counts what went through."""

    def __init__(self, source: asyncpg.Connection, target: asyncpg.Connection, user_id: int) -> None:
        self.rows = 0
        self.size = 0
        """Bytes, as COPY writes them."""
        self._source = source
        self._target = target
        self._hash = _SURE_HASH
        self._mine = f"user_id = {int(user_id)}"

    async def prepare(self) -> None:
        """Looks for the fastest hash that both servers agree in; before anything else."""
        probe = "select " + _FAST_HASH.format("1.50::numeric, 'ё'::text")
        if await self._source.fetchval(probe) == await self._target.fetchval(probe):
            self._hash = _FAST_HASH

    async def insert(self, table: OwnedTable) -> None:
        """Brings all rows of a table; there are none at the target yet."""
        if await self._is_empty(table):
            return
        columns = _list(table.columns)
        await self._stage(
            f"select {columns} from {table.name}", f"select {columns} from {table.name} where {self._mine}"
        )
        self.rows += await self._run(f"insert into {table.name} ({columns}) select {columns} from incoming")
        await self._run("drop table incoming")

    async def update(self, table: OwnedTable) -> None:
        """Makes the target's rows, which were brought before, the source's as they are now: only what differs travels.

        The table must have no unique index but its primary key: rows may come in any order.
        """
        told_by = self._told_by(table)
        await self._stage(
            f"select {_list(table.key)}, 0::bigint as hash from {table.name}",
            f"select {_list(table.key)}, {told_by} from {table.name} where {self._mine}",
        )
        same_key = " and ".join(f"incoming.{column} = {table.name}.{column}" for column in table.key)
        await self._run(
            f"delete from {table.name} where {self._mine} and not exists (select from incoming where {same_key})"
        )
        key_as_text = _list(f"incoming.{column}::text" for column in table.key)
        wanted: str | None = await self._target.fetchval(
            f"select jsonb_agg(jsonb_build_array({key_as_text}))::text from incoming where not exists"
            f" (select from {table.name} where {self._mine} and {same_key} and {told_by} = incoming.hash)",
            timeout=LONG_SECONDS,
        )
        await self._run("drop table incoming")
        if wanted is not None:
            await self._bring(table, wanted)

    async def _bring(self, table: OwnedTable, wanted: str) -> None:
        """Brings the rows with these keys, a JSON array of arrays of texts, over those that are there."""
        columns, key, literal = _list(table.columns), _list(table.key), wanted.replace("'", "''")
        names = _list(f"(wanted.key ->> {place})::{table.type_of(column)}" for place, column in enumerate(table.key))
        rest = [column for column in table.columns if column not in table.key]
        change = "update set " + ", ".join(f"{column} = excluded.{column}" for column in rest) if rest else "nothing"
        await self._stage(
            f"select {columns} from {table.name}",
            f"select {columns} from {table.name} where {self._mine} and ({key}) in"
            f" (select {names} from jsonb_array_elements('{literal}'::jsonb) wanted (key))",
        )
        self.rows += await self._run(
            f"insert into {table.name} ({columns}) select {columns} from incoming on conflict ({key}) do {change}"
        )
        await self._run("drop table incoming")

    async def compare(self, table: OwnedTable, *, whole: bool = False) -> None:
        """Counts and hashes the rows at both ends. whole: also of what is written once and was compared before.

        Raises:
            CopyDiffers: they are not the same.
        """
        hashed = self._of(table.columns) if whole else self._told_by(table, of_key=True)
        question = f"select count(*), coalesce(sum({hashed}), 0) from {table.name} where {self._mine}"
        here, there = await asyncio.gather(
            self._source.fetchrow(question, timeout=LONG_SECONDS), self._target.fetchrow(question, timeout=LONG_SECONDS)
        )
        if here != there:
            raise CopyDiffers(f"{table.name}: {CopyDiffers.__doc__}")

    def _told_by(self, table: OwnedTable, *, of_key: bool = False) -> str:
        """What tells whether a row that is at both ends is the same; of what is written once the key does."""
        if not table.is_written_once:
            return self._of(table.columns)
        return self._of(table.key) if of_key else "0::bigint"

    def _of(self, columns: Sequence[str]) -> str:
        return self._hash.format(_list(columns))

    async def _is_empty(self, table: OwnedTable) -> bool:
        return not await self._source.fetchval(f"select exists (select from {table.name} where {self._mine})")

    async def _stage(self, shape: str, query: str) -> None:
        """Copies what the source answers into the temporary table `incoming`. shape: a query with the same columns."""
        await self._run(f"create temporary table incoming on commit drop as {shape} with no data")
        pieces = asyncio.Queue[bytes | None](_PIECES_AHEAD)

        async def read() -> None:
            await self._source.copy_from_query(query, output=pieces.put, format="binary", timeout=LONG_SECONDS)
            await pieces.put(None)

        async def arriving() -> AsyncIterator[bytes]:
            while (piece := await pieces.get()) is not None:
                self.size += len(piece)
                yield piece

        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(read())
                both.create_task(
                    self._target.copy_to_table("incoming", source=arriving(), format="binary", timeout=LONG_SECONDS)
                )
        except BaseExceptionGroup as failed:
            # Above, the kind of an error decides what is done about it.
            raise failed.exceptions[0] from failed

    async def _run(self, sql: str) -> int:
        """Answers how many rows it concerned."""
        tag = await self._target.execute(sql, timeout=LONG_SECONDS)
        return int(tag.rpartition(" ")[2]) if tag[-1].isdigit() else 0


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
