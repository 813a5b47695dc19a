"""The embedded Valkey: how its server is started."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from artel.store.embedded.account import servers_account
from artel.store.embedded.binaries import valkey_bundle
from artel.store.embedded.endpoints import socket_url
from artel.store.embedded.supervisor import Launch

_STOP_SIGNALS = (
    (signal.SIGTERM, 15.0),  # writes and syncs the append-only file
    (signal.SIGKILL, 5.0),
)
_PING_SECONDS = 1.0


@dataclass
class ValkeyServer:
    """One append-only store below `home` and its server; implements `supervisor.Server`."""

    name: str
    home: Path
    runtime: Path
    """A directory with a short path, ours alone."""
    spares: Sequence[Path]
    """Where copies of the program may be put, best first."""
    durable: bool = True

    def __post_init__(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._account = servers_account(self._data)
        self._program = valkey_bundle().locate_for(self._account, self.spares)
        self._sockets = self.runtime / self.name
        self._sockets.mkdir(mode=0o700)
        if self._account:
            self._account.own(self._data)
            self._account.own(self._sockets)

    @property
    def url(self) -> str:
        """For a Redis client; stays the same when the server is restarted."""
        return socket_url(self._socket)

    def prepare(self, alive: int) -> Launch:
        """Removes the socket of a server that was killed."""
        self._socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": ".",  # the working directory: the account may be unable to walk down to it
            "daemonize": "no",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",  # streams hold events and wake-ups; none may vanish
            "loglevel": "warning",
        }
        program = [self._program, *(part for key, value in options.items() for part in (f"--{key}", value))]
        return Launch(program, self._data, self._account, dict(os.environ), _STOP_SIGNALS)

    def is_ready(self, pid: int) -> bool:
        """Whether it answers PING; while it loads the append-only file it answers with an error."""
        del pid
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_PING_SECONDS)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    @property
    def _data(self) -> Path:
        return self.home / "data"

    @property
    def _socket(self) -> Path:
        return self._sockets / "valkey.sock"
