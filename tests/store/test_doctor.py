"""Each thing that can be wrong is broken, and found; a healthy installation gives no finding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url

from artel.app.databases import Stores as StoreUrls
from artel.app.doctor.databases import look_at_databases, skew
from artel.app.doctor.finding import CODES, Finding
from artel.app.doctor.services import judge_redis, look_at_memory, look_at_models, look_at_redis
from artel.app.doctor.surroundings import look_at_machine, look_at_settings
from artel.app.doctor.visit import visit
from artel.settings import load_settings
from artel.store.migrate import head_revision
from artel.store.roles import DatabaseUrls, direct_connection, plain_dsn
from tests.support.model_server import ModelServer
from tests.support.servers import FreshDatabase
from tests.support.stores import SECRET_KEY, Stores, migrated_shard

GOOD_KEY = "v8Jq2-Lk0_xYb9Zt5Rw3Nc7Hd1Mf6Gs4Pa"
HEALTHY_REDIS = {"redis_version": "7.2.4", "maxmemory_policy": "noeviction", "aof_enabled": 1, "cluster_enabled": 0}
AT_WORK = "insert into workers (id, lease_until) values ('alive', now() + interval '1 minute')"
SESSION = "insert into chat_sessions (user_id, id, title) values ({user}, 1, '')"
RUN = """
insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, created_at)
values ({user}, '{id}', 1, 'direct', 'running', '{id}', '{id}', now() - interval '1 hour')
"""
TASK = """
insert into tasks (user_id, id, session_id, run_id, task_id, kind, assigned_agent, status, message_id, max_attempts,
    seat, worker, started_at, not_before)
values ({user}, '{id}', 1, '{id}', 'answer', 'answer', 'a', '{status}', '{id}', 3, {seat}, 'gone',
    now() - interval '1 hour', now() - interval '1 hour')
