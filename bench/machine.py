"""The machine and the commit that a result belongs to, and how its cores are shared out."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Cores:
    """`server` is the one core of whatever is measured; `rest` has the load, the model and the stores."""

    server: frozenset[int]
    rest: frozenset[int]
    pinned: bool
    """False where processes cannot be bound to cores (macOS, one core)."""

    @classmethod
    def of_this_machine(cls) -> Cores:
        """The first core for the server, the others for the rest."""
        if not hasattr(os, "sched_getaffinity"):
            return cls(frozenset(), frozenset(), pinned=False)
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            return cls(frozenset(cores), frozenset(cores), pinned=False)
        return cls(frozenset(cores[:1]), frozenset(cores[1:]), pinned=True)


def circumstances() -> dict[str, Any]:
    """What has to be known to read a number: machine, load, commit, date."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "src") else ""),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "pinned": hasattr(os, "sched_setaffinity") and (psutil.cpu_count() or 1) > 1,
    }


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
