"""A separate process that owns a data directory, to be killed or asked to stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
from redis.asyncio import Redis

from artel.store.embedded import Endpoints

_PROGRAM = Path(__file__).with_name("run_servers.py")


@dataclass
class Owner:
    """The running process and what it has started."""

    process: subprocess.Popen[str]
    endpoints: Endpoints
    servers: list[psutil.Process]
    """Every process below it: the two servers and their helpers."""

    @property
    def sockets(self) -> Path:
        """The directory of PostgreSQL's socket."""
        return Path(self.endpoints.postgres[0].socket_directory)

    def kill(self) -> None:
        """kill -9, of the owner alone."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        """Asks for an orderly stop and waits for it."""
        self.process.communicate("", timeout=40)

    def survivors(self, seconds: float = 15) -> list[psutil.Process]:
        """The servers' processes that are still there after so long."""
        return psutil.wait_procs(self.servers, timeout=seconds)[1]


class Owners:
    """Starts such processes, and kills those that a failed test has left."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def spawn(
        self,
        data: Path,
        environment: dict[str, str] | None = None,
        *,
        user: int | None = None,
        python: str = sys.executable,
    ) -> subprocess.Popen[str]:
        """Starts the process without waiting for its servers."""
        self._processes.append(_popen(data, python, user, environment or {}))
        return self._processes[-1]

    def start(
        self,
        data: Path,
        environment: dict[str, str] | None = None,
        *,
        user: int | None = None,
        python: str = sys.executable,
    ) -> Owner:
        """Starts the process and returns when its servers answer."""
        process = self.spawn(data, environment, user=user, python=python)
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith("{")), None)
        assert line is not None, process.communicate()[1]
        started = json.loads(line)
        pids: dict[str, int] = started["pids"]
        tops = [psutil.Process(pid) for pid in pids.values()]
        servers = [process for top in tops for process in (top, *top.children(recursive=True))]
        return Owner(process, Endpoints.from_json(started["endpoints"]), servers)

    def close(self) -> None:
        """Ends every process, whatever state it is in."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.communicate()


def _popen(data: Path, python: str, user: int | None, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, _PROGRAM, data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


async def remember(endpoints: Endpoints, value: str) -> None:
    """Commits a value to both stores."""
    connection = await asyncpg.connect(endpoints.postgres[0].dsn())
    await connection.execute("CREATE TABLE IF NOT EXISTS remembered (value text)")
    await connection.execute("INSERT INTO remembered VALUES ($1)", value)
    await connection.close()
    async with redis_of(endpoints) as redis:
        await redis.set("remembered", value)


async def recall(endpoints: Endpoints) -> tuple[str | None, str | None]:
    """What PostgreSQL and Valkey remember."""
    connection = await asyncpg.connect(endpoints.postgres[0].dsn())
    stored: str | None = await connection.fetchval("SELECT value FROM remembered")
    await connection.close()
    async with redis_of(endpoints) as redis:
        cached = await redis.get("remembered")
    return stored, cached.decode() if isinstance(cached, bytes) else None


def redis_of(endpoints: Endpoints) -> Redis:
    """A client of the owner's Valkey."""
    assert endpoints.redis_url is not None
    return Redis(unix_socket_path=endpoints.redis_url.removeprefix("unix://"))
