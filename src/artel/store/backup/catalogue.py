"""Which tables a shard has, parents first, as the database itself says: so that no table can be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final

import asyncpg

from artel.kit.errors import ArtelError

LEFT_OUT: Final = frozenset({"alembic_version", "schema_versions", "shard_info", "workers"})
"""The schema's revisions and the shard's name are written by who restores; processes' leases end with the processes."""
SPACES: Final = "shard_users"
USERS: Final = "users"


class NoOrder(ArtelError):
    """Tables refer to each other in a circle, so that no order restores them."""

    slug = "no-order"


@dataclass(frozen=True, slots=True)
class Table:
    """columns: all that are stored. order: SQL that puts rows into the order of the primary key, alike on every server.

    is_owned: its rows hang on the space of a user.
    """

    name: str
    columns: tuple[str, ...]
    order: str
    is_owned: bool

    def rows(self, strays: Collection[int] = ()) -> str:
        """A query for all rows, those of `strays` left out."""
        condition = ""
        if strays and self.is_owned:
            condition = f"where user_id <> all('{{{','.join(map(str, sorted(strays)))}}}'::bigint[])"
        return f"select {', '.join(map(quoted, self.columns))} from {quoted(self.name)} {condition} {self.order}"


async def read_tables(connection: asyncpg.Connection, chosen: Mapping[str, Sequence[str]] | None = None) -> list[Table]:
    """The tables, parents first. chosen: columns by table, where a backup says which there were."""
    parents: dict[str, set[str]] = {}
    columns: dict[str, list[asyncpg.Record]] = {}
    for row in await connection.fetch(_COLUMNS):
        if row["table"] not in LEFT_OUT:
            columns.setdefault(row["table"], []).append(row)
            parents.setdefault(row["table"], set())
    for row in await connection.fetch(_REFERENCES):
        if row["child"] in parents and row["child"] != row["parent"]:
            parents[row["child"]].add(row["parent"])
    try:
        names = list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise NoOrder from error
    owned = {SPACES}
    for name in names:
        if parents[name] & owned:
            owned.add(name)
    return [_table(name, columns[name], is_owned=name in owned) for name in names if chosen is None or name in chosen]


def _table(name: str, columns: Sequence[asyncpg.Record], *, is_owned: bool) -> Table:
    key = sorted((row for row in columns if row["place"] is not None), key=lambda row: row["place"])
    # Databases sort texts in languages of their own.
    order = ", ".join(quoted(row["column"]) + (' collate "C"' if row["is_text"] else "") for row in key)
    return Table(name, tuple(row["column"] for row in columns), f"order by {order}" if order else "", is_owned)


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


_COLUMNS: Final = """
select pg_class.relname::text as table, attname::text as column, attcollation <> 0 as is_text,
    array_position(indkey::int2[], attnum) as place
from pg_class
join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
left join pg_index on indrelid = pg_class.oid and indisprimary
where relkind = 'r' and relnamespace = 'public'::regnamespace
order by relname, attnum
"""

_REFERENCES: Final = """
select child.relname::text as child, parent.relname::text as parent from pg_constraint
join pg_class child on child.oid = conrelid join pg_class parent on parent.oid = confrelid
where contype = 'f' and connamespace = 'public'::regnamespace
"""
