"""What PostgreSQL itself says of every table and role: whether anything is open that should be closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg

from artel.store.roles import APP

ME: Final = "NULLIF(current_setting('app.user_id'::text, true), ''::text))::bigint"
OWN_ROWS: Final = f"(user_id = ({ME})"

TABLES: Final = """
select relname::text as name, relkind::text as kind, relowner::regrole::text as owner,
    relrowsecurity as secured, relforcerowsecurity as forced,
    (select format_type(atttypid, null) || case when attnotnull then ' not null' else '' end
        from pg_attribute where attrelid = pg_class.oid and attname = 'user_id') as user_id,
    has_table_privilege($1, oid, 'truncate') as truncates,
    has_table_privilege($1, oid, 'references') or has_table_privilege($1, oid, 'trigger') as alters
from pg_class where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace = 'public'::regnamespace order by 1
"""
POLICIES: Final = """
select tablename::text as name, permissive, roles::text[] as roles, cmd, qual, with_check from pg_policies
where schemaname = 'public'
"""
_KEYS: Final = """
select pg_class.relname::text as name, index.relname::text as index, indisprimary as is_primary,
    (select attname::text from pg_attribute where attrelid = pg_class.oid and attnum = indkey[0]) as first
from pg_index join pg_class on pg_class.oid = indrelid join pg_class index on index.oid = indexrelid
where indisunique and pg_class.relnamespace = 'public'::regnamespace
"""
_REFERENCES: Final = """
select conrelid::regclass::text as name, conname::text as reference, confrelid::regclass::text as parent,
    (select attname::text from pg_attribute where attrelid = conrelid and attnum = conkey[1]) as child_first,
    (select attname::text from pg_attribute where attrelid = confrelid and attnum = confkey[1]) as parent_first
from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
"""
APP_ROLE: Final = """
select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as has_powers,
    exists (select from pg_auth_members where member = pg_roles.oid) as is_member,
    exists (select from pg_shdepend where refobjid = pg_roles.oid and deptype = 'o') as owns,
    has_schema_privilege(rolname, 'public', 'create') as creates
from pg_roles where rolname = $1
"""
Rows = Sequence[asyncpg.Record]


async def open_doors(connection: asyncpg.Connection, without_user: Collection[str] | None = None) -> list[str]:
    """What is wrong with the tables, in words. without_user: the only ones that may have no user_id."""
    tables = await connection.fetch(TABLES, APP)
    policies, keys = await connection.fetch(POLICIES), await connection.fetch(_KEYS)
    references = await connection.fetch(_REFERENCES)
    owned = {table["name"] for table in tables if table["user_id"] is not None}
    faults: list[str] = []
    for table in tables:
        name = table["name"]
        faults += [f"{name}: {fault}" for fault in _faults_of_any(table)]
        if name in owned:
            own_policies = [policy for policy in policies if policy["name"] == name]
            own_keys = [key for key in keys if key["name"] == name]
            faults += [
                f"{name}: {fault}" for fault in (*_faults_of_rows(table, own_policies), *_faults_of_keys(own_keys))
            ]
        elif without_user is not None and name not in without_user:
            faults.append(f"{name}: has no user_id and is not in WITHOUT_USER")
    for reference in references:
        if reference["name"] in owned and (reference["child_first"], reference["parent_first"]) != (
            "user_id",
            "user_id",
        ):
            faults.append(
                f"{reference['name']}: {reference['reference']} does not carry user_id to {reference['parent']}"
            )
    return faults


def _faults_of_any(table: asyncpg.Record) -> list[str]:
    faults: list[str] = []
    if table["kind"] not in ("r", "p"):
        faults.append("is a view or a foreign table, which row-level security does not bind")
    if table["owner"] == APP:
        faults.append("belongs to the app's role")
    if table["truncates"] or table["alters"]:
        faults.append("the app's role may truncate it, or hang keys and triggers on it")
    return faults


def _faults_of_rows(table: asyncpg.Record, policies: Rows) -> list[str]:
    faults: list[str] = []
    if not (table["secured"] and table["forced"]):
        faults.append("row-level security is not forced")
    if table["user_id"] != "bigint not null":
        faults.append(f"user_id is {table['user_id']}")
    wanted: list[Any] = [("PERMISSIVE", ["public"], "ALL", OWN_ROWS, OWN_ROWS)]
    if [(p["permissive"], p["roles"], p["cmd"], p["qual"], p["with_check"]) for p in policies] != wanted:
        faults.append("its policies are not exactly the one of `artel.store.rls.protect`")
    return faults


def _faults_of_keys(keys: Rows) -> list[str]:
    faults = [f"{key['index']} is unique across users" for key in keys if key["first"] != "user_id"]
    if not any(key["is_primary"] and key["first"] == "user_id" for key in keys):
        faults.append("the primary key does not begin with user_id")
    return faults
