"""How soon `artel serve` answers, and what it takes while nobody asks anything of it.

python -m bench.process [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from bench.processes import child, cpu_seconds, memory_mb
from bench.report import keep

_SETTLE_SECONDS = 5.0
_IDLE_SECONDS = 10.0


def run(starts: int) -> dict[str, Any]:
    """One start on an empty data directory (the stores are made), then `starts` more on the same one."""
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as directory:
        first, idle = _start(directory, watch=True)
        again = [_start(directory, watch=False)[0] for _ in range(starts)]
    return {
        "first_start_seconds": round(first, 2),
        "start_seconds": round(statistics.median(again), 2),
        "promise": {"start_seconds": 10.0},
        "idle": idle,
    }


def _start(directory: str, *, watch: bool) -> tuple[float, dict[str, Any]]:
    """Seconds until a request is answered, and what the idle processes take if they are watched."""
    command = [str(Path(sys.executable).with_name("artel")), "serve"]
    began = time.perf_counter()
    with child(command, ready="Artel is ready", environment={"ARTEL_DATA_DIR": directory, "PORT": "0"}) as server:
        with urllib.request.urlopen(f"{server.address}/healthz", timeout=10) as answer:
            assert answer.status == 200
        seconds = time.perf_counter() - began
        return seconds, _idle(server.pid) if watch else {}


def _idle(pid: int) -> dict[str, Any]:
    time.sleep(_SETTLE_SECONDS)
    before = cpu_seconds(pid, family=False)
    time.sleep(_IDLE_SECONDS)
    stores = [each.pid for each in psutil.Process(pid).children(recursive=True)]
    return {
        "server_mb": round(memory_mb(pid), 1),
        "stores_mb": round(sum(map(memory_mb, stores)), 1),
        "server_cpu_percent": round((cpu_seconds(pid, family=False) - before) / _IDLE_SECONDS * 100, 2),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one more start, nothing written")
    quick: bool = parser.parse_args().quick
    keep("process", run(1 if quick else 3), kept=not quick)


if __name__ == "__main__":
    main()
