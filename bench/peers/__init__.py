"""Other engines, each in a virtual environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.machine import ROOT

_HERE = Path(__file__).parent


def python_of(peer: str) -> Path:
    """The Python of a peer's environment, made from its lock file when it is missing (below .cache)."""
    home = ROOT / ".cache" / f"bench-{peer}"
    python = home / "bin" / "python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", home, "--python", sys.executable], check=True)
        lock = _HERE / f"{peer}.txt"
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock], check=True
        )
    return python


def script_of(peer: str, name: str) -> Path:
    """One of a peer's programs."""
    return _HERE / f"{peer}_{name}.py"
