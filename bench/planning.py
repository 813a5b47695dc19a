"""What planning takes beyond the model's own time: from the message's POST to the plan that waits for approval.

python -m bench.planning [--quick]

The scripted planner answers at once, with a plan of seven tasks, so what remains is Artel's own: the message stored and
seated, the team read, the model asked over HTTP, the plan checked, estimated from fifty finished tasks of each agent,
stored with its approval, and told. The scripted model's own part of it is about a millisecond.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import Any

import uvloop

from bench.client import Account
from bench.report import keep
from bench.stage import Stage, open_stage
from bench.subject import artel
from tests.support.plans import PLANNER, plan, request, task

_GRAPH = plan(
    task("t1"),
    task("t2"),
    task("t3", "t1"),
    task("t4", "t1", "t2"),
    task("t5", "t3", "t4"),
    task("t6", "t2"),
    task("t7", "t5", "t6"),
)
_HISTORY = 50


class Asker:
    """Somebody who asks for plans and hears of them."""

    def __init__(self, account: Account, chats: list[int]) -> None:
        self._account = account
        self._chats = chats
        self._asked: asyncio.Future[float] | None = None

    async def connect(self) -> None:
        """Begins to listen."""
        await self._account.connect(self._hear)

    def _hear(self, block: bytes) -> None:
        over = b'"type":"plan_request"' in block or b'"type":"run_completed"' in block
        if over and self._asked is not None and not self._asked.done():
            self._asked.set_result(time.perf_counter())

    async def ask(self, number: int, content: str) -> float:
        """Milliseconds from the message to the plan (or the whole answer)."""
        self._asked = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        chat = self._chats[number % len(self._chats)]
        await self._account.send(202, "POST", f"/my/chat/{chat}/message/", {"content": content})
        return (await self._asked - begun) * 1e3


async def run(stage: Stage, rounds: int) -> dict[str, Any]:
    """Asks for plans, one after the other."""
    async with artel(stage, people=1, chats=20) as subject:
        [person] = subject.people
        account = Account(subject.address, person.token)
        asker = Asker(account, list(person.chats))
        await asker.connect()
        for number in range(_HISTORY):
            await asker.ask(number, "@coder [[answer tokens=60]]")
        await account.send(200, "PUT", "/my/orchestrators/", {"model": PLANNER})
        for number in range(5):
            await asker.ask(number, request(_GRAPH))
        taken = [await asker.ask(number, request(_GRAPH)) for number in range(rounds)]
    ordered = sorted(taken)
    return {
        "plans": rounds,
        "median_ms": round(statistics.median(taken), 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        "promise_ms": 50,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds, nothing written")
    quick: bool = parser.parse_args().quick
    with open_stage() as stage:
        found = uvloop.run(run(stage, 20 if quick else 200))
    keep("planning", found, kept=not quick)


if __name__ == "__main__":
    main()
