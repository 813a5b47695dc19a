"""A program that speaks MCP over its standard streams by hand, and does what its first argument says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, __file__)
"""Before the behaviour's name."""


def _say(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def _answer(asked: dict[str, Any]) -> None:
    method, number = asked.get("method"), asked.get("id")
    if number is None:
        return
    if method == "initialize":
        offer = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "p", "version": "1"}}
        _say({"id": number, "result": offer})
    elif method == "tools/list":
        _say({"id": number, "result": {"tools": [{"name": "look", "inputSchema": {"type": "object"}}]}})
    elif method == "tools/call":
        seen = {"environment": dict(os.environ), "directory": str(Path.cwd())}
        _say({"id": number, "result": {"content": [{"type": "text", "text": json.dumps(seen)}]}})
    else:
        _say({"id": number, "error": {"code": -32601, "message": "Method not found"}})


def _serve() -> None:
    for line in sys.stdin:
        _answer(json.loads(line))


def _main(behaviour: str, place: str) -> None:
    if behaviour == "hang":
        # Nor does it end when its input does.
        Path(place).write_text(str(os.getpid()))
        while True:
            time.sleep(1)
    elif behaviour == "parent":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        Path(place).write_text(str(child.pid))
        _serve()
    elif behaviour == "pour":
        while True:
            sys.stdout.write("x" * 65_536)
    elif behaviour == "pour-lines":
        while True:
            sys.stdout.write("no JSON\n" * 1_000)
    elif behaviour == "die":
        sys.exit("cannot find my configuration")
    elif behaviour == "deaf":
        sys.stdin.close()
        time.sleep(1000)
    elif behaviour == "grumble":
        sys.stderr.write("deprecated\n" * 100_000)
        print("\nno JSON", flush=True)
        _serve()
    else:
        _serve()


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
