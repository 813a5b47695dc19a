"""`artel shards` as an administrator uses it, and what running processes do about moves that nobody ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from unittest.mock import Mock

import pytest
from sqlalchemy.engine import URL, make_url
from typer.testing import CliRunner

from artel.app.moving import MoveRecovery
from artel.cli import cli
from artel.store.embedded import PostgresEndpoint
from tests.support.moving import both, fill, silence
from tests.support.servers import FreshDatabase
from tests.support.stores import SECRET_KEY, Stores

Artel = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def artel(two_shards: Stores, postgres: PostgresEndpoint, monkeypatch: pytest.MonkeyPatch) -> Artel:
    """Runs `artel shards ...` with the environment of an installation; answers its status and what it says."""
    admin = [postgres.dsn(make_url(urls.app).database or "") for urls in two_shards.databases]
    monkeypatch.setenv("DATABASE_URL", ",".join(admin))
    monkeypatch.setenv("REDIS_URL", two_shards.redis_url)
    monkeypatch.setenv("ARTEL_SECRET_KEY", SECRET_KEY)
    monkeypatch.setattr("artel.cli.common.configure_logging", Mock())

    async def run(*words: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, cli, ["shards", *words])
        detail = getattr(result.exception, "detail", "")
        return result.exit_code, result.output + detail

    return run


async def _worker_lives(stores: Stores, *shards: str) -> None:
    for shard in shards:
        async with stores.shards.shard_system_tx(shard) as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "insert into workers (id, lease_until) values ('a worker', now() + interval '1 hour')"
            )


async def test_users_move_and_the_list_says_so(two_shards: Stores, artel: Artel) -> None:
    ada, bob = [await two_shards.new_user(f"{name}@example.org", shard="shard1") for name in ("ada", "bob")]
    await fill(two_shards, ada)
    before = (await both(two_shards))[0].of(ada)

    status, said = await artel("move", "ADA@example.org", str(bob), "--to", "shard2")
    assert (status, said.splitlines()[-1]) == (0, "2 of 2 live on shard2.")
    assert "ada@example.org: shard1 -> shard2, " in said
    assert (await both(two_shards))[1].of(ada) == before
    assert "is there already" in (await artel("move", "ada@example.org", "--to", "shard2"))[1]

    status, said = await artel("list")
    first, second = [line.split("\t") for line in said.splitlines()]
    assert (first[:4], second[:4]) == (
        ["shard1", "0 users", "open", "+0 -0"],
        ["shard2", "2 users", "open", "+0 -0"],
    )
    assert second[5].endswith(" MB")

    status, said = await artel("move", "--from", "shard2", "--all", "--to", "shard1")
    assert (status, said.splitlines()[-1]) == (0, "2 of 2 live on shard1.")
    assert (await both(two_shards))[0].of(ada) == before


async def test_what_cannot_be_moved_is_said_and_the_rest_is_moved(
    two_shards: Stores, artel: Artel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("artel.cli.shards"), "_TAKE_OVER_SECONDS", 0.01)
    ada, _bob = [await two_shards.new_user(f"{name}@example.org", shard="shard1") for name in ("ada", "bob")]
    await two_shards.as_migrator(
        "insert into moves (id, source, target, step, mover, lease_until)"
        " values ($1, 'shard1', 'shard2', 'fenced', gen_random_uuid(), now() + interval '1 hour')",
        ada,
    )

    status, said = await artel("move", "ada@example.org", "bob@example.org", "--to", "shard2")
    _, listed = await artel("list")

    assert status == 1
    assert "ada@example.org: This account is being moved already." in said
    assert said.splitlines()[-1] == "1 of 2 live on shard2."
    assert f"user {ada}\tshard1 -> shard2\tfenced" in listed
    assert "\t+0 -1\t" in listed.splitlines()[0]
    assert (await artel("move", "nobody@example.org", "--to", "shard2"))[0] == 1
    assert "There is no account" in (await artel("move", "nobody@example.org", "--to", "shard2"))[1]
    assert "no shard of this name" in (await artel("move", "ada@example.org", "--to", "shard9"))[1]
    assert (await artel("move", "--to", "shard2"))[0] == 2
    assert (await artel("move", "ada@example.org", "--all", "--to", "shard2"))[0] == 2


async def test_a_shard_opens_when_every_process_knows_it(two_shards: Stores, artel: Artel) -> None:
    await _worker_lives(two_shards, "shard1")
    assert await artel("close", "shard2") == (0, "shard2 is closed.\n")

    for refused in (("open", "shard2"), ("move", "1", "--to", "shard2")):
        status, said = await artel(*refused)
        assert (status, said[:26]) == (1, "1 of 1 running processes: ")

    await _worker_lives(two_shards, "shard2")
    assert await artel("open", "shard2") == (0, "shard2 is open.\n")
    assert (await artel("close", "shard9"))[0] == 1


async def test_a_database_becomes_a_shard_and_is_taken_off_again(
    two_shards: Stores, artel: Artel, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await fresh_database()

    for _ in range(2):
        status, said = await artel("add", url)
        assert (status, said.splitlines()[-1]) == (0, "  2. artel shards open shard3")
    _, listed = await artel("list")
    assert listed.splitlines()[-1] == "shard3\t0 users\taway\t+0 -0\t?\t?"
    assert (await artel("remove", "shard3"))[0] == 0
    assert (await artel("remove", "shard3"))[0] == 1
    assert (await artel("remove", "shard1"))[0] == 1

    # One that is in use is refused.
    await two_shards.new_user(shard="shard2")
    in_use = str(two_shards.databases[1].app.database)
    status, said = await artel("add", url.replace(str(make_url(url).database), in_use))
    assert (status, "is in use" in said) == (1, True)

    # With roles of one's own both URLs are wanted, and without servers of one's own there is nothing to add to.
    assert (await artel("add", url, "--migration-url", url))[0] == 1
    monkeypatch.setenv("DATABASE_URL", ",".join(u.app.render_as_string(False) for u in two_shards.databases))
    monkeypatch.setenv(
        "ARTEL_MIGRATION_URL", ",".join(u.migrator.render_as_string(False) for u in two_shards.databases)
    )
    name = make_url(url).database
    app, migrator = (role.set(database=name).render_as_string(False) for role in _as_roles(two_shards))
    status, said = await artel("add", app, "--migration-url", migrator, "--name", "other")
    assert (status, "(and the other to ARTEL_MIGRATION_URL)" in said) == (0, True)


def _as_roles(stores: Stores) -> tuple[URL, URL]:
    return stores.databases[1].app, stores.databases[1].migrator


async def test_a_running_process_ends_what_a_dead_mover_began(two_shards: Stores) -> None:
    user, stray = [await two_shards.new_user(shard="shard1") for _ in range(2)]
    await two_shards.as_migrator("update shard_users set state = 'moving', move = 0")
    await two_shards.as_migrator(
        "insert into moves (id, source, target, step, mover, lease_until)"
        " select $1, 'shard1', 'shard2', 'fenced', gen_random_uuid(), now()"
        " where (select is_directory from shard_info)",
        user,
    )
    recovery = MoveRecovery(two_shards.shards, silence, every=0.01)

    recovery.start()
    for each in (user, stray):
        async with two_shards.shards.user_tx(each) as tx:
            assert tx.entry.shard == "shard1"
    await recovery.aclose()


async def test_a_directory_that_is_away_is_waited_for(two_shards: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = MoveRecovery(two_shards.shards, silence)
    monkeypatch.setattr(two_shards.shards._pools[0], "take", _refuses)  # pyright: ignore[reportPrivateUsage]

    await recovery.turn()


async def _refuses() -> None:
    raise OSError("away")
