"""Engine processes that are started, kept running and stopped together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from artel.memory.engine.process import EngineProcess
from artel.store.embedded.supervisor import Keeper

S = TypeVar("S", bound=Sequence[Path])


class EngineProcesses(ABC, Generic[S]):
    """`with ... as sockets:`; both ends block, like `EmbeddedServers`."""

    def __init__(self, processes: Sequence[EngineProcess]) -> None:
        self.processes = processes
        """For whoever keeps them running in another way than by `start`."""
        self._keepers: list[Keeper] = []

    @property
    @abstractmethod
    def sockets(self) -> S:
        """Where they listen."""

    @property
    def pids(self) -> list[int | None]:
        """Their processes."""
        return [keeper.pid for keeper in self._keepers]

    def start(self) -> S:
        """Returns when all of them answer. Nothing is left running when it raises.

        Raises:
            ServerDidNotStart: with the end of the log, such as that a package is not installed.
        """
        try:
            for process in self.processes:
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

    def __enter__(self) -> S:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
