"""What the product's role may not do, even if somebody got it to run SQL of their own choice."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from artel.kit.errors import IsolationViolation
from artel.kit.ids import IdMaker
from artel.store.tables import ChatSession
from tests.support.stores import Stores

IDS = IdMaker()

POWERS = {
    "truncate": "truncate messages",
    "disable row-level security": "alter table messages disable row level security",
    "no longer force it": "alter table messages no force row level security",
    "drop a policy": "drop policy own_rows on messages",
    "add a policy": "create policy all_rows on messages using (true)",
    "drop a constraint": "alter table messages drop constraint fk_messages_user_id_session_id",
    "disable triggers": "alter table messages disable trigger all",
    "make no checks": "set session_replication_role = replica",
    "become the owner": "set role artel_owner",
    "become the migrator": "set role artel_migrator",
    "become another session": "set session authorization artel_migrator",
    "bypass": "alter role artel_app bypassrls",
    "make a table": "create table mine (id int)",
    "make a function": "create function f() returns int language sql as 'select 1'",
    "read files": "select pg_read_file('PG_VERSION')",
    "run programs": "copy messages to program 'true'",
    "read passwords": "select rolpassword from pg_authid",
    "rename the shard": "update shard_info set name = 'other'",
}


@pytest.mark.parametrize("attack", POWERS.values(), ids=POWERS.keys())
async def test_the_app_has_no_power_to(stores: Stores, attack: str) -> None:
    user_id = await stores.new_user()

    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError)):
        async with stores.shards.user_tx(user_id) as tx:
            await tx.execute(attack)


async def test_row_security_off_is_an_error_not_a_way_round(stores: Stores) -> None:
    user_id = await stores.new_user()

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with stores.shards.user_tx(user_id) as tx:
            await tx.execute("set local row_security = off; select * from messages")


async def test_the_error_of_a_taken_key_does_not_tell_of_another_users_row(stores: Stores) -> None:
    # given another user's chat
    me, other = await stores.new_user(), await stores.new_user()
    number = IDS.number()
    async with stores.shards.user_tx(other) as tx:
        tx.session.add(ChatSession(user_id=other, id=number, title="theirs"))

    # then the same number is free for me
    async with stores.shards.user_tx(me) as tx:
        tx.session.add(ChatSession(user_id=me, id=number, title="mine"))

    async with stores.shards.user_tx(me) as tx:
        assert [row["title"] for row in await tx.fetch("select title from chat_sessions")] == ["mine"]


async def test_a_foreign_row_that_a_store_lets_through_is_caught_as_it_loads(
    stores: Stores, violations: list[str]
) -> None:
    # given a door that row-level security does not bind, in the name of one user
    me, other = await stores.new_user(), await stores.new_user()
    async with stores.shards.user_tx(other) as tx:
        tx.session.add(ChatSession(user_id=other, id=IDS.number(), title="theirs"))
    engine = create_async_engine(stores.databases[0].migrator, poolclass=NullPool)

    # when it loads another user's row
    try:
        async with engine.connect() as connection, AsyncSession(connection, info={"user_id": me}) as session:
            with pytest.raises(IsolationViolation):
                (await session.scalars(select(ChatSession))).all()
    finally:
        await engine.dispose()

    # then the second check says so
    assert violations == ["row of chat_sessions"]
    violations.clear()


async def test_a_session_without_a_user_loads_no_users_row(stores: Stores, violations: list[str]) -> None:
    other = await stores.new_user()
    async with stores.shards.user_tx(other) as tx:
        tx.session.add(ChatSession(user_id=other, id=IDS.number(), title="theirs"))

    async with stores.shards.system_tx() as session:
        assert (await session.scalars(select(ChatSession))).all() == []
        assert (await session.execute(text("select count(*) from users"))).scalar() == 1
