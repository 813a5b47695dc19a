"""Every benchmark, one after the other, each in a process of its own, and then the table in README.md.

make bench                        # about a quarter of an hour; nothing else should run on the machine
python -m bench.run_all --quick   # shows that they run; nothing is written
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from bench.machine import ROOT
from bench.table import write_table

_BENCHMARKS = (
    "process",
    "direct_call",
    "sse",
    "bus",
    "plans",
    "planning",
    "approvals",
    "recall",
    "search",
    "recall_turn",
)


def main() -> None:
    """The command line; ends with the number of benchmarks that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick: bool = parser.parse_args().quick
    failed = 0
    for name in _BENCHMARKS:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"bench.{name}", *(["--quick"] if quick else [])]
        failed += subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    if not quick:
        write_table()
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
