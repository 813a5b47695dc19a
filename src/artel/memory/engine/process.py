"""Starts such a child and keeps it running, under the supervisor that keeps PostgreSQL and Valkey running too."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artel.store.embedded.supervisor import Launch

_STOP_SIGNALS = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
_CONNECT_SECONDS = 1.0


@dataclass
class EngineProcess:
    """A module that is run as a program, given its socket and then `arguments`; implements `supervisor.Server`."""

    name: str
    module: str
    home: Path
    """For its log and its lock."""
    sockets: Path
    """A directory with a short path, closed to others."""
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What it is given beside ours."""

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def socket(self) -> Path:
        """Where it listens; stays the same when it is restarted."""
        return self.sockets / f"{self.name}.sock"

    def prepare(self, alive: int) -> Launch:
        """Removes the socket of one that was killed."""
        del alive
        self.socket.unlink(missing_ok=True)
        # -P: the working directory must not become a place to import from.
        program = [sys.executable, "-P", "-m", self.module, str(self.socket), *self.arguments]
        return Launch(program, self.home, None, {**os.environ, **self.environment}, _STOP_SIGNALS)

    def is_ready(self, pid: int) -> bool:
        """Whether it takes connections: it listens when everything it needs is loaded."""
        del pid
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_CONNECT_SECONDS)
                client.connect(str(self.socket))
                return True
        except OSError:
            return False
