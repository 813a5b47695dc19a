"""A process that reads one user's chats and can be killed: it answers some questions, then never again.

Run as a program with `{"databases": [url], "user_id": n, "answers": n}` on stdin; a line "asked" for each question.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import orjson
from sqlalchemy.engine import make_url

from artel.store.shards import Shards
from tests.support.reading import Asked, Desk, plain_answer


async def main() -> None:
    """Reads until it is killed."""
    setup = orjson.loads(sys.stdin.buffer.readline())
    shards = Shards([make_url(url) for url in setup["databases"]])
    await shards.start()
    left: int = setup["answers"]

    async def answer(asked: Asked) -> Any:
        nonlocal left
        print("asked", flush=True)
        left -= 1
        if left < 0:
            await asyncio.Event().wait()
        return plain_answer(asked)

    await Desk(shards, answer).reader().read(setup["user_id"])


if __name__ == "__main__":
    asyncio.run(main())