"""
AGENT = """
insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit)
values ({user}, '{id}', 'a', 'A', '{{}}', 1)
"""
ASKED = """
insert into approval_requests (user_id, id, session_id, type, request, task, created_at)
values ({user}, '{id}', 1, 'tool', '{{}}', '{id}', now() - interval '1 hour')
"""
PASSAGE = """
insert into memories (user_id, id, kind, call_type, role, text, created_at)
values ({user}, '{id}', 'note', 'note', 'user', '', now() - interval '2 hours')
"""
ID = "01a215b3-9a75-73c1-9cff-a27de057ba53"


async def codes(findings: AsyncIterator[Finding]) -> list[str]:
    return [finding.code async for finding in findings]


async def _do(url: URL, sql: str) -> None:
    async with direct_connection(url) as connection:
        await connection.execute(sql)


@pytest.fixture
async def at_work(two_shards: Stores) -> Stores:
    """Both shards have a process that takes tasks."""
    await two_shards.as_migrator(AT_WORK)
    await two_shards.new_user(shard="shard1")
    return two_shards


# ---- databases


async def test_a_healthy_installation_has_nothing(at_work: Stores) -> None:
    assert await codes(look_at_databases(at_work.databases)) == []


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        (SESSION + ";" + RUN + ";" + TASK.format(user="{user}", id="{id}", status="running", seat=1), "stuck_tasks"),
        (
            ";".join((SESSION, RUN, AGENT, TASK.format(user="{user}", id="{id}", status="ready", seat="null"))),
            "waiting_tasks",
        ),
        (SESSION + ";" + RUN, "runs_without_tasks"),
        (SESSION + ";" + ASKED, "lost_approvals"),
        (PASSAGE, "memory_behind"),
        ("update shard_users set state = 'moving' where user_id = {user}", "move_unfinished"),
        ("delete from shard_users where user_id = {user}", "no_space"),
        ("insert into users (id, email, password_hash, role, locale, shard)"
         " values (9, 'x@example.org', '', 'user', 'en', 'shard9')", "unknown_shard"),
        ("delete from workers", "nobody_at_work"),
    ],
)  # fmt: skip
async def test_what_is_wrong_among_the_rows_is_found(at_work: Stores, sql: str, code: str) -> None:
    user = await at_work.new_user(shard="shard1")

    await _do(at_work.databases[0].migrator, sql.format(user=user, id=ID))

    assert await codes(look_at_databases(at_work.databases)) == [code]


async def test_the_remains_of_a_move_are_found(at_work: Stores) -> None:
    user = await at_work.new_user(shard="shard1")
    await _do(at_work.databases[1].migrator, f"insert into shard_users (user_id) values ({user})")

    assert await codes(look_at_databases(at_work.databases)) == ["stray_space"]


async def test_work_may_wait_while_everything_is_stopped(two_shards: Stores) -> None:
    user = await two_shards.new_user(shard="shard1")
    work = (SESSION + ";" + RUN + ";" + TASK).format(user=user, id=ID, status="running", seat=1)
    await _do(two_shards.databases[0].migrator, work)

    found = [finding async for finding in look_at_databases(two_shards.databases)]

    assert [(each.code, each.severity) for each in found] == [("nobody_at_work", "warning"), ("nobody_at_work", "note")]


async def test_databases_in_another_order_or_twice_are_found(at_work: Stores) -> None:
    first, second = at_work.databases

    assert "shards_mixed_up" in await codes(look_at_databases((second, first)))
    assert await codes(look_at_databases((first, first))) == ["shards_mixed_up"]
    nowhere = replace(first, migrator=first.migrator.set(database="nowhere"))
    [away] = [finding async for finding in look_at_databases((nowhere,))]
    assert away.code == "postgres_away"
    assert str(first.migrator.password) not in away.says


@pytest.fixture(scope="module")
async def spare(fresh_database: FreshDatabase) -> DatabaseUrls:
    """A directory of its own, to be broken and repaired."""
    return await migrated_shard(fresh_database, "shard1", is_directory=True)


@pytest.mark.parametrize(
    ("broken", "repaired", "code"),
    [
        (
            "alter table messages no force row level security",
            "alter table messages force row level security",
            "table_open",
        ),
        ("grant truncate on messages to artel_app", "revoke truncate on messages from artel_app", "table_open"),
        (
            "update alembic_version set version_num = '0002'",
            "update alembic_version set version_num = {head}",
            "schema_behind",
        ),
        (
            "update alembic_version set version_num = '9999'",
            "update alembic_version set version_num = {head}",
            "schema_ahead",
        ),
        ("update shard_info set name = 'restoring'", "update shard_info set name = 'shard1'", "restore_unfinished"),
        ("alter table shard_info rename to no_info", "alter table no_info rename to shard_info", "schema_missing"),
    ],
)
async def test_what_was_done_to_a_database_is_found(spare: DatabaseUrls, broken: str, repaired: str, code: str) -> None:
    await _do(spare.migrator, broken)
    try:
        found = await codes(look_at_databases((spare,)))
    finally:
        await _do(spare.migrator, repaired.format(head=f"'{head_revision()}'"))

    assert found == [code, *(["nobody_at_work"] if code == "table_open" else [])]
    assert await codes(look_at_databases((spare,))) == ["nobody_at_work"]


async def test_a_role_with_powers_is_found(stores: Stores, fresh_database: FreshDatabase) -> None:
    admin = await fresh_database()
    async with direct_connection(make_url(admin)) as connection:
        await connection.execute("alter role artel_app createdb")
        try:
            found = [finding async for finding in look_at_databases(stores.databases)]
        finally:
            await connection.execute("alter role artel_app nocreatedb")

    assert [each.code for each in found] == ["role_too_strong", "nobody_at_work"]
    assert "has_powers" in found[0].says


@pytest.mark.parametrize(
    ("difference", "uncertain", "is_told"), [(0.5, 0, False), (3, 0, True), (-3, 0, True), (3, 2, False)]
)
def test_clocks_that_differ_are_told(difference: float, uncertain: float, is_told: bool) -> None:
    assert (skew("Redis", difference, uncertain) is not None) == is_told


# ---- Redis, models, memory


async def test_redis(redis_url: str) -> None:
    # The one of the tests keeps nothing on disk.
    assert await codes(look_at_redis(redis_url)) == ["redis_forgets"]
    assert await codes(look_at_redis("unix:///nowhere.sock")) == ["redis_away"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"redis_version": "6.2.1"}, ["redis_old"]),
        ({"maxmemory_policy": "allkeys-lru"}, ["redis_evicts"]),
        ({"aof_enabled": 0}, ["redis_forgets"]),
        ({"cluster_enabled": 1}, ["redis_cluster"]),
        ({"redis_version": "6.0.0", "valkey_version": "9.1.0"}, []),
    ],
)
def test_what_redis_says_of_itself(change: dict[str, Any], expected: Sequence[str]) -> None:
    assert [finding.code for finding in judge_redis(HEALTHY_REDIS | change)] == expected


async def test_providers_of_models(model_server: ModelServer) -> None:
    good = {"OPENAI_BASE_URL": model_server.base_url, "OPENAI_API_KEY": "sk-secret"}
    bad = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-secret"}

    assert await codes(look_at_models(load_settings(good))) == []
    [found] = [finding async for finding in look_at_models(load_settings(bad))]
    assert found.code == "model_away"
    assert "sk-secret" not in found.says


async def test_a_vector_store_that_is_away(stores: Stores) -> None:
    settings = load_settings({"QDRANT_URL": "http://127.0.0.1:9", "ARTEL_EMBEDDING_MODEL": "off"})
    urls = StoreUrls((stores.databases[0].app,), stores.redis_url, SECRET_KEY, alone=False)

    assert await codes(look_at_memory(settings, urls)) == ["memory_away"]
    assert await codes(look_at_memory(load_settings({"ARTEL_EMBEDDING_MODEL": "off"}), urls)) == []


# ---- settings and machine


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"ARTEL_PUBLIC_URL": "https://artel.example.org", "HOST": "0.0.0.0"}, []),
        ({"ARTEL_PUBLIC_URL": "http://artel.example.org"}, ["public_url_http"]),
        ({"ARTEL_PUBLIC_URL": "http://localhost:8000"}, []),
        ({"HOST": "0.0.0.0"}, ["open_without_https"]),
        ({"HOST": "::", "ARTEL_TRUSTED_PROXIES": "*"}, ["open_without_https", "proxies_trusted"]),
        ({"ARTEL_REGISTRATION": "open", "ARTEL_ALLOW_STDIO_MCP": "true"}, ["strangers_and_power"]),
        ({"DATABASE_URL": "postgresql://a/b"}, ["secret_key_in_file"]),
        ({"DATABASE_URL": "postgresql://a/b,postgresql://a/b", "ARTEL_SECRET_KEY": GOOD_KEY}, ["same_database_twice"]),
        (
            {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://a", "ARTEL_SECRET_KEY": GOOD_KEY},
            ["no_vector_store"],
        ),
        ({"ARTEL_SECRET_KEY": "0123456789abcdef"}, ["weak_secret_key"]),
        ({"ARTEL_SECRET_KEY": "a" * 40}, ["weak_secret_key"]),
        ({"ARTEL_SECRET_KEY": GOOD_KEY, "ARTEL_SECRET_KEY_OLD": GOOD_KEY[::-1]}, ["key_rotation_open"]),
    ],
)
def test_settings(environment: dict[str, str], expected: Sequence[str]) -> None:
    found = list(look_at_settings(load_settings(environment)))

    assert [finding.code for finding in found] == expected
    assert not any(GOOD_KEY in finding.says for finding in found)


def _no(path: Path, mode: int) -> bool:
    del path, mode
    return False


def test_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(data: Path) -> set[str]:
        findings = look_at_machine(load_settings({"ARTEL_DATA_DIR": str(data)}))
        return {each.code for each in findings} - {"no_walls", "few_open_files", "disk_low"}

    assert found(tmp_path / "none") == {"never_started"}
    assert found(tmp_path) == set()
    (tmp_path / "secret.key").write_text(GOOD_KEY)
    (tmp_path / "secret.key").chmod(0o644)
    assert found(tmp_path) == {"secret_readable"}
    (tmp_path / "secret.key").chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setattr("os.geteuid", lambda: 123456)
        patch.setattr("os.access", _no)
        assert found(tmp_path) == {"other_owner", "data_not_writable"}


@pytest.mark.parametrize(("free", "code"), [(100 * 2**20, "disk_full"), (2**30, "disk_low"), (2**40, None)])
def test_what_the_machine_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: str | None) -> None:
    def usage(path: Path) -> Any:
        del path
        return SimpleNamespace(free=free)

    def limit(what: int) -> tuple[int, int]:
        del what
        return 1024, 4096

    monkeypatch.setattr("shutil.disk_usage", usage)
    monkeypatch.setattr("resource.getrlimit", limit)
    monkeypatch.setattr("artel.app.doctor.surroundings.landlock_version", lambda: 0)

    found = [finding.code for finding in look_at_machine(load_settings({"ARTEL_DATA_DIR": str(tmp_path)}))]

    assert found == [*([code] if code else []), "few_open_files", "no_walls"]


# ---- all of it


async def test_a_whole_visit(at_work: Stores, tmp_path: Path) -> None:
    settings = load_settings(
        {
            "DATABASE_URL": ",".join(plain_dsn(urls.app) for urls in at_work.databases),
            "ARTEL_MIGRATION_URL": ",".join(plain_dsn(urls.migrator) for urls in at_work.databases),
            "REDIS_URL": at_work.redis_url,
            "QDRANT_URL": "http://127.0.0.1:9",
            "ARTEL_EMBEDDING_MODEL": "off",
            "ARTEL_SECRET_KEY": GOOD_KEY,
            "ARTEL_DATA_DIR": str(tmp_path),
        }
    )

    found = set(await codes(visit(settings))) - {"no_walls", "few_open_files", "disk_low"}

    assert found == {"redis_forgets", "memory_away"}


async def test_a_stopped_installation_is_said_to_be(tmp_path: Path) -> None:
    found = set(await codes(visit(load_settings({"ARTEL_DATA_DIR": str(tmp_path)}))))

    assert found - {"no_walls", "few_open_files", "disk_low"} == {"stopped"}


def test_every_code_is_described_and_the_guide_lists_it() -> None:
    root = Path(__file__).parents[2]
    guide = (root / "docs/backups.md").read_text()
    sources = "".join(
        path.read_text() for path in (root / "src/artel/app/doctor").glob("*.py") if path.stem != "finding"
    )

    for code in CODES:
        assert f"| `{code}` |" in guide
        assert f'"{code}"' in sources
