"""Which tables hold a user's rows, as PostgreSQL's catalogue says: they may be newer than this code knows."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from graphlib import TopologicalSorter

import asyncpg

from artel.store.moves.errors import SchemasDiffer
from artel.store.schema import METADATA

ROOT = "shard_users"
_OF_THE_FENCE = ("state", "move")


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table below `shard_users`. Names are quoted where they need to be.

    columns: with what is copied, without generated ones; types: of these. key: the primary one.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    parents: frozenset[str]
    has_other_keys: bool
    """Unique ones: two rows may not trade such a key while they are brought up to date one by one."""
    is_written_once: bool

    def type_of(self, column: str) -> str:
        """As SQL writes it."""
        return self.types[self.columns.index(column)]


async def owned_tables(connection: asyncpg.Connection) -> Sequence[OwnedTable]:
    """All of a shard's, parents before children.

    Raises:
        graphlib.CycleError: foreign keys run in a circle.
    """
    found = {row["name"]: _read(row) for row in await connection.fetch(_OWNED, ROOT, list(_OF_THE_FENCE))}
    order = TopologicalSorter({name: sorted(table.parents) for name, table in sorted(found.items())})
    return [found[name] for name in order.static_order()]


async def same_tables(source: asyncpg.Connection, target: asyncpg.Connection) -> Sequence[OwnedTable]:
    """The tables of both.

    Raises:
        SchemasDiffer: one has a table or a column that the other has not.
    """
    here, there = await owned_tables(source), await owned_tables(target)
    if {table.name: _shape(table) for table in here} != {table.name: _shape(table) for table in there}:
        raise SchemasDiffer
    return here


def _shape(table: OwnedTable) -> object:
    return dict(zip(table.columns, table.types, strict=True)), table.key, table.parents


def ahead_of_the_fence(tables: Sequence[OwnedTable]) -> Set[str]:
    """What is copied while others write, to be brought up to date behind the fence; tables: parents first."""
    chosen: set[str] = set()
    for table in tables:
        if not table.has_other_keys and table.parents <= chosen:
            chosen.add(table.name)
    return chosen


def _read(row: asyncpg.Record) -> OwnedTable:
    known = METADATA.tables.get(row["name"])
    return OwnedTable(
        name=row["name"],
        columns=tuple(row["columns"]),
        types=tuple(row["types"]),
        key=tuple(row["key"]),
        parents=frozenset(row["parents"]),
        has_other_keys=row["has_other_keys"],
        is_written_once=known is not None and bool(known.info.get("written_once")),
    )


# The fence's own columns are never copied.
_OWNED = """
with recursive owned (oid) as (
    select to_regclass('public.' || $1)::oid
    union
    select conrelid from pg_constraint join owned on confrelid = owned.oid where contype = 'f'
), copied as (
    select attrelid, attnum, quote_ident(attname) as name, format_type(atttypid, atttypmod) as type
    from pg_attribute join owned on owned.oid = attrelid join pg_class on pg_class.oid = attrelid
    where attnum > 0 and not attisdropped and attgenerated = '' and not (relname = $1 and attname = any($2))
)
select quote_ident(relname) as name,
    array(select name from copied where attrelid = owned.oid order by attnum) as columns,
    array(select type from copied where attrelid = owned.oid order by attnum) as types,
    array(
        select copied.name from pg_index, unnest(indkey) with ordinality as part (attnum, place)
        join copied using (attnum)
        where indrelid = owned.oid and indisprimary and attrelid = owned.oid order by place
    ) as key,
    array(
        select distinct quote_ident(parent.relname) from pg_constraint
        join owned of_user on of_user.oid = confrelid join pg_class parent on parent.oid = confrelid
        where contype = 'f' and conrelid = owned.oid and confrelid <> owned.oid
    ) as parents,
    exists (
        select from pg_index where indrelid = owned.oid and (indisunique and not indisprimary or indisexclusion)
    ) as has_other_keys
from owned join pg_class on pg_class.oid = owned.oid
"""
