"""All embedded servers of one data directory, as one thing to start and stop."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from artel.store.embedded.directory import DataDirectory
from artel.store.embedded.endpoints import Endpoints
from artel.store.embedded.postgres import PostgresServer
from artel.store.embedded.supervisor import Keeper
from artel.store.embedded.valkey import ValkeyServer


class EmbeddedServers:
    """`with EmbeddedServers(path) as endpoints: ...`; both ends block: call them outside an event loop or in a thread.

    While it runs, a server that dies is restarted on the same addresses. Should this process be killed, they all stop.
    """

    def __init__(
        self, data_directory: Path, *, postgres_servers: int = 1, valkey: bool = True, durable: bool = True
    ) -> None:
        """postgres_servers: 0 when DATABASE_URL names real ones. durable=False trades safety for speed, for tests."""
        self._directory = DataDirectory(data_directory)
        self._postgres_servers = postgres_servers
        self._valkey = valkey
        self._durable = durable
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
        names = ["postgres", *(f"postgres-{number}" for number in range(2, self._postgres_servers + 1))]
        names = names[: self._postgres_servers]
        postgres = [PostgresServer(name, path / name, runtime, spares, self._durable) for name in names]
        valkey = [ValkeyServer("valkey", path / "valkey", runtime, spares, self._durable)] if self._valkey else []
        for server in (*postgres, *valkey):
            keeper = Keeper(server)
            self._keepers.append(keeper)
            keeper.start()
        for keeper in self._keepers:
            keeper.wait_ready()
        return Endpoints(
            postgres=tuple(server.endpoint for server in postgres),
            redis_url=valkey[0].url if valkey else None,
        )


def borrow_endpoints(data_directory: Path) -> Endpoints | None:
    """Where the servers listen that another process runs on this data directory, or None when none does.

    For commands such as `artel user add` beside a running `artel serve`.
    """
    return DataDirectory(data_directory).published()
