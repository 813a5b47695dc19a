"""`artel cluster` as a process of its own: what it says, and the processes it keeps."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.serve import ARTEL, without_own_settings

_API = re.compile(r"api (http://\S+) pid (\d+)$")
_WORKER = re.compile(r"worker pid (\d+)$")
_METRICS = re.compile(r"metrics_served\W.*?(http://[\w.:\[\]]+)")
_STORES = {"postgres": "postgres", "valkey-server": "valkey", "artel.memory.edge.worker": "memory"}


@dataclass
class RunningCluster:
    """One running cluster, as far as it has said."""

    process: asyncio.subprocess.Process
    data: Path
    apis: dict[str, int] = field(default_factory=dict[str, int])
    """The process at each address."""
    workers: list[int] = field(default_factory=list[int])
    """Each that was ever said, newest last."""
    lines: list[str] = field(default_factory=list[str])
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Reads what it says, to its end."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode().rstrip("\n")
            self.lines.append(line)
            if found := _API.match(line):
                self.apis[found[1]] = int(found[2])
            elif found := _WORKER.match(line):
                self.workers.append(int(found[1]))
            self._tell()
        self._tell()

    async def until(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Returns when it is so, looked at whenever the cluster says something.

        Raises:
            AssertionError: it is not so in time; with the end of what the processes wrote.
        """
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.lines}\n{self.logs()}") from None

    def alive_workers(self) -> list[int]:
        """Workers that are ready and run."""
        return [pid for pid in self.workers if is_alive(pid)]

    def stores(self) -> dict[str, int]:
        """PostgreSQL servers, Valkey and memory's processes, by a name that they keep as long as all of them run."""
        running: list[tuple[list[str], int]] = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE:
                    running.append((child.cmdline(), child.pid))
        found: dict[str, int] = {}
        for words, pid in sorted(running):
            kind = next((name for part, name in _STORES.items() if any(part in word for word in words[:4])), None)
            if kind:
                number = sum(name.startswith(kind) for name in found) + 1
                found[f"{kind}-{number}"] = pid
        return found

    def watched(self) -> list[str]:
        """Addresses of all processes' metrics, ended ones included; workers' only with ARTEL_METRICS_PORT=0."""
        return [*self.apis, *(found for worker in self._metrics_of_workers().values() for found in worker)]

    def watched_now(self) -> dict[str, str]:
        """The newest address of each process's metrics by its name, api-1 or worker-1, whether it lives or not."""
        workers = {name: found[-1] for name, found in self._metrics_of_workers().items() if found}
        return {**{f"api-{place}": address for place, address in enumerate(self.apis, 1)}, **workers}

    def _metrics_of_workers(self) -> dict[str, list[str]]:
        logs = sorted((self.data / "processes").glob("worker*/server.log"))
        return {log.parent.name: _METRICS.findall(log.read_text(errors="replace")) for log in logs}

    def logs(self, size: int = 3_000) -> str:
        """The end of what each process wrote."""
        logs = sorted((self.data / "processes").glob("*/server.log"))
        return "\n".join(f"--- {log.parent.name}\n{log.read_text(errors='replace')[-size:]}" for log in logs)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def is_alive(pid: int) -> bool:
    """Whether it runs, and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def running_cluster(
    data: Path, environment: Mapping[str, str], *, apis: int = 2, workers: int = 2, shards: int = 2
) -> AsyncGenerator[RunningCluster]:
    """A cluster that is ready, on any free ports; it is stopped in order at the end."""
    options = ["--api", str(apis), "--worker", str(workers), "--shards", str(shards)]
    settings = {"PORT": "0", "ARTEL_DATA_DIR": str(data), "ARTEL_EMBEDDING_MODEL": "off", **environment}
    with (data.parent / "cluster.log").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            str(ARTEL),
            "cluster",
            *options,
            env={**without_own_settings(os.environ), **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    cluster = RunningCluster(process, data)
    listening = asyncio.create_task(cluster.listen())
    try:
        ready = cluster.until(
            lambda: (len(cluster.apis) == apis and len(cluster.workers) == workers) or process.returncode is not None,
            120,
        )
        await ready
        assert process.returncode is None, (data.parent / "cluster.log").read_text()
        yield cluster
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 60)
            except TimeoutError:
                process.kill()
                await process.wait()
        await listening
