"""Rows as they leave: read in batches of one transaction, by the columns that `contents` names, as JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from artel.space.export.contents import shown
from artel.store.schema import METADATA
from artel.store.tx import UserTx

_AT_ONCE: Final = 100
Row = Mapping[str, Any]
_NONE: Final[list[asyncpg.Record]] = []


async def batches(tx: UserTx, name: str, sql: str, *args: object) -> AsyncGenerator[list[asyncpg.Record]]:
    """The rows of a query, in batches, as the transaction saw them first. name: of the cursor, one of our own."""
    await tx.execute(f"declare {name} no scroll cursor for {sql}", *args)
    while rows := await tx.fetch(f"fetch {_AT_ONCE} from {name}"):
        yield rows
    await tx.execute(f"close {name}")


def table_rows(tx: UserTx, table: str) -> AsyncGenerator[list[asyncpg.Record]]:
    """What of a table leaves, by its primary key."""
    columns = ", ".join(shown(table).columns)
    order = ", ".join(column.name for column in METADATA.tables[table].primary_key)
    sql = f"select {columns} from {table} where user_id = $1 order by {order}"  # names of our own
    return batches(tx, f"all_{table}", sql, tx.user_id)


def as_json(value: object, *, pretty: bool = False) -> bytes:
    """UTF-8. Money and hashes are texts, times are ISO 8601."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 if pretty else None)


def as_lines(rows: Sequence[asyncpg.Record]) -> bytes:
    """A JSON object a line."""
    return b"".join(as_json(dict(row)) + b"\n" for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal | UUID | datetime):
        return str(value)
    raise TypeError(type(value).__name__)


class Grouped:
    """The rows of a cursor that is ordered by a number, given out number by number."""

    def __init__(self, rows: AsyncGenerator[list[asyncpg.Record]], by: str) -> None:
        self._rows = rows
        self._by = by
        self._next: list[asyncpg.Record] = []

    async def of(self, number: int) -> AsyncGenerator[list[asyncpg.Record]]:
        """Those of this number, in batches; numbers are asked for as they rise."""
        while True:
            if not self._next:
                self._next = await anext(self._rows, _NONE)
                if not self._next:
                    return
            mine = [row for row in self._next if row[self._by] == number]
            past = [row for row in self._next if row[self._by] < number]
            self._next = self._next[len(mine) + len(past) :]
            if mine:
                yield mine
            if self._next:
                return
