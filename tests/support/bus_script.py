"""A runner whose tasks say themselves what they do: the user's message is a script, and each step leaves a trace.

Traces and pauses live in Redis, so that a test sees and steers a task in whichever process it runs. That Redis need
not be the one the bus uses: a test may take the bus's away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal, cast
from uuid import UUID

import orjson
from redis.asyncio import Redis

from artel.bus.finish import checkpoint
from artel.bus.model import Answer, Fault, Held, LeaseLost, ModelUse, TaskFailed
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx

PATIENCE_S = 30.0
"""A test that waits longer has failed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a task does."""

    do: Literal["ask", "tool", "answer", "fail", "crash", "unprepared"]
    text: str = ""
    """Of the model's answer, the tool's name, or the failure's code."""
    pause: str | None = None
    """Stop here, in the middle of the step, until `Traces.release`."""
    times: int = 1
    """Pause or fail in this many attempts only; a failure counts failures, a pause counts starts."""
    retryable: bool = True
    cost: str = "0.01"


def ask(text: str, *, pause: str | None = None, times: int = 1) -> Step:
    """A model call that is checkpointed: once paid, never asked again."""
    return Step("ask", text, pause, times)


def tool(name: str, *, pause: str | None = None, times: int = 1) -> Step:
    """A tool call whose result is checkpointed."""
    return Step("tool", name, pause, times)


def answer(text: str, *, pause: str | None = None, times: int = 1) -> Step:
    """The last model call; its text ends the task."""
    return Step("answer", text, pause, times)


def fail(code: str, *, times: int = 1, retryable: bool = True, pause: str | None = None) -> Step:
    """Fails while the task has failed less often than `times`; pauses only in its first start."""
    return Step("fail", code, pause, times, retryable)


def crash() -> Step:
    """An error that nobody thought of."""
    return Step("crash")


def unprepared() -> Step:
    """What the task needs cannot be read: `prepare` itself breaks, every time."""
    return Step("unprepared")


def script(*steps: Step) -> str:
    """The message that makes an agent do this."""
    return orjson.dumps([asdict(step) for step in steps]).decode()


@dataclass(frozen=True, slots=True)
class Trace:
    """What a task did where, in which of its starts."""

    what: str
    worker: str
    epoch: int


class Traces:
    """What tasks did, and the word that lets a paused one go on."""

    def __init__(self, redis: Redis) -> None:
        self._redis = cast(Any, redis)

    async def leave(self, held: Held, what: str) -> None:
        """Notes what a task does."""
        fields = {"what": what, "worker": held.worker, "epoch": held.epoch}
        await self._redis.xadd(_key(held.run_id), fields)

    async def pause(self, held: Held, name: str) -> None:
        """Waits for `release`."""
        await self.leave(held, f"paused {name}")
        async with asyncio.timeout(PATIENCE_S):
            # In short waits: the client takes a server that is silent for long for dead.
            while await self._redis.blpop([f"go:{held.run_id}:{name}"], 2) is None:
                pass

    async def release(self, run_id: UUID, name: str) -> None:
        """Lets one task that paused (or will) go on."""
        await self._redis.rpush(f"go:{run_id}:{name}", "go")

    async def of(self, run_id: UUID) -> list[Trace]:
        """Everything a run did so far."""
        return [_trace(fields) for _id, fields in await self._redis.xrange(_key(run_id))]

    async def whats(self, run_id: UUID) -> list[str]:
        """The same, without where."""
        return [trace.what for trace in await self.of(run_id)]

    async def until(self, run_id: UUID, what: str, *, epoch: int | None = None) -> Trace:
        """The first trace of this kind, as soon as it is there."""
        last = b"0"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                streams = await self._redis.xread({_key(run_id): last}, block=1000)
                entries: list[tuple[bytes, dict[bytes, bytes]]] = streams[0][1] if streams else []
                for number, fields in entries:
                    last = number
                    trace = _trace(fields)
                    if trace.what == what and epoch in (None, trace.epoch):
                        return trace


def _key(run_id: UUID) -> str:
    return f"trace:{run_id}"


def _trace(fields: dict[bytes, bytes]) -> Trace:
    return Trace(fields[b"what"].decode(), fields[b"worker"].decode(), int(fields[b"epoch"]))


Work = Callable[[Held], Awaitable[Answer]]


class ScriptedRunner:
    """Does what the message says. A message that is no script is answered with itself."""

    def __init__(self, shards: Shards, ids: IdMaker, traces: Traces) -> None:
        self._shards = shards
        self._ids = ids
        self._traces = traces

    async def prepare(self, tx: UserTx, held: Held) -> list[Step]:
        """The script: the message of the task's run."""
        content = await tx.fetchval(_CONTENT, tx.user_id, held.run_id)
        steps = [Step(**step) for step in orjson.loads(content)] if content.startswith("[") else [answer(content)]
        if steps[0].do == "unprepared":
            raise RuntimeError("the task cannot be prepared")
        return steps

    async def run(self, held: Held) -> Answer:
        """Step by step, from the last checkpoint on."""
        steps: list[Step] = held.prepared
        done = 0
        if held.history is not None:
            done = held.history[0]["done"]
            held.text.extend(held.history[0]["text"])
        held.use_so_far = lambda: _use(Decimal("0.001"), estimated=True)
        for number, step in enumerate(steps[done:], start=done + 1):
            await self._do(held, step)
            if step.do == "answer":
                return Answer("".join(held.text), _use(Decimal(step.cost)))
            await self._keep(held, number, _use(Decimal(step.cost)) if step.do == "ask" else None)
        return Answer("".join(held.text), None)

    async def _do(self, held: Held, step: Step) -> None:
        match step.do:
            case "ask" | "answer":
                await self._traces.leave(held, f"asked {step.text}")
                half = len(step.text) // 2
                held.text.append(step.text[:half])
                await self._pause(held, step)
                held.text.append(step.text[half:])
            case "tool":
                await self._traces.leave(held, f"tool {step.text}")
                await self._pause(held, step)
            case "fail":
                await self._pause(held, step)
                if held.attempt < step.times:
                    await self._traces.leave(held, f"failed {step.text}")
                    raise TaskFailed(Fault(step.text, "as the script says"), retryable=step.retryable)
            case "crash":
                raise RuntimeError("as the script says")
            case "unprepared":
                raise AssertionError("it was prepared")

    async def _pause(self, held: Held, step: Step) -> None:
        if step.pause is not None and held.epoch <= step.times:
            await self._traces.pause(held, step.pause)

    async def _keep(self, held: Held, done: int, use: ModelUse | None) -> None:
        history = [{"done": done, "text": held.text}]
        try:
            async with self._shards.user_tx(held.user_id) as tx:
                await checkpoint(tx, held, history, use, self._ids.uuid())
        except LeaseLost:
            await self._traces.leave(held, "checkpoint refused")
            raise
        await self._traces.leave(held, f"kept {done}")


def _use(cost: Decimal, *, estimated: bool = False) -> ModelUse:
    return ModelUse("scripted", "model", 10, 5, cost, estimated)


_CONTENT = """
select content from messages where user_id = $1 and run_id = $2 and role = 'user'
"""
