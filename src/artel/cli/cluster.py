"""`artel cluster`: several API and worker processes on one machine."""

from __future__ import annotations

import signal
import threading
from contextlib import nullcontext
from typing import Annotated

import typer

from artel.app.cluster import Cluster, take_ports
from artel.app.databases import embedded_servers, open_stores
from artel.app.memory import memory_companions
from artel.cli.common import read_settings, run_loop


def cluster_command(
    api: Annotated[int, typer.Option(min=1, help="Processes that answer HTTP, on PORT and the ports after it.")] = 2,
    worker: Annotated[int, typer.Option(min=1, help="Processes that take work from the queue.")] = 2,
    shards: Annotated[int, typer.Option(min=1, help="Embedded PostgreSQL servers.")] = 2,
) -> None:
    """Runs several API and worker processes over embedded stores, restarts what dies, and prints a line for each."""
    settings = read_settings()
    asked = StopSignals()
    with take_ports(settings, api) as ports:
        servers = embedded_servers(settings, memory_companions(settings), shards)
        with servers or nullcontext() as endpoints:
            # Nobody else is on these databases yet, so new shards may take users at once.
            run_loop(open_stores(settings, endpoints, upgrade=True, alone=True))
            cluster = Cluster(settings, ports, worker, _say)
            try:
                cluster.start()
                asked.wait(cluster)
            finally:
                cluster.stop()


def _say(line: str) -> None:
    # In one piece: several threads say something.
    print(f"{line}\n", end="", flush=True)  # noqa: T201


class StopSignals:
    """SIGINT and SIGTERM, from the moment at which there is something to stop in order."""

    def __init__(self) -> None:
        self._first = threading.Event()
        self._cluster: Cluster | None = None

    def wait(self, cluster: Cluster) -> None:
        """Returns at the first signal; a later one hurries the processes."""
        self._cluster = cluster
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.note)
        self._first.wait()

    def note(self, number: int, frame: object) -> None:
        """A signal has come."""
        del number, frame
        if self._first.is_set() and self._cluster is not None:
            self._cluster.hurry()
        self._first.set()
