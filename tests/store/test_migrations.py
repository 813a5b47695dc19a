"""From nothing to the newest schema and back, by several at once, and nothing different from the tables in code."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from artel.store.migrate import WrongShard, head_revision, migrate, name_shard
from artel.store.phases import DeploymentUnfinished, PhaseMissing, SchemaTooNew, SchemaTooOld, known_history
from artel.store.roles import APP, GRAFANA, MIGRATOR, OWNER, DatabaseUrls, plain_dsn, prepare_database
from artel.store.schema import METADATA
from artel.store.shards import DirectoryMissing, Shards
from tests.support.servers import FreshDatabase
from tests.support.stores import SECRET_KEY, migrated_shard

_SHAPE = """
select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
where table_schema = 'public' and table_name <> 'alembic_version' order by 1, 2
"""
_POLICIES = "select tablename, policyname, qual, with_check from pg_policies order by 1, 2"
_FUNCTIONS = "select proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace order by 1"
_ROLES = "select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname like 'artel%'"


@pytest.fixture
async def empty(fresh_database: FreshDatabase) -> DatabaseUrls:
    """A database with roles and nothing else."""
    return await prepare_database(await fresh_database(), SECRET_KEY)


async def _all(urls: DatabaseUrls, *questions: str) -> list[list[asyncpg.Record]]:
    connection = await asyncpg.connect(plain_dsn(urls.migrator))
    try:
        return [await connection.fetch(question) for question in questions]
    finally:
        await connection.close()


async def test_up_and_down_and_up_again_is_the_same(empty: DatabaseUrls) -> None:
    await migrate(empty.migrator)
    first = await _all(empty, _SHAPE, _POLICIES, _FUNCTIONS)

    await migrate(empty.migrator, "base")
    nothing = await _all(empty, _SHAPE, _POLICIES, _FUNCTIONS)
    await migrate(empty.migrator)

    assert nothing == [[], [], []]
    assert all(first)
    assert await _all(empty, _SHAPE, _POLICIES, _FUNCTIONS) == first


async def test_the_tables_in_code_are_those_of_the_database(first_shard: DatabaseUrls) -> None:
    def compare(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))

    engine = create_async_engine(first_shard.migrator, poolclass=NullPool)
    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()

    assert differences == []


async def test_several_who_migrate_at_once_wait_for_each_other(empty: DatabaseUrls) -> None:
    await asyncio.gather(*(migrate(empty.migrator) for _ in range(4)))

    [[row]] = await _all(empty, "select version_num from alembic_version")
    assert row["version_num"] == head_revision()


async def test_several_who_start_at_once_prepare_several_databases(fresh_database: FreshDatabase) -> None:
    databases = [await fresh_database() for _ in range(3)]

    async def start(key: str) -> None:
        for position, database in enumerate(databases):
            urls = await prepare_database(database, key)
            await migrate(urls.migrator)
            await name_shard(urls.migrator, f"shard{position + 1}", is_directory=position == 0)

    await asyncio.gather(*(start(SECRET_KEY) for _ in range(4)))
    await asyncio.gather(*(prepare_database(database, SECRET_KEY) for database in databases * 4))

    shards = Shards([(await prepare_database(database, SECRET_KEY)).app for database in databases])
    await shards.start()
    assert list(shards.by_name) == ["shard1", "shard2", "shard3"]
    await shards.stop()


async def test_the_roles_are_what_they_should_be(empty: DatabaseUrls) -> None:
    question = (
        "select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname like 'artel%'"
    )
    [rows] = await _all(empty, question)

    assert {tuple(row) for row in rows} == {
        (OWNER, False, False, False, False),
        (MIGRATOR, False, True, True, False),
        (APP, False, False, True, False),
        (GRAFANA, False, False, False, False),
    }


async def test_shards_in_another_order_are_refused(first_shard: DatabaseUrls, second_shard: DatabaseUrls) -> None:
    for urls in ((second_shard, first_shard), (first_shard, first_shard), (second_shard,)):
        shards = Shards([url.app for url in urls])
        with pytest.raises(DirectoryMissing):
            await shards.start()
        await shards.stop()
    with pytest.raises(WrongShard):
        await name_shard(second_shard.migrator, "shard1", is_directory=True)
    with pytest.raises(WrongShard):
        await name_shard(first_shard.migrator, "shard2", is_directory=False)


async def test_a_shard_keeps_the_name_it_was_given_first(fresh_database: FreshDatabase) -> None:
    urls = await migrated_shard(fresh_database, "shard2", is_directory=False)

    await asyncio.gather(*(name_shard(urls.migrator, "shard3", is_directory=False) for _ in range(4)))

    assert [tuple(row) for row in (await _all(urls, "select name from shard_info"))[0]] == [("shard2",)]


async def test_several_who_name_a_shard_at_once_agree(empty: DatabaseUrls) -> None:
    await migrate(empty.migrator)

    await asyncio.gather(*(name_shard(empty.migrator, f"shard{n}", is_directory=True) for n in range(6)))

    assert len((await _all(empty, "select name from shard_info"))[0]) == 1


# ---- versions side by side


def _next_version(folder: Path, *phases: str) -> Path:
    """Migrations of a version to come, one for each phase."""
    folder.mkdir()
    for number, phase in enumerate(phases, 1):
        before, revision = ("0013" if number == 1 else f"next{number - 1}"), f"next{number}"
        (folder / f"{revision}.py").write_text(
            "from artel.store.migrations.steps import run_as_owner\n"
            f'revision = "{revision}"\ndown_revision = "{before}"\nphase = "{phase}"\n'
            f'def upgrade():\n    run_as_owner("alter table workers add {revision} text")\n'
        )
    return folder


async def _ran(urls: DatabaseUrls) -> dict[str, str]:
    [rows] = await _all(urls, "select revision, phase from schema_versions")
    return {row["revision"]: row["phase"] for row in rows}


async def _start(urls: DatabaseUrls) -> None:
    shards = Shards([urls.app])
    try:
        await shards.start()
    finally:
        await shards.stop()


async def test_what_ran_is_written_down_for_processes_of_other_versions(empty: DatabaseUrls) -> None:
    await migrate(empty.migrator)
    everything = await _ran(empty)

    await migrate(empty.migrator, "0012")

    assert everything == known_history().phases
    assert await _ran(empty) == dict.fromkeys(known_history().up_to("0012"), "before")


async def test_a_process_refuses_a_schema_that_is_older_than_it_needs(fresh_database: FreshDatabase) -> None:
    urls = await migrated_shard(fresh_database, "shard1", is_directory=True)
    await _start(urls)

    await migrate(urls.migrator, "0011")

    with pytest.raises(SchemaTooOld, match=r"0012 did not run yet.*artel migrate --before"):
        await _start(urls)


async def test_a_deployment_in_two_phases(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    # given a version with two migrations before its deployment, and one after
    urls = await migrated_shard(fresh_database, "shard1", is_directory=True)
    new = _next_version(tmp_path / "new", "before", "before", "after")
    with pytest.raises(DeploymentUnfinished, match="next1 comes first"):
        await migrate(urls.migrator, only="after", more=[new])

    # when the first phase has run, this version runs on, and migrating with it changes nothing
    await migrate(urls.migrator, only="before", more=[new])
    await _start(urls)
    await migrate(urls.migrator)
    assert {"next1": "before", "next2": "before"}.items() <= (await _ran(urls)).items()
    assert "next3" not in await _ran(urls)

    # then the second phase shuts it out
    await migrate(urls.migrator, only="after", more=[new])
    assert (await _ran(urls))["next3"] == "after"
    with pytest.raises(SchemaTooNew, match="next3 is unknown"):
        await _start(urls)
    await migrate(urls.migrator, only="after", more=[new])


async def test_a_deployment_is_finished_before_the_next_one(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    urls = await migrated_shard(fresh_database, "shard1", is_directory=True)
    two_versions = _next_version(tmp_path / "new", "after", "before")

    with pytest.raises(DeploymentUnfinished, match="next1 of the version that runs now"):
        await migrate(urls.migrator, only="before", more=[two_versions])
    assert "next1" not in await _ran(urls)

    await migrate(urls.migrator, more=[two_versions])
    assert {"next1", "next2"} <= (await _ran(urls)).keys()


async def test_an_empty_database_is_migrated_in_one_go(empty: DatabaseUrls, tmp_path: Path) -> None:
    new = _next_version(tmp_path / "new", "after", "before")

    await migrate(empty.migrator, only="before", more=[new])

    assert {"next1", "next2"} <= (await _ran(empty)).keys()


def test_a_migration_without_a_phase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhaseMissing, match="next1"):
        known_history([_next_version(tmp_path / "new", "sometime")])
