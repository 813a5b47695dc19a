"""Grafana's role: it can ask for sums per user, and for nothing else. What the metrics ask of every user."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest
from sqlalchemy import text

from artel.kit.clock import utc_now
from artel.store.roles import GRAFANA, prepare_database
from tests.support.figures import CANARY, lived_in, spend
from tests.support.servers import FreshDatabase
from tests.support.stores import SECRET_KEY, Stores

FUNCTIONS = {"figures_of_users", "figures_by_day", "figures_by_provider", "figures_of_approvals"}
WINDOW = (utc_now() - timedelta(days=2), utc_now() + timedelta(hours=1))

_CALLABLE = """
select proname::text as name from pg_proc
where pronamespace = 'public'::regnamespace and has_function_privilege($1, oid, 'execute')
"""
_TABLES = "select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
_POWERS = """
select rolcanlogin, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as has_powers,
    exists (select from pg_auth_members where member = pg_roles.oid or roleid = pg_roles.oid) as has_friends
from pg_roles where rolname = $1
"""


async def test_grafana_reads_and_writes_no_table(grafana: asyncpg.Connection, stores: Stores) -> None:
    tables = [row["name"] for row in await grafana.fetch(_TABLES)]

    assert {"users", "messages", "usage", "runs", "shard_info"} <= set(tables)
    # Its transactions are read-only unless it says otherwise, which is no wall but a help: rights are the wall.
    await grafana.execute("set default_transaction_read_only = off")
    for table in tables:
        for statement in (f"select from {table}", f"delete from {table}", f"truncate {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await grafana.execute(statement)


async def test_grafana_calls_its_functions_and_no_other(grafana: asyncpg.Connection) -> None:
    allowed = {row["name"] for row in await grafana.fetch(_CALLABLE, GRAFANA)}

    assert allowed == FUNCTIONS
    for statement in ("select * from work_ahead()", "select belongs_to_another('run', '1', 1)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await grafana.execute(statement)


async def test_the_app_does_not_call_grafanas_functions(stores: Stores) -> None:
    async with stores.shards.shard_system_tx("shard1") as session:
        granted = set(await session.scalars(text(_CALLABLE.replace("$1", "'artel_app'"))))

    assert not FUNCTIONS & granted
    assert {"work_ahead", "spent_since", "users_and_agents", "step_plan"} <= granted


async def test_grafana_sees_no_rows_by_posing_as_a_user(grafana: asyncpg.Connection, stores: Stores) -> None:
    user = await lived_in(stores)
    await grafana.execute(f"set app.user_id = '{user}'; set app.system = 'on'; set default_transaction_read_only = off")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await grafana.fetch("select * from messages")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await grafana.execute("set role artel_app")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await grafana.execute("create table loot (id bigint)")


async def test_grafana_has_no_powers_and_no_login_until_it_is_given_one(
    grafana: asyncpg.Connection, fresh_database: FreshDatabase
) -> None:
    row = await grafana.fetchrow(_POWERS, GRAFANA)
    assert row is not None
    assert dict(row) == {"rolcanlogin": True, "has_powers": False, "has_friends": False}

    superuser = await asyncpg.connect(await fresh_database())
    try:
        await superuser.execute(f"alter role {GRAFANA} nologin")
        await prepare_database(await fresh_database(), SECRET_KEY)
        assert not await superuser.fetchval("select rolcanlogin from pg_roles where rolname = $1", GRAFANA)
    finally:
        await superuser.close()


async def test_sums_of_every_user(grafana: asyncpg.Connection, stores: Stores) -> None:
    user, idle = await lived_in(stores), await stores.new_user()

    rows = {row["user_id"]: dict(row) for row in await grafana.fetch("select * from figures_of_users($1, $2)", *WINDOW)}

    assert rows[user] == {
        "user_id": user,
        "agents": 2,
        "runs": 3,
        "runs_failed": 1,
        "model_calls": 4,
        "input_tokens": 40,
        "output_tokens": 8,
        "spend_usd": Decimal("0.75"),
        "approvals_answered": 1,
        "approvals_waiting": 1,
    }
    assert set(rows) == {user, idle}
    assert not any(value for key, value in rows[idle].items() if key != "user_id")


async def test_sums_of_one_user(grafana: asyncpg.Connection, stores: Stores) -> None:
    user, other = await lived_in(stores), await lived_in(stores)
    await spend(stores, other, Decimal(100))

    days = await grafana.fetch("select * from figures_by_day($1, $2, $3)", user, *WINDOW)
    [provider] = await grafana.fetch("select * from figures_by_provider($1, $2, $3)", user, *WINDOW)
    [approvals] = await grafana.fetch("select * from figures_of_approvals($1, $2, $3)", user, *WINDOW)

    assert sum(day["spend_usd"] for day in days) == Decimal("0.75")
    assert (sum(day["runs"] for day in days), sum(day["runs_failed"] for day in days)) == (3, 1)
    assert len(days) >= 3, "days without anything are told too"
    assert tuple(provider) == ("openai", 4, 40, 8, Decimal("0.75"), 1)
    assert tuple(approvals) == ("tool", 1, 0, 0, 1, 30.0)
    assert CANARY not in f"{days}{provider}{approvals}"


async def test_what_was_spent_is_told_once(stores: Stores) -> None:
    user = await lived_in(stores)
    ask = text("select provider, usd, counted_to from spent_since(:since)")
    async with stores.shards.shard_system_tx("shard1") as session:
        [first] = (await session.execute(ask, {"since": None})).all()
        early = (await session.execute(ask, {"since": first.counted_to - timedelta(hours=1)})).all()
        late = (await session.execute(ask, {"since": first.counted_to})).all()
    await spend(stores, user, Decimal(5))

    assert first.provider is None, "what was spent before the process began is not its own"
    assert {(row.provider, row.usd) for row in early} == {(None, 0), ("openai", Decimal("0.75"))}
    assert [row.provider for row in late] == [None]
