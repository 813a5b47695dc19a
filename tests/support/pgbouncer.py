"""A real PgBouncer in transaction mode before the databases of the tests, with fewer connections than callers."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from artel.store.embedded import PostgresEndpoint
from artel.store.embedded.account import servers_account
from artel.store.engine import PoolSizes, through_pooler
from artel.store.roles import DatabaseUrls
from artel.store.shards import Shards
from tests.support.ports import free_port

SERVER_CONNECTIONS = 3
_PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_CONFIG = """\
[databases]
{databases}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {directory}/users.txt
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


@dataclass(frozen=True)
class Pooler:
    """Where it listens; databases have their own names there."""

    port: int

    def url(self, urls: DatabaseUrls) -> URL:
        """The same database by way of the pooler, as the app role, marked as such."""
        direct = urls.app.difference_update_query(["host", "port"])
        return through_pooler(direct.set(host="127.0.0.1", port=self.port))


def needs_pgbouncer() -> None:
    """Skips where there is none; as root `scripts/pgbouncer.sh` installs it, so there it must be."""
    if _PROGRAM is None:
        if os.geteuid() == 0 and shutil.which("apt-get"):
            pytest.fail("run scripts/pgbouncer.sh first")
        pytest.skip("PgBouncer is not installed: sudo apt-get install pgbouncer")


@pytest.fixture(scope="session")
def pooler(postgres: PostgresEndpoint, first_shard: DatabaseUrls, second_shard: DatabaseUrls) -> Iterator[Pooler]:
    """One for both shards."""
    needs_pgbouncer()
    assert _PROGRAM is not None
    # Not pytest's directory: as root the pooler runs as somebody else, who may not enter there.
    directory, port = Path(tempfile.mkdtemp(prefix="artel-pooler-")), free_port()
    shards = (first_shard, second_shard)
    lines = [f"{urls.app.database} = host=127.0.0.1 port={postgres.port}" for urls in shards]
    config = directory / "pgbouncer.ini"
    config.write_text(
        _CONFIG.format(databases="\n".join(lines), port=port, directory=directory, connections=SERVER_CONNECTIONS)
    )
    (directory / "users.txt").write_text(f'"{first_shard.app.username}" "{first_shard.app.password}"\n')
    account = servers_account(directory / "nothing")
    if account is not None:
        for path in (directory, *directory.iterdir()):
            account.own(path)
    program = subprocess.Popen(
        [_PROGRAM, "-q", str(config)],
        cwd="/",
        user=account.uid if account is not None else None,
        group=account.gid if account is not None else None,
        extra_groups=[] if account is not None else None,
    )
    try:
        yield Pooler(port)
    finally:
        program.send_signal(signal.SIGINT)
        program.wait(10)
        shutil.rmtree(directory)


@pytest.fixture
async def pooled(pooler: Pooler, first_shard: DatabaseUrls, second_shard: DatabaseUrls) -> AsyncGenerator[Shards]:
    """Both shards through the pooler, with more lines than it has connections to the server."""
    urls: Sequence[URL] = [pooler.url(first_shard), pooler.url(second_shard)]
    await _until_it_answers(pooler.port)
    shards = Shards(urls, PoolSizes(kept=12))
    await shards.start()
    yield shards
    await shards.stop()


async def _until_it_answers(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def backend_of(shards: Shards, user_id: int) -> int:
    """The server's process that serves a transaction of the user."""
    async with shards.user_tx(user_id) as tx:
        return await tx.fetchval("select pg_backend_pid()")
