"""What PostgreSQL itself says of every table, role and function: nothing is open that should be closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import asyncpg
import pytest

from artel.store.doors import APP_ROLE, ME, POLICIES, TABLES, open_doors
from artel.store.roles import APP, MIGRATOR, OWNER, DatabaseUrls, plain_dsn
from tests.support.isolation_registry import WITHOUT_USER

ABOVE_RLS: Final = {
    "tasks_lost": "ids of tasks that the asking worker holds no longer",
    "users_with_work": "ids of users whose tasks wait, for the sweeper",
    "users_astray": "ids of users whose tasks nobody runs",
    "users_served_by": "ids of users whom a dead worker served",
    "work_ahead": "numbers for the metrics",
    "users_with_expired_approvals": "ids of users whose questions waited too long, for the sweep",
    "belongs_to_another": "yes or no, to count attempts",
    "users_with_memory_work": "ids of users whose memory has something to write",
    "memories_waiting": "a number for the metrics",
    "users_to_tidy": "ids of users of whom nobody looked today for what is too old",
    "users_with_unread_chats": "ids of users whose chats are to be learned from, or summed up",
    "users_and_agents": "numbers for the metrics",
    "spent_since": "sums per provider for the metrics",
    "figures_of_users": "ids of users and sums of theirs, for Grafana's role alone",
    "figures_by_day": "sums of one user per day, for Grafana's role alone",
    "figures_by_provider": "sums of one user per provider, for Grafana's role alone",
    "figures_of_approvals": "counts of one user's approvals, for Grafana's role alone",
}
"""Functions that see all users' rows, and what they answer. A new line here is what a reviewer looks for."""

_FUNCTIONS = """
select proname::text as name, prorettype::regtype::text as answers, proretset as is_set, proconfig as settings
from pg_proc where prosecdef and pronamespace = 'public'::regnamespace
"""
_OUTSIDE = """
select nspname || '.' || relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f') and nspname not in ('public', 'pg_catalog', 'information_schema', 'pg_toast')
"""
_TWO_OPEN_TABLES = """
create table notes (id bigint primary key, user_id bigint, session_id bigint references users (id));
create table shares (id bigint primary key);
grant all on notes, shares to artel_app
"""


@pytest.fixture(params=[0, 1], ids=["directory", "second-shard"])
async def catalogue(
    request: pytest.FixtureRequest, isolation_shards: tuple[DatabaseUrls, ...]
) -> AsyncGenerator[asyncpg.Connection]:
    """A connection as the migrator role, in a transaction that is rolled back."""
    place: int = request.param
    connection = await asyncpg.connect(plain_dsn(isolation_shards[place].migrator))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def test_every_table_is_closed(catalogue: asyncpg.Connection) -> None:
    assert await open_doors(catalogue, WITHOUT_USER) == []
    assert await catalogue.fetch(_OUTSIDE) == []


async def test_an_open_table_is_noticed(catalogue: asyncpg.Connection) -> None:
    await catalogue.execute(_TWO_OPEN_TABLES)

    faults = await open_doors(catalogue, WITHOUT_USER)

    for expected in (
        "notes: row-level security is not forced",
        "notes: user_id is bigint",
        "notes: its policies are not exactly the one",
        "notes: notes_pkey is unique across users",
        "notes: the primary key does not begin with user_id",
        "notes: notes_session_id_fkey does not carry user_id to users",
        "notes: the app's role may truncate it",
        "shares: has no user_id and is not in WITHOUT_USER",
    ):
        assert any(fault.startswith(expected) for fault in faults), expected


@pytest.mark.parametrize(
    "change",
    [
        "alter table messages no force row level security",
        "alter table messages disable row level security",
        "create policy more on messages for select using (true)",
        "alter policy own_rows on messages with check (true)",
        "alter policy own_rows on messages to artel_app",
    ],
)
async def test_a_loosened_table_is_noticed(catalogue: asyncpg.Connection, change: str) -> None:
    await catalogue.execute(f"set local role {OWNER}; {change}; reset role")

    assert [fault for fault in await open_doors(catalogue, WITHOUT_USER) if fault.startswith("messages: ")]


async def test_the_directory_shows_a_user_their_own_row(catalogue: asyncpg.Connection) -> None:
    [table] = [row for row in await catalogue.fetch(TABLES, APP) if row["name"] == "users"]
    policies = [row for row in await catalogue.fetch(POLICIES) if row["name"] == "users"]
    system = "(current_setting('app.system'::text, true) = 'on'::text)"

    assert (table["secured"], table["forced"]) == (True, True)
    assert {(row["qual"], row["with_check"]) for row in policies} == {(f"(id = ({ME})",) * 2, (system, system)}


async def test_the_apps_role_has_no_powers(catalogue: asyncpg.Connection) -> None:
    role = await catalogue.fetchrow(APP_ROLE, APP)
    above = await catalogue.fetch("select rolname::text from pg_roles where rolbypassrls and rolname like 'artel_%'")

    assert role is not None
    assert dict(role) == {"has_powers": False, "is_member": False, "owns": False, "creates": False}
    assert [row["rolname"] for row in above] == [MIGRATOR]


async def test_functions_above_row_level_security_answer_ids_and_numbers(catalogue: asyncpg.Connection) -> None:
    functions = {row["name"]: row for row in await catalogue.fetch(_FUNCTIONS)}

    assert functions.keys() == ABOVE_RLS.keys(), "say in ABOVE_RLS what a new one answers, or drop SECURITY DEFINER"
    assert {row["answers"] for row in functions.values()} <= {"uuid", "bigint", "boolean", "record"}
    assert all("search_path=pg_catalog, public" in (row["settings"] or ()) for row in functions.values())
