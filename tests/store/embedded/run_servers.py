"""A process that owns embedded servers until its standard input ends: `run_servers.py DATA_DIRECTORY`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from artel.store.embedded import DataDirectoryInUse, EmbeddedServers


def main() -> None:
    servers = EmbeddedServers(Path(sys.argv[1]))
    try:
        endpoints = servers.start()
    except DataDirectoryInUse as error:
        sys.exit(error.detail)
    print(json.dumps({"endpoints": endpoints.to_json().decode(), "pids": servers.pids}), flush=True)
    sys.stdin.read()
    servers.stop()


if __name__ == "__main__":
    main()
