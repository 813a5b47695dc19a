"""What memory adds to the first text of an answer: the same agent with and without it, in turn, in the same run.

python -m bench.recall_turn            # about three minutes; nothing else should run on the machine
python -m bench.recall_turn --quick    # a minute, nothing written

One server as a user starts it, with everything embedded (its processes share the machine's cores as they do there), and
a scripted model that answers at once. `memories` notes are indexed first; questions are those of `bench/data`.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import uvloop

from bench.client import Account
from bench.machine import ROOT
from bench.processes import child
from bench.report import keep

_MODEL: Final = {"provider": "openai", "name": "answer:tokens=20"}
_WITH, _WITHOUT = "coder", "plain"
_TURNS_A_CHAT: Final = 4
_WARM_UP: Final = 20
_READING_SECONDS: Final = 0.3
"""Before the next question: the exchange before is remembered and indexed meanwhile, as it is where people read."""
_OUTCOME: Final = re.compile(r'^artel_memory_recalls_total\{outcome="(\w+)"\} (\S+)', re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """How much is remembered, and how often everybody asks."""

    memories: int = 2_000
    asks: int = 200
    at_once: Sequence[int] = (1, 4, 10)


BRIEF = Plan(memories=240, asks=60, at_once=(1, 4))


@dataclass
class Speaker:
    """A conversation of its own, with the time from each question to the first text of its answer, in ms."""

    account: Account
    first: dict[str, list[float]] = field(default_factory=lambda: {_WITH: [], _WITHOUT: []})
    _chat: bytes = b""
    _heard: float = 0.0
    _over: asyncio.Future[None] | None = None

    async def talk(self, questions: Iterator[str], asks: int) -> None:
        """Asks both agents in turn."""
        await self.account.connect(self._hear)
        chats: dict[str, int] = {}
        for number, agent in zip(range(2 * asks), itertools.cycle((_WITH, _WITHOUT))):
            if number // 2 % _TURNS_A_CHAT == 0 or agent not in chats:
                made = await self.account.send(201, "POST", "/my/chat/sessions/", {})
                chats[agent] = orjson.loads(made)["id"]
            self.first[agent].append(await self._ask(chats[agent], f"@{agent} {next(questions)}"))
            await asyncio.sleep(_READING_SECONDS)

    async def _ask(self, chat: int, content: str) -> float:
        self._chat, self._heard = b'"session_id":%d,' % chat, 0.0
        self._over = asyncio.get_running_loop().create_future()
        asked = time.perf_counter()
        await self.account.send(202, "POST", f"/my/chat/{chat}/message/", {"content": content})
        async with asyncio.timeout(60):
            await self._over
        return (self._heard - asked) * 1000

    def _hear(self, block: bytes) -> None:
        if self._chat not in block:
            return
        if b'"message_delta"' in block:
            self._heard = self._heard or time.perf_counter()
        elif b'"run_completed"' in block and self._over is not None and not self._over.done():
            self._over.set_result(None)


async def run(address: str, plan: Plan) -> dict[str, Any]:
    """Measures each number of speakers."""
    key = await _settle(address, plan.memories)
    found: dict[str, Any] = {"memories": plan.memories, "promise_ms": 60, "aim_ms": 25}
    questions = itertools.cycle(_column("queries.tsv", 2))
    await Speaker(Account(address, key)).talk(questions, _WARM_UP)
    for count in plan.at_once:
        before = await _outcomes(address)
        speakers = [Speaker(Account(address, key)) for _ in range(count)]
        await asyncio.gather(*(speaker.talk(questions, plan.asks // count) for speaker in speakers))
        ways = {way: [ms for speaker in speakers for ms in speaker.first[way]] for way in (_WITH, _WITHOUT)}
        after = await _outcomes(address)
        found[f"{count}_at_once"] = {
            "with_memory_ms": _spread(ways[_WITH]),
            "without_ms": _spread(ways[_WITHOUT]),
            "added_median_ms": round(statistics.median(ways[_WITH]) - statistics.median(ways[_WITHOUT]), 1),
            "outcomes": {outcome: round(after[outcome] - before.get(outcome, 0)) for outcome in after},
        }
    return found


async def _settle(address: str, memories: int) -> str:
    """An account with both agents and its memories, all of them indexed; answers its API key."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        await _post(http, "/auth/register", {"email": "ann@example.org", "password": "correct horse battery"})
        await _post(http, "/my/agents/", {"name": "Coder", "model": _MODEL, "concurrency_limit": 50})
        plain = {"name": "Plain", "model": _MODEL, "concurrency_limit": 50, "memory": {"recall": False}}
        await _post(http, "/my/agents/", plain)
        texts = itertools.islice(itertools.cycle(_column("memories.tsv", 3)), memories)
        for number, text in enumerate(texts):
            await _post(http, "/my/memory/", {"text": f"{text} ({number // 241})" if number >= 241 else text})
        while (state := (await http.get("/my/memory/state/")).json())["waiting"]:
            print(f"{state['waiting']} of {state['total']} wait", file=sys.stderr, flush=True)
            await asyncio.sleep(2)
        return (await _post(http, "/my/api-keys/", {"name": "bench"}))["key"]


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


async def _outcomes(address: str) -> dict[str, float]:
    async with httpx.AsyncClient(base_url=address) as http:
        text = (await http.get("/metrics")).text
    return {outcome: float(value) for outcome, value in _OUTCOME.findall(text)}


def _column(name: str, column: int) -> list[str]:
    with (ROOT / "bench" / "data" / name).open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _spread(ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(ms)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick: bool = parser.parse_args().quick
    model = child([sys.executable, "-m", "tests.support.model_server"], ready="READY")
    with tempfile.TemporaryDirectory(prefix="artel-bench-") as directory, model as model_server:
        environment = {
            "ARTEL_DATA_DIR": directory,
            "OPENAI_BASE_URL": model_server.address,
            "OPENAI_API_KEY": "bench",
            "ARTEL_REGISTRATION": "open",
            "ARTEL_LOG_LEVEL": "warning",
            "PORT": "0",
        }
        command = [str(Path(sys.executable).with_name("artel")), "serve"]
        with child(command, ready="Artel is ready", environment=environment) as server:
            found = uvloop.run(run(server.address, BRIEF if quick else Plan()))
    keep("recall_turn", found, kept=not quick)


if __name__ == "__main__":
    main()
