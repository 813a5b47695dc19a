"""A mover for tests that kills itself (SIGKILL) at a point of its way; its set-up is a line of JSON on stdin."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import orjson
from sqlalchemy.engine import make_url

from artel.store.engine import PoolSizes
from artel.store.moves.mover import Mover
from artel.store.shards import Shards


async def main(setup: dict[str, Any]) -> None:
    """Moves, as far as it comes."""
    shards = Shards([make_url(url) for url in setup["databases"]], PoolSizes(kept=2))
    await shards.start()

    async def at(point: str) -> None:
        if point == setup["point"]:
            os.kill(os.getpid(), signal.SIGKILL)

    async def tell(user_id: int) -> None:
        del user_id

    await Mover(shards, tell, at=at).move(setup["user_id"], setup["target"])
    await shards.stop()


if __name__ == "__main__":
    asyncio.run(main(orjson.loads(sys.stdin.buffer.read())))
