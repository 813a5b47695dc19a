"""A real Prometheus with our rules, which asks every process of a cluster each second, wherever it is at the moment."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson
import yaml

from bench.machine import ROOT
from tests.support.clusters import RunningCluster
from tests.support.ports import free_port

_RULES: Final = ROOT / "deploy/prometheus/rules/*.yml"
_UNPACKED: Final = ROOT / ".cache/promtool/usr/bin/prometheus"
_START_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 1.0
STEP_SECONDS: Final = 1

Series = tuple[dict[str, str], list[tuple[float, float]]]
"""Labels; seconds since 1970 and values."""


class NoPrometheus(Exception):
    """There is none on this machine: `scripts/promtool.sh prometheus`, or Debian's package of that name."""


@dataclass(frozen=True)
class Prometheus:
    """A running one. began: when it was asked to begin, in seconds since 1970."""

    address: str
    http: aiohttp.ClientSession
    began: float

    async def range(self, expression: str) -> list[Series]:
        """What an expression was from the beginning until now, once a second; what is no number is left out."""
        query = {
            "query": expression,
            "start": f"{self.began:.0f}",
            "end": f"{time.time():.0f}",
            "step": str(STEP_SECONDS),
        }
        async with self.http.post(f"{self.address}/api/v1/query_range", data=query) as answer:
            told: dict[str, Any] = await answer.json()
        assert told["status"] == "success", f"{expression}: {told}"
        return [
            (each["metric"], [(at, float(value)) for at, value in each["values"] if value != "NaN"])
            for each in told["data"]["result"]
        ]


@asynccontextmanager
async def scraped(cluster: RunningCluster, directory: Path) -> AsyncGenerator[Prometheus]:
    """Runs until the block ends; entered once it can be asked.

    Raises:
        NoPrometheus: there is none.
    """
    targets = directory / "targets.json"
    port = free_port()
    _write(directory / "prometheus.yml", targets, cluster)
    process = await asyncio.create_subprocess_exec(
        _program(),
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    following = asyncio.create_task(_follow(cluster, targets))
    try:
        async with aiohttp.ClientSession() as http:
            made = Prometheus(f"http://127.0.0.1:{port}", http, time.time())
            await _until_ready(made)
            yield made
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        process.terminate()
        await process.wait()


def _program() -> str:
    subprocess.run([ROOT / "scripts/promtool.sh", "prometheus"], check=True)
    found = shutil.which("prometheus") or (str(_UNPACKED) if _UNPACKED.is_file() else None)
    if found is None:
        raise NoPrometheus
    return found


def _write(configuration: Path, targets: Path, cluster: RunningCluster) -> None:
    """As deploy/prometheus/prometheus.yml, but for where the processes are and how often they are asked."""
    configuration.parent.mkdir(parents=True)
    files = [{"files": [str(targets)], "refresh_interval": "5s"}]
    scrape = {"job_name": "artel", "scrape_interval": "1s", "scrape_timeout": "1s", "file_sd_configs": files}
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "15s"},
        "rule_files": [str(_RULES)],
        "scrape_configs": [scrape],
    }
    configuration.write_text(yaml.safe_dump(settings))
    _tell(targets, cluster.watched_now())


def _tell(targets: Path, watched: Mapping[str, str]) -> None:
    groups = [
        {
            "targets": [address.removeprefix("http://").rstrip("/")],
            "labels": {"job": f"artel-{name.split('-')[0]}", "instance": name},
        }
        for name, address in watched.items()
    ]
    fresh = targets.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(groups))
    # Prometheus reads a file that is half written, too.
    fresh.replace(targets)


async def _follow(cluster: RunningCluster, targets: Path) -> None:
    """Says for ever where the processes are: a worker that was started again listens on another port."""
    known: Mapping[str, str] = {}
    while True:
        if (now := await asyncio.to_thread(cluster.watched_now)) != known:
            known = now
            _tell(targets, now)
        await asyncio.sleep(_LOOK_SECONDS)


async def _until_ready(prometheus: Prometheus) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            with suppress(aiohttp.ClientError):
                async with prometheus.http.get(f"{prometheus.address}/-/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
