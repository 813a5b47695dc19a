"""Prometheus' own judge of rules and expressions; `scripts/promtool.sh` fetches it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_UNPACKED = ROOT / ".cache/promtool/usr/bin/promtool"

Promtool = Callable[..., str]
"""`promtool("test", "rules", "some.yml")` -> what it says; fails the test where it finds fault."""


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs promtool from the repository's root."""
    program = shutil.which("promtool") or (str(_UNPACKED) if _UNPACKED.is_file() else None)
    if program is None:
        pytest.skip("promtool is not here: run scripts/promtool.sh (Debian's package 'prometheus' has it)")

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [program, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
