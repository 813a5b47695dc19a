"""The embedded PostgreSQL: how a cluster is made and how its server is started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from artel.store.embedded.account import servers_account
from artel.store.embedded.binaries import postgres_bundle
from artel.store.embedded.endpoints import SUPERUSER, PostgresEndpoint
from artel.store.embedded.secret import load_or_create_secret, write_private
from artel.store.embedded.supervisor import Launch, ServerDidNotStart, child_command

_READY_LINE = 7
_STOP_SIGNALS = (
    (signal.SIGINT, 30.0),  # fast shutdown: disconnects clients, writes a checkpoint
    (signal.SIGQUIT, 5.0),  # immediate: the next start recovers from the WAL
    (signal.SIGKILL, 5.0),
)
_LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST", "--locale=C")
"""Russian lower(), ILIKE and full-text search work in the built-in provider, alike on every machine and without ICU."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # short queries only; and a container's /dev/shm is small
    "min_wal_size": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    # Users' content must not get into logs: neither as the failing statement nor as "Key (email)=(...) exists".
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
"""For a server at home: little memory, no surprises."""

NOT_DURABLE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
"""For tests: a power cut may lose the data, a killed process does not."""


@dataclass
class PostgresServer:
    """One cluster below `home` and its server; implements `supervisor.Server`."""

    name: str
    home: Path
    runtime: Path
    """A directory with a short path, ours alone."""
    spares: Sequence[Path]
    """Where copies of the programs may be put, best first."""
    durable: bool = True

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._account = servers_account(self._cluster)
        self._program = postgres_bundle().locate_for(self._account, self.spares)
        self._port: int | None = None
        self._password = load_or_create_secret(self.home / "superuser.password", 24)
        self._sockets = self.runtime / self.name
        self._sockets.mkdir(mode=0o700)
        if self._account:
            self._account.own(self._sockets)

    @property
    def endpoint(self) -> PostgresEndpoint:
        """Where it listens, once it runs; stays the same when it is restarted."""
        assert self._port is not None, "not started yet"
        return PostgresEndpoint(str(self._sockets), self._port, self._password)

    def prepare(self, alive: int) -> Launch:
        """Makes the cluster when there is none."""
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster(alive)
        # We hold `alive`, so the process that the pid file names is no PostgreSQL of ours (pids of containers repeat).
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if self._port is None:
            self._port = _free_port()  # as late as possible: nothing keeps it free for us
        settings = {**SETTINGS, **({} if self.durable else NOT_DURABLE)}
        settings |= {"port": str(self._port), "unix_socket_directories": str(self._sockets)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return self._launch(self._cluster, [self._program, "-D", self._as_seen(self._cluster), *options])

    def is_ready(self, pid: int) -> bool:
        """Reads the status that the server itself writes into its pid file."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _READY_LINE and lines[0] == str(pid) and lines[_READY_LINE].strip() == "ready"

    @property
    def _cluster(self) -> Path:
        return self.home / "cluster"

    def _make_cluster(self, alive: int) -> None:
        """initdb beside the place, then a rename: a kill in the middle leaves no half cluster."""
        unfinished = self.home / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file = self._sockets / "password"
        write_private(password_file, self._password.encode())
        if self._account:
            self._account.own(unfinished)
            self._account.own(password_file)
        sync = [] if self.durable else ["--no-sync"]
        program = [self._program.with_name("initdb"), "-D", self._as_seen(unfinished), "-U", SUPERUSER, *_LOCALE, *sync]
        launch = self._launch(unfinished, [*program, "--auth=scram-sha-256", f"--pwfile={password_file}"])
        try:
            subprocess.run(  # noqa: S603  # our own program, no shell
                child_command(launch),
                env=launch.environment,
                check=True,
                capture_output=True,
                pass_fds=(alive,),
                start_new_session=True,
            )
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip()
            raise ServerDidNotStart(f"initdb could not make {self._cluster}: {reason}") from error
        finally:
            password_file.unlink()
        unfinished.rename(self._cluster)

    def _launch(self, directory: Path, program: list[str | Path]) -> Launch:
        return Launch(program, directory, self._account, _environment(), _STOP_SIGNALS)

    def _as_seen(self, directory: Path) -> Path:
        """The name under which the server reaches its working directory.

        An unprivileged account may be unable to walk down to it (a clone below /root); the link in /proc needs no walk.
        """
        return Path("/proc/self/cwd") if self._account and sys.platform == "linux" else directory


def _environment() -> dict[str, str]:
    """Ours without what would change PostgreSQL's ways (PGDATA, PGPORT, PGHOST...)."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
