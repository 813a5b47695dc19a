"""Who starts, who stops, and what is left: every way an owner of a data directory can end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.exceptions import RedisError

from artel.store.embedded import DataDirectoryInUse, EmbeddedServers, Endpoints, ServerDidNotStart, borrow_endpoints
from artel.store.embedded.account import Account
from tests.store.embedded.owner import Owners, recall, remember

NOBODY = 65534


async def test_an_orderly_stop_keeps_the_data_and_leaves_nothing(tmp_path: Path, owners: Owners) -> None:
    owner = owners.start(tmp_path)
    await remember(owner.endpoints, "kept")

    owner.stop()

    assert owner.survivors(0) == []
    assert not owner.sockets.exists()
    assert borrow_endpoints(tmp_path) is None
    with EmbeddedServers(tmp_path) as endpoints:
        assert await recall(endpoints) == ("kept", "kept")


@pytest.mark.parametrize("environment", [{}, {"ARTEL_FORCE_WATCHDOG": "1"}], ids=["death signal", "watchdog"])
async def test_kill_9_of_the_owner_leaves_no_server_and_loses_no_data(
    tmp_path: Path, owners: Owners, environment: dict[str, str]
) -> None:
    owner = owners.start(tmp_path, environment)
    await remember(owner.endpoints, "kept")

    owner.kill()

    assert owner.survivors() == []
    with EmbeddedServers(tmp_path) as endpoints:
        assert await recall(endpoints) == ("kept", "kept")
        assert not owner.sockets.exists(), "its sockets are cleaned up"


async def test_a_start_right_after_kill_9_waits_for_the_old_servers(tmp_path: Path, owners: Owners) -> None:
    owner = owners.start(tmp_path)
    await remember(owner.endpoints, "kept")

    owner.kill()
    with EmbeddedServers(tmp_path) as endpoints:
        assert await recall(endpoints) == ("kept", "kept")

    assert owner.survivors() == []


async def test_recovers_after_everything_was_killed_at_once(tmp_path: Path, owners: Owners) -> None:
    owner = owners.start(tmp_path)
    await remember(owner.endpoints, "kept")

    for process in owner.servers:
        # A helper may already be gone because its parent is.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    owner.kill()

    with EmbeddedServers(tmp_path) as endpoints:
        stored, _ = await recall(endpoints)
        assert stored == "kept"


def test_a_second_start_is_refused_with_the_reason(tmp_path: Path, owners: Owners) -> None:
    owner = owners.start(tmp_path)

    second = owners.spawn(tmp_path)
    _, complaint = second.communicate(timeout=30)

    assert second.returncode != 0
    assert f"Artel already runs on the data directory {tmp_path} (process {owner.process.pid})" in complaint
    assert "ARTEL_DATA_DIR" in complaint
    assert owner.process.poll() is None, "the first is not disturbed"
    owner.stop()


def test_others_learn_where_the_servers_listen(tmp_path: Path) -> None:
    assert borrow_endpoints(tmp_path) is None
    with EmbeddedServers(tmp_path, durable=False) as endpoints:
        assert borrow_endpoints(tmp_path) == endpoints
        with pytest.raises(DataDirectoryInUse):
            EmbeddedServers(tmp_path).start()
        assert borrow_endpoints(tmp_path) == endpoints, "a refused start takes nothing away"
    assert borrow_endpoints(tmp_path) is None


async def test_a_server_that_dies_is_restarted_on_the_same_address(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path)
    endpoints = servers.start()
    await remember(endpoints, "kept")
    before = servers.pids

    for pid in before.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    stored, _ = await _recall_when_back(endpoints)
    after = servers.pids
    servers.stop()
    assert stored == "kept"
    assert all(after[name] not in (None, pid) for name, pid in before.items())


@pytest.mark.parametrize("name", ["Мои данные и ёлки", "x" * 100 + "/" + "y" * 100], ids=["cyrillic", "long"])
async def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    with EmbeddedServers(tmp_path / name, durable=False) as endpoints:
        await remember(endpoints, "kept")

        assert await recall(endpoints) == ("kept", "kept")


async def test_several_servers_for_several_shards(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path, postgres_servers=2, valkey=False, durable=False) as endpoints:
        identities: set[object] = set()
        for server in endpoints.postgres:
            connection = await asyncpg.connect(server.dsn())
            identities.add(await connection.fetchval("SELECT system_identifier FROM pg_control_system()"))
            await connection.close()

    assert len(identities) == 2
    assert endpoints.redis_url is None


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path, valkey=False, durable=False):
        pass
    (tmp_path / "postgres" / "cluster" / "global" / "pg_control").unlink()

    with pytest.raises(ServerDidNotStart, match="pg_control"):
        EmbeddedServers(tmp_path, durable=False).start()

    assert not list((tmp_path).glob("runtime.path"))
    assert borrow_endpoints(tmp_path) is None


def test_an_unfinished_cluster_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")

    with EmbeddedServers(tmp_path, valkey=False, durable=False) as endpoints:
        assert endpoints.postgres

    assert not half.exists()


def test_a_pid_file_that_names_a_stranger_does_not_hinder(tmp_path: Path) -> None:
    """In a container the pid of a killed PostgreSQL soon belongs to somebody else."""
    with EmbeddedServers(tmp_path, valkey=False, durable=False):
        pass
    cluster = tmp_path / "postgres" / "cluster"
    account = cluster.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=account) as stranger:
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n")

        with EmbeddedServers(tmp_path, valkey=False, durable=False) as endpoints:
            assert endpoints.postgres

        stranger.kill()


def test_passwords_and_data_are_closed_to_others(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "data", durable=False):
        modes = {
            name: (tmp_path / "data" / name).stat().st_mode & 0o077
            for name in ("postgres", "postgres/superuser.password", "postgres/cluster", "valkey/data", "endpoints.json")
        }

    assert set(modes.values()) == {0}, modes


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@root_only
def test_root_runs_the_servers_as_an_unprivileged_account(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, durable=False)
    servers.start()
    owners = {psutil.Process(pid).uids().real for pid in servers.pids.values() if pid}
    servers.stop()

    assert 0 not in owners


@root_only
async def test_programs_are_copied_where_the_account_can_reach_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(account: Account, program: Path) -> bool:
        return "programs" in program.parts

    monkeypatch.setattr(Account, "can_execute", closed)
    servers = EmbeddedServers(tmp_path, durable=False)
    endpoints = servers.start()
    await remember(endpoints, "kept")
    running = {psutil.Process(pid).exe() for pid in servers.pids.values() if pid}
    servers.stop()

    assert all("programs" in Path(program).parts for program in running)


@root_only
async def test_an_ordinary_user_needs_no_other_account(owners: Owners) -> None:
    python = _python_for(Account(NOBODY, NOBODY))
    data = Path(tempfile.mkdtemp(prefix="artel-test-"))
    os.chown(data, NOBODY, NOBODY)

    site = os.pathsep.join(path for path in sys.path if path)
    owner = owners.start(data, {"PYTHONPATH": site}, user=NOBODY, python=python)
    await remember(owner.endpoints, "kept")
    accounts = {process.uids().real for process in owner.servers}
    owner.stop()
    shutil.rmtree(data)

    assert accounts == {NOBODY}


def _python_for(account: Account) -> str:
    """A Python that the account can run, with our packages: this one, or the system's where this one is in /root."""
    system = f"/usr/bin/python3.{sys.version_info.minor}"
    for python in (sys.executable, system):
        if Path(python).exists() and account.can_execute(Path(python)) and account.can_enter(Path(__file__).parent):
            return python
    pytest.skip("this checkout, or its Python, is closed to the account nobody")


async def _recall_when_back(endpoints: Endpoints) -> tuple[str | None, str | None]:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, RedisError):
                return await recall(endpoints)
            await asyncio.sleep(0.05)
