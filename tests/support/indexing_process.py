"""A process that indexes users and dies at a given step of the work, whichever that is.

Run as a program with `{"databases": [url], "sockets": [path], "users": [id], "forget": text}` on stdin. For the n-th
user it makes a child of its own that dies by SIGKILL just after its n-th step: a transaction that was committed, or a
request that the vector store answered. It says "died" or "done" for each on stdout, a line each; the first that lived
is the last.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.engine import make_url

from artel.memory.edge.store import EdgeContexts
from artel.memory.index import Tools
from artel.memory.turn import Turns
from artel.store.shards import Shards
from artel.store.tx import UserTx
from tests.support.embedders import ToyEmbedder
from tests.support.memory import Violations
from tests.support.remembering import READER, all_turns, at_once, encode


class Steps:
    """Counts them, and dies after the last that is granted."""

    def __init__(self, granted: int) -> None:
        self._left = granted

    def take(self) -> None:
        """One more."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalShards:
    """The shards, each transaction a step."""

    def __init__(self, shards: Shards, steps: Steps) -> None:
        self._shards = shards
        self._steps = steps

    @asynccontextmanager
    async def user_tx(self, user_id: int) -> AsyncGenerator[UserTx]:
        async with self._shards.user_tx(user_id) as tx:
            yield tx
        self._steps.take()


class MortalContexts:
    """The contexts, each request a step."""

    def __init__(self, contexts: EdgeContexts, steps: Steps) -> None:
        self._contexts = contexts
        self._steps = steps

    def of(self, user_id: int) -> Any:
        return _Mortal(self._contexts.of(user_id), self._steps)


class _Mortal:
    def __init__(self, context: Any, steps: Steps) -> None:
        self._context = context
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        if name == "user_id":
            return self._context.user_id
        found: Callable[..., Awaitable[Any]] = getattr(self._context, name)

        async def ask(*args: Any, **kwargs: Any) -> Any:
            answer = await found(*args, **kwargs)
            self._steps.take()
            return answer

        return ask


async def live_and_die(setup: dict[str, Any], user_id: int, granted: int) -> None:
    """Indexes what is there, then forgets one thing and indexes that; a minute passes before the purge."""
    steps = Steps(granted)
    real = Shards([make_url(url) for url in setup["databases"]])
    await real.start()
    shards: Any = MortalShards(real, steps)
    contexts: Any = MortalContexts(EdgeContexts(list(map(Path, setup["sockets"])), Violations()), steps)
    tools = Tools(shards, ToyEmbedder(), encode)
    turns = Turns(tools, contexts, f"mortal {granted}", READER, at_once, lambda _: None)
    await all_turns(turns, user_id)
    async with shards.user_tx(user_id) as tx:
        await tx.execute("delete from memories where user_id = $1 and text = $2", user_id, setup["forget"])
    turns.now = lambda: datetime.now(UTC) + timedelta(minutes=5)
    await all_turns(turns, user_id)


def main() -> None:
    """A child for each user."""
    setup = orjson.loads(sys.stdin.buffer.readline())
    users: Sequence[int] = setup["users"]
    for granted, user_id in enumerate(users, start=1):
        child = os.fork()
        if child == 0:
            asyncio.run(live_and_die(setup, user_id, granted))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("died" if os.WIFSIGNALED(status) else "done" if status == 0 else "failed", flush=True)
        if not os.WIFSIGNALED(status):
            break


if __name__ == "__main__":
    main()
