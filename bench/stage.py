"""What every benchmark runs against: embedded stores and the scripted model, away from the measured server's core."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from artel.store.embedded import EmbeddedServers, Endpoints, ensure_database
from bench.machine import Cores
from bench.processes import child, cpu_seconds, pin


@dataclass(frozen=True)
class Stage:
    """Running stores and model."""

    cores: Cores
    endpoints: Endpoints
    model_url: str
    pids: dict[str, int]
    """Of `postgres`, `valkey` and `model`."""

    async def database(self, name: str) -> str:
        """The URL of a database, made when it is missing."""
        server = self.endpoints.postgres[0]
        await ensure_database(server, name)
        return server.dsn(name)

    @property
    def redis_url(self) -> str:
        """Where Valkey listens."""
        assert self.endpoints.redis_url is not None
        return self.endpoints.redis_url

    def cpu(self) -> dict[str, float]:
        """Processor seconds of each part so far."""
        return {name: cpu_seconds(pid) for name, pid in self.pids.items()}


@contextmanager
def open_stage() -> Generator[Stage]:
    """Durable stores, as in production: every commit is on the disk before it is answered.

    Binds this process, which is the load generator, and everything on the stage to the cores that the server leaves.
    """
    cores = Cores.of_this_machine()
    if cores.pinned:
        pin(cores.rest)
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as directory:
        servers = EmbeddedServers(Path(directory))
        model = child([sys.executable, "-m", "tests.support.model_server"], ready="READY")
        with servers as endpoints, model as model_server:
            pids = {name: pid for name, pid in servers.pids.items() if pid is not None}
            yield Stage(cores, endpoints, model_server.address, {**pids, "model": model_server.pid})
