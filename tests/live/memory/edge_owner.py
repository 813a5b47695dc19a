"""A process that owns workers, to be killed. Says which processes they are, and waits."""

from __future__ import annotations

import sys
from pathlib import Path

from artel.memory.edge.workers import EdgeWorkers

if __name__ == "__main__":
    running = EdgeWorkers(Path(sys.argv[1]), Path(sys.argv[2]))
    running.start()
    print("pids", *running.pids, flush=True)
    sys.stdin.read()
