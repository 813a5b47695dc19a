"""Several API and worker processes on one machine, kept running: what `artel cluster` does. See docs/cluster.md."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from artel.app.server import listen
from artel.app.sockets import address_of
from artel.settings import Settings
from artel.store.embedded.supervisor import Keeper, Launch

_LAST_STEPS_SECONDS: Final = 20.0
"""For a process to end once it has drained: its last requests, its last events, its connections."""
_START_SECONDS: Final = 90.0
_LOOK_BYTES: Final = 65_536


@dataclass
class ArtelProcess:
    """One `artel api` or `artel worker`; implements `supervisor.Server`."""

    name: str
    command: str
    home: Path
    """For its log and its lock."""
    drain_seconds: float
    environment: dict[str, str] = field(default_factory=dict[str, str])
    """What it is given beside ours."""
    _log_began: int = 0

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)

    def prepare(self, alive: int) -> Launch:
        """Notes where the log of this start begins."""
        del alive
        with suppress(FileNotFoundError):
            self._log_began = self._log.stat().st_size
        program = [sys.executable, "-P", "-m", "artel.cli", self.command]
        stop = ((signal.SIGTERM, self.drain_seconds + _LAST_STEPS_SECONDS), (signal.SIGKILL, 5.0))
        # Its stores go with whoever kills us, so there is nothing that it could bring to an end.
        return Launch(program, Path.cwd(), None, {**os.environ, **self.environment}, stop, orphaned=signal.SIGKILL)

    def is_ready(self, pid: int) -> bool:
        """Whether it has said so."""
        said = f"worker pid {pid}\n" if self.command == "worker" else "Artel is ready on "
        return said.encode() in self._said()

    def _said(self) -> bytes:
        size = self._log.stat().st_size
        with self._log.open("rb") as log:
            # The log may have begun anew since.
            log.seek(self._log_began if size >= self._log_began else 0)
            return log.read(_LOOK_BYTES)

    @property
    def _log(self) -> Path:
        return self.home / "server.log"


class Ports:
    """Ports of this machine that stay ours while nobody listens on them."""

    def __init__(self, held: Sequence[socket.socket]) -> None:
        self._held = held

    @property
    def addresses(self) -> list[str]:
        """As URLs."""
        return [address_of(each) for each in self._held]

    @property
    def numbers(self) -> list[int]:
        """As the processes are told."""
        return [each.getsockname()[1] for each in self._held]


@contextmanager
def take_ports(settings: Settings, number: int) -> Generator[Ports]:
    """PORT and those after it, or any free ones when it is 0. A bound socket that does not listen lets another of the
    same machine be bound beside it, and keeps everybody's outgoing connections from taking the port.

    Raises:
        PortTaken: another program has one.
    """
    held: list[socket.socket] = []
    try:
        for place in range(number):
            port = settings.port + place if settings.port else 0
            held.append(listen(settings.model_copy(update={"port": port})))
        if sys.platform != "linux":
            # Elsewhere two sockets may not be bound to one address.
            for each in held:
                each.close()
        yield Ports(held)
    finally:
        for each in held:
            each.close()


class Cluster:
    """The processes of one data directory, from `start` to `stop`."""

    def __init__(self, settings: Settings, ports: Ports, workers: int, say: Callable[[str], None]) -> None:
        """say: is told a line each time a process is ready, by several threads."""
        self._say = say
        home = settings.data_dir.expanduser().absolute() / "processes"
        self._keepers: list[Keeper] = []
        for place, (port, address) in enumerate(zip(ports.numbers, ports.addresses, strict=True), 1):
            self._add(f"api-{place}", "api", home, settings, f"api {address}", {"PORT": str(port)})
        for place in range(1, workers + 1):
            self._add(f"worker-{place}", "worker", home, settings, "worker", {})

    def _add(
        self, name: str, command: str, home: Path, settings: Settings, what: str, environment: dict[str, str]
    ) -> None:
        process = ArtelProcess(name, command, home / name, settings.drain_seconds, environment)
        self._keepers.append(Keeper(process, _START_SECONDS, lambda pid: self._say(f"{what} pid {pid}")))

    def start(self) -> None:
        """Returns when every process is ready.

        Raises:
            ServerDidNotStart: with the end of its log.
        """
        for keeper in self._keepers:
            keeper.start()
        for keeper in self._keepers:
            keeper.wait_ready()

    def stop(self) -> None:
        """Lets all of them drain at the same time, and returns when they are gone."""
        with ThreadPoolExecutor(len(self._keepers)) as threads:
            list(threads.map(Keeper.stop, self._keepers))

    def hurry(self) -> None:
        """They are not to take any longer."""
        for keeper in self._keepers:
            if (pid := keeper.pid) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
