"""The worker processes of one data directory, kept running by whoever owns the directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from artel.memory.edge.options import EdgeOptions
from artel.memory.engine.process import EngineProcess
from artel.memory.engine.processes import EngineProcesses

_MODULE: Final = "artel.memory.edge.worker"


class EdgeWorkers(EngineProcesses[Sequence[Path]]):
    """`with EdgeWorkers(root, runtime) as sockets: ...`; both ends block, like `EmbeddedServers`.

    root: where the users' shards are (`<data>/qdrant`). runtime: the data directory's short private directory. The
    number may change from one start to the next: which worker has a user follows from it, and shards are just files.
    """

    def __init__(self, root: Path, runtime: Path, count: int = 2, options: EdgeOptions | None = None) -> None:
        options = options or EdgeOptions()
        processes = [
            EngineProcess(
                name=f"memory-{number}",
                module=_MODULE,
                home=root / "workers" / str(number),
                sockets=runtime / "memory",
                arguments=(str(root), options.to_json()),
            )
            for number in range(1, count + 1)
        ]
        super().__init__(processes)

    @property
    def sockets(self) -> Sequence[Path]:
        """Where they listen, in the order that `EdgeContexts` needs."""
        return [process.socket for process in self.processes]
