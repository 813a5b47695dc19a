"""The worker processes of one data directory, kept running by whoever owns the directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from artel.memory.edge.options import EdgeOptions
from artel.memory.engine.process import EngineProcess
from artel.store.embedded.supervisor import Keeper

_MODULE: Final = "artel.memory.edge.worker"


class EdgeWorkers:
    """`with EdgeWorkers(root, runtime) as sockets: ...`; both ends block, like `EmbeddedServers`.

    root: where the users' shards are (`<data>/qdrant`). runtime: the data directory's short private directory. The
    number may change from one start to the next: which worker has a user follows from it, and shards are just files.
    """

    def __init__(self, root: Path, runtime: Path, count: int = 2, options: EdgeOptions | None = None) -> None:
        options = options or EdgeOptions()
        self._processes = [
            EngineProcess(
                name=f"memory-{number}",
                module=_MODULE,
                home=root / "workers" / str(number),
                sockets=runtime / "memory",
                arguments=(str(root), options.to_json()),
            )
            for number in range(1, count + 1)
        ]
        self._keepers: list[Keeper] = []

    @property
    def sockets(self) -> Sequence[Path]:
        """Where they listen, in the order that `EdgeContexts` needs."""
        return [process.socket for process in self._processes]

    @property
    def pids(self) -> list[int | None]:
        """Their processes."""
        return [keeper.pid for keeper in self._keepers]

    def start(self) -> Sequence[Path]:
        """Returns when all of them answer. Nothing is left running when it raises.

        Raises:
            ServerDidNotStart: with the end of the log.
        """
        try:
            for process in self._processes:
                keeper = Keeper(process)
                self._keepers.append(keeper)
                keeper.start()
            for keeper in self._keepers:
                keeper.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self.sockets

    def stop(self) -> None:
        """Stops them; what they hold is written. Harmless when none runs."""
        while self._keepers:
            self._keepers.pop().stop()

    def __enter__(self) -> Sequence[Path]:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
