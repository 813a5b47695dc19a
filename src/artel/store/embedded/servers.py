"""All embedded servers of one data directory, as one thing to start and stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from artel.store.embedded.directory import DataDirectory
from artel.store.embedded.endpoints import Endpoints
from artel.store.embedded.postgres import PostgresServer
from artel.store.embedded.supervisor import Keeper, Server
from artel.store.embedded.valkey import ValkeyServer


@dataclass(frozen=True, slots=True)
class Companions:
    """Programs that are kept running beside the servers. Nobody waits for them: whoever asks one that is not there yet,
    or did not start, goes on without. sockets: where they listen, by what they are for."""

    servers: Sequence[Server] = ()
    sockets: Mapping[str, Sequence[Path]] = field(default_factory=dict[str, Sequence[Path]])


MakeCompanions = Callable[[Path, Path], Companions]
"""Given the data directory and its short private directory for sockets."""


def no_companions(data_directory: Path, runtime: Path) -> Companions:
    """The servers alone."""
    del data_directory, runtime
    return Companions()


class EmbeddedServers:
    """`with EmbeddedServers(path) as endpoints: ...`; both ends block: call them outside an event loop or in a thread.

    While it runs, a server that dies is restarted on the same addresses. Should this process be killed, they all stop.
    """

    def __init__(
        self,
        data_directory: Path,
        *,
        postgres_servers: int = 1,
        valkey: bool = True,
        durable: bool = True,
        companions: MakeCompanions = no_companions,
    ) -> None:
        """postgres_servers: 0 when DATABASE_URL names real ones. durable=False trades safety for speed, for tests."""
        self._directory = DataDirectory(data_directory)
        self._postgres_servers = postgres_servers
        self._valkey = valkey
        self._durable = durable
        self._companions = companions
        self._keepers: list[Keeper] = []

    @property
    def pids(self) -> dict[str, int | None]:
        """The process of each server by its name."""
        return {keeper.name: keeper.pid for keeper in self._keepers}

    def start(self) -> Endpoints:
        """Returns when every server answers. Nothing is left running when it raises.

        Raises:
            DataDirectoryInUse: another process runs on this data directory.
            ServerDidNotStart: with the end of the server's log.
        """
        self._directory.lock()
        try:
            endpoints = self._start_all()
            self._directory.publish(endpoints)
        except BaseException:
            self.stop()
            raise
        return endpoints

    def stop(self) -> None:
        """Stops what runs, Valkey first, and gives the data directory back. Harmless when nothing runs."""
        while self._keepers:
            self._keepers.pop().stop()
        self._directory.release()

    def __enter__(self) -> Endpoints:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_all(self) -> Endpoints:
        path, runtime = self._directory.path, self._directory.runtime
        assert runtime is not None
        spares = (path / "programs", runtime / "programs")
        names = _postgres_names(self._postgres_servers)
        postgres = [PostgresServer(name, path / name, runtime, spares, self._durable) for name in names]
        valkey = [ValkeyServer("valkey", path / "valkey", runtime, spares, self._durable)] if self._valkey else []
        servers = [*postgres, *valkey]
        self._keep(servers)
        companions = self._companions(path, runtime)
        self._keep(companions.servers)
        for keeper in self._keepers[: len(servers)]:
            keeper.wait_ready()
        return Endpoints(
            postgres=tuple(server.endpoint for server in postgres),
            redis_url=valkey[0].url if valkey else None,
            companions={what: tuple(map(str, sockets)) for what, sockets in companions.sockets.items()},
        )

    def _keep(self, servers: Sequence[Server]) -> None:
        for server in servers:
            keeper = Keeper(server)
            self._keepers.append(keeper)
            keeper.start()


def postgres_servers_of(data_directory: Path) -> int:
    """How many PostgreSQL servers this data directory has; it keeps them, for users live there."""
    number = 0
    while (data_directory / _postgres_names(number + 1)[-1]).is_dir():
        number += 1
    return number


def _postgres_names(number: int) -> list[str]:
    return ["postgres", *(f"postgres-{place}" for place in range(2, number + 1))][:number]


def borrow_endpoints(data_directory: Path) -> Endpoints | None:
    """Where the servers listen that another process runs on this data directory, or None when none does.

    For commands such as `artel user add` beside a running `artel serve`.
    """
    return DataDirectory(data_directory).published()
